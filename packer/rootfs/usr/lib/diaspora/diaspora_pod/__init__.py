"""The pod's boot program: settings and secrets become files, a database and a running pod."""
