"""The fault layer: AWS's own rules, and its bad days, in front of an emulator that has neither."""
