"""The event loop of the request simulator, compiled: state as arrays, and functions that change it in place."""
