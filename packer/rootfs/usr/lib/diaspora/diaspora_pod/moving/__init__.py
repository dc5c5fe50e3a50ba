"""What carries a pod from one machine to another."""
