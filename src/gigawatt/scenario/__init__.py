"""What is asked: the complete question, read from a file and checked, with every name resolved."""
