"""A first look at a plan: in seconds, lawful, and with the most that any plan could be worth."""
