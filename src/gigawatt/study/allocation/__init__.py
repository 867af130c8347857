"""Who gets the compute: a capacity divided among classes of work, and what the next gigawatt is worth."""
