"""The pages of administrators: people, tokens, and who did what."""
