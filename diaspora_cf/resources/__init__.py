"""What a stack is made of: a module per group of resources, which adds what it is asked for."""
