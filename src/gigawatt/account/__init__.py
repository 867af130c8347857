"""What a plan costs and earns: costs, statements and metrics, from lines that the plan carries."""
