"""The machine that the pod is: how it starts, what it is told, what it may do, and who gets in."""
