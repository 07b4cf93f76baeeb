"""Commands in comments on pull requests.

hearing ─ which comments are obeyed        parsing ─ what they say
doing ─── the verbs, as buttons do them    answers ─ what their author sees
obeying ─ one comment, from its delivery to its answer
"""

from .obeying import obey

__all__ = ["obey"]
