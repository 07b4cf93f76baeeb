"""What a failure is, and which line of the log tells it. Pure: text in, plain values out.

An error that Edaha raises knows its cause mostly; here is what has to be recognised.
"""

from .causing import Diagnosis, diagnose
from .details import Details, details
from .lines import Line, first_error
from .listening import Listening, listening
from .places import place_in_dockerfile
from .words import Words, words

__all__ = [
    "Details",
    "Diagnosis",
    "Line",
    "Listening",
    "Words",
    "details",
    "diagnose",
    "first_error",
    "listening",
    "place_in_dockerfile",
    "words",
]
