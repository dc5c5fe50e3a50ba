"""What pages say of a stack that nobody types: pictures, tables and lists."""
