"""What a machine would do, from what the catalog knows of it."""
