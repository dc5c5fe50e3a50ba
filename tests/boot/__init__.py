"""The boot program, taken from the tree that the image is made of: nothing is left behind in it."""

import sys

sys.dont_write_bytecode = True
