"""What a scenario asks, before anything is solved."""
