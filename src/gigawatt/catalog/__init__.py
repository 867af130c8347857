"""What is known: a file for each machine, model, site and contract; every number with its source and grade."""
