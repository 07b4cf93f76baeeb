"""What the composite actions in .github/actions do, with the standard library alone."""
