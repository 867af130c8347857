"""Two results set against each other."""
