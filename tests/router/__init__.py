"""The router's configuration, run by a real nginx."""
