"""Serving: steady state, lawful layouts, the best of them, drafts, two pools, power."""
