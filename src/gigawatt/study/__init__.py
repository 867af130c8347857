"""The questions, one module each; every one returns a Result or plain figures."""
