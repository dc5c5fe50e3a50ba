"""AWS's part, and the visitors': what the pod talks to, played by us."""
