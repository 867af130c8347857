"""The plan becomes quotas of a scheduler, and the books become rows of a bill."""
