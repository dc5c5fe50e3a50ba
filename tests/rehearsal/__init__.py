"""The pod, really run: baked by Packer, booted by systemd, with AWS's part played around it."""
