"""A new person's row, and how long somebody stays signed in."""

from datetime import timedelta

from allauth.utils import generate_unique_username
from django.conf import settings
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.utils import timezone


def new_person(name: str) -> User:
    """Somebody who signs in elsewhere, under a name of their own that is like `name`."""
    person = User(username=generate_unique_username([name, "person"]))
    person.set_unusable_password()
    person.save()
    return person


def end_at(request: HttpRequest) -> None:
    """A session ends some hours after the sign-in, not after the last click."""
    request.session.set_expiry(timezone.now() + timedelta(seconds=settings.SESSION_COOKIE_AGE))
