"""Edaha's settings with the middleware that `django-admin startproject` writes."""

from dashboard.settings import *  # noqa: F403

ROOT_URLCONF = "bench.plain.views"
ASGI_APPLICATION = "bench.plain.asgi.application"
# It asks for a middleware of its own.
INSTALLED_APPS = [name for name in INSTALLED_APPS if not name.startswith("allauth")]  # noqa: F405
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
