"""Bugs that other systems had, put into Edaha one at a time: each is noticed by some test."""
