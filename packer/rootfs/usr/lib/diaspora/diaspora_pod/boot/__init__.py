"""What happens at every boot of the pod, step by step."""
