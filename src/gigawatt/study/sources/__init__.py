"""Where the numbers of a scenario come from."""
