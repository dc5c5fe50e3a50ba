"""Tests of packer/: what can be proved of the image without building it."""
