"""Doors for people and programs: each parses, calls one verb of study or ledger, and prints or reports."""
