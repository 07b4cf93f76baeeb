"""Django's settings, made from `deployments.config.Config`, which reads the environment once."""

import sys
from pathlib import Path
from urllib.parse import urlsplit

import dj_database_url
import structlog
from csp.constants import NONE, SELF
from pydantic import ValidationError

from dashboard.signin import configuring
from deployments.config import Config

BASE_DIR = Path(__file__).resolve().parent.parent

try:
    EDAHA = Config()
except ValidationError as problem:
    lines = [f"EDAHA_{'_'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in problem.errors()]
    sys.exit("Settings are wrong or missing:\n  " + "\n  ".join(lines))

_BASE = urlsplit(EDAHA.base_url)
_SECURE = _BASE.scheme == "https"

SECRET_KEY = EDAHA.secret_key
DEBUG = EDAHA.debug
ALLOWED_HOSTS = [_BASE.hostname or "localhost", "localhost", "127.0.0.1", *EDAHA.allowed_hosts]
ROOT_URLCONF = "dashboard.urls"
ASGI_APPLICATION = "dashboard.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django_htmx",
    "csp",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.github",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.mfa",
    "deployments",
    "dashboard",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "dashboard.compression.CompressionMiddleware",
    "csp.middleware.CSPMiddleware",
    # Below WhiteNoise: static files are nobody's own, and may be kept.
    "dashboard.hardening.HeadersMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "dashboard.accounts.OriginMiddleware",
    "dashboard.signin.headers.HeaderSignInMiddleware",
    "dashboard.accounts.SignInMiddleware",
    "dashboard.accounts.LanguageMiddleware",
    "dashboard.signin.second_factor.SecondFactorMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
            ]
        },
    }
]

DATABASES = {
    "default": dj_database_url.parse(
        EDAHA.database_url or f"sqlite:///{(EDAHA.data / 'edaha.sqlite3').absolute()}",
        # After a restart of PostgreSQL, each connection in the pool would fail somebody once.
        conn_health_checks=True,
    )
}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # IMMEDIATE: a transaction that reads first and writes later would otherwise fail at once
    # when another process has written in between, however long the time-out is.
    DATABASES["default"]["OPTIONS"] = {
        "timeout": 20,
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
    DATABASES["default"].setdefault("TEST", {})["NAME"] = EDAHA.data / "test.sqlite3"
elif EDAHA.database_pool:
    DATABASES["default"]["OPTIONS"] = {"pool": {"min_size": 1, "max_size": EDAHA.database_pool}}

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("ja", "日本語")]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = EDAHA.static_root
WHITENOISE_USE_FINDERS = EDAHA.static_root is None
_STATIC = (
    "whitenoise.storage.CompressedManifestStaticFilesStorage"
    if EDAHA.static_root
    else "django.contrib.staticfiles.storage.StaticFilesStorage"
)
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": _STATIC},
}

# Limits on guessing must hold across processes, and when Redis is away as well.
CACHES = {
    "default": {
        "BACKEND": "deployments.adapters.cache.Cache",
        "LOCATION": EDAHA.redis_url,
        "KEY_PREFIX": f"{EDAHA.installation}:cache",
    }
}

AUTHENTICATION_BACKENDS = ["dashboard.accounts.Backend"]
LOGIN_URL = "sign_in"
LOGIN_REDIRECT_URL = "branches"
LOGOUT_REDIRECT_URL = "sign_in"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("MinimumLengthValidator", "CommonPasswordValidator", "NumericPasswordValidator")
]

ACCOUNT_ADAPTER = "dashboard.signin.adapters.AccountAdapter"
ACCOUNT_FORMS = {"login": "dashboard.signin.forms.SignInForm"}
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_NOTIFICATIONS = False
# An address says nothing about who somebody is: two people may share one.
ACCOUNT_UNIQUE_EMAIL = False
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_CHANGE_EMAIL = False
ACCOUNT_RATE_LIMITS = {
    "login": "120/m/ip",
    "login_failed": "20/m/ip,5/5m/key",
    "reauthenticate": "10/m/user",
    "change_password": "5/m/user",  # nosec B105 (how often, and no password)
}
SOCIALACCOUNT_ADAPTER = "dashboard.signin.adapters.SocialAdapter"
SOCIALACCOUNT_AUTO_SIGNUP = True
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False
SOCIALACCOUNT_EMAIL_REQUIRED = False
SOCIALACCOUNT_LOGIN_ON_GET = False
SOCIALACCOUNT_QUERY_EMAIL = True
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_PROVIDERS = configuring.providers(EDAHA)
MFA_ADAPTER = "dashboard.signin.adapters.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_TOTP_ISSUER = f"Edaha ({_BASE.hostname})"
if EDAHA.behind_proxy:
    ALLAUTH_TRUSTED_PROXY_COUNT = 1

SESSION_COOKIE_AGE = EDAHA.session_hours * 3600
SESSION_COOKIE_NAME = "__Host-session" if _SECURE else "session"
CSRF_COOKIE_NAME = "__Host-csrftoken" if _SECURE else "csrftoken"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _SECURE
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
CSRF_TRUSTED_ORIGINS = [f"{_BASE.scheme}://{_BASE.netloc}"]
SECURE_HSTS_SECONDS = 31536000 if _SECURE else 0
# A preview domain beneath the dashboard's host may be without TLS; no other is.
SECURE_HSTS_INCLUDE_SUBDOMAINS = _SECURE and EDAHA.preview_scheme == "https"
# W008: whoever ends TLS in front redirects; the router's gate and health checks ask without TLS.
# W021: the preload list is for whole domains, which are not this application's to say.
SILENCED_SYSTEM_CHECKS = ["security.W008", "security.W021"]
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if EDAHA.behind_proxy:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = _SECURE
# The router and load balancers ask from inside, without TLS.
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^router/"]
# Other hosts of the domain are not Edaha's to decide about; without a proxy nobody speaks TLS.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:", "https://avatars.githubusercontent.com"],
        "connect-src": [SELF],
        # Chromium counts the way from a form to an identity provider as well.
        "form-action": [SELF, *configuring.origins(EDAHA)],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "object-src": [NONE],
    }
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {
            "()": structlog.stdlib.ProcessorFormatter,
            "processors": [
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
            "foreign_pre_chain": [
                structlog.stdlib.add_log_level,
                structlog.stdlib.add_logger_name,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
            ],
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["console"], "level": EDAHA.log_level},
    "loggers": {
        name: {"level": "WARNING"}
        # A line for every AWS call, probe and tick would bury what matters.
        for name in ("botocore", "httpx", "celery.worker.strategy", "celery.app.trace")
    },
}
structlog.configure(
    processors=[
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
    cache_logger_on_first_use=True,
)
