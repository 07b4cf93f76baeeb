"""Measurements that a reader can repeat: `bin/bench`."""
