"""Repositories in the browser: a list, a guided form, checks, and the webhook to set up."""
