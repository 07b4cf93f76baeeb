"""The embedded cloud: its parts alone, and bin/up's refusals."""
