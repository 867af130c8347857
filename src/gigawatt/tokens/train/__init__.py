"""Training: one step, lawful layouts, memory, network, goodput, whole runs."""
