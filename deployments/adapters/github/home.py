"""Which repositories are on the GitHub that the settings name."""

from ...homes import is_on_github as is_home_of

__all__ = ["is_home_of"]
