"""Attacks that worked on other systems, tried on this one: a file for each row of the threats.

A test is named after the advisory that its attack comes from. SECURITY.md lists them.
"""
