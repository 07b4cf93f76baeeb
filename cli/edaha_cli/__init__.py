"""The `edaha` command: previews from the terminal, by Edaha's API."""
