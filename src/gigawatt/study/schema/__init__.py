"""What a file or a question may hold, as JSON Schema."""
