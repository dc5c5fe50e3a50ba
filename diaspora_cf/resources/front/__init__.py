"""What stands between the internet and the pod: certificate, front, and the domain's records."""
