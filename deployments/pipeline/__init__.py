"""One way through: build → release → verify → live; and clean → destroy at the end.

Each step is called with a row's id, claims what it works on, and may be killed at any moment:
whoever is called next goes on from what stands in the database.
"""
