"""Requests replayed on a pod of engines, one by one: what users wait for, what holds the limits, what it costs."""
