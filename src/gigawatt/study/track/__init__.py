"""A plan against what really happened, and the plan of what is left."""
