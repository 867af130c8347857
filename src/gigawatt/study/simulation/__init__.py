"""What happens to a plan: lived through hour by hour, and through events of the grid that were asked about."""
