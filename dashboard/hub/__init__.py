"""The page “GitHub”: an App is set up by a manifest, and shown with what it reaches."""
