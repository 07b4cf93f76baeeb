"""What events missed: each second by rows alone, each few minutes with git, GitHub and AWS."""

from .tick import tick

__all__ = ["tick"]
