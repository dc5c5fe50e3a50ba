"""What the commands of a podmin do: look, ask, and help."""
