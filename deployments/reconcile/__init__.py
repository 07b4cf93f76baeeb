"""What events missed: each second by rows alone, each few minutes with git, GitHub and AWS."""

from .full import ask, carry_out, reconcile
from .polling import poll
from .tick import tick

__all__ = ["ask", "carry_out", "poll", "reconcile", "tick"]
