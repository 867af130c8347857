"""One document for each answer."""
