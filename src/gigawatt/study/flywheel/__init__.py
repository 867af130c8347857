"""The flywheel: compute, capability, users, revenue, capital, compute; held against the past, and to a plan."""
