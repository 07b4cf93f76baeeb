"""What events missed: each second by rows alone, each few minutes with git, GitHub and AWS."""

from .asking import ask
from .tick import tick

__all__ = ["ask", "tick"]
