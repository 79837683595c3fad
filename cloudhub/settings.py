"""Settings. What differs between installations comes from the environment or `.env`; the environment wins."""

import os
from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

from cloudhub.secret_files import HUB_SECRETS, read_secret_files

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
_real_names = frozenset(os.environ)
ENV_FILE = os.environ.get("CLOUDHUB_ENV_FILE", str(BASE_DIR / ".env"))
if ENV_FILE and Path(ENV_FILE).is_file():
    env.read_env(ENV_FILE)
# The names that only `.env` brought, to say where a key comes from.
FROM_ENV_FILE = frozenset(os.environ) - _real_names
read_secret_files(HUB_SECRETS)

DATA_DIR = Path(env.str("CLOUDHUB_DATA_DIR", default="") or BASE_DIR / "data").resolve()
HUB_HOST = env.str("HUB_HOST", default="127.0.0.1")
HUB_PORT = env.int("HUB_PORT", default=9090)
HUB_HTTPS = env.bool("HUB_HTTPS", default=False)
HUB_TRUSTED_PROXY = env.str("HUB_TRUSTED_PROXY", default="127.0.0.1")
OWNER_EMAIL = env.str("OWNER_EMAIL", default="owner@localhost")
OWNER_PASSWORD = env.str("OWNER_PASSWORD", default="")

SECRET_KEY = env.str("SECRET_KEY", default="")
if not SECRET_KEY:
    raise ImproperlyConfigured("SECRET_KEY is not set. Start with `python3 hub.py run`, which writes one into .env.")
# The keys that vendors' keys are encrypted with in the database, the newest first; `vault.envelope` reads them.
CLOUDHUB_ENCRYPTION_KEYS = env.str("CLOUDHUB_ENCRYPTION_KEYS", default="")
DEBUG = env.bool("DEBUG", default=False)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]", HUB_HOST])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

# The hub's own working limits.
CALL_THREADS = env.int("HUB_CALL_THREADS", default=256)
WEB_THREADS = env.int("HUB_WEB_THREADS", default=96)
WAITING_REQUESTS = env.int("HUB_WAITING_REQUESTS", default=WEB_THREADS * 2 // 3)
LEASE_SECONDS = env.int("HUB_LEASE_SECONDS", default=60)
GENERATION_SECONDS = env.int("HUB_GENERATION_SECONDS", default=900)
# What one person or one hub key may ask for in a minute.
ESTIMATES_A_MINUTE = env.int("HUB_ESTIMATES_A_MINUTE", default=240)
CHECKS_A_MINUTE = env.int("HUB_CHECKS_A_MINUTE", default=10)
UPLOADS_A_MINUTE = env.int("HUB_UPLOADS_A_MINUTE", default=120)
MOST_UPLOAD_BYTES = env.int("HUB_MOST_UPLOAD_BYTES", default=25 * 1024 * 1024)

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_htmx",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "cloudhub.accounts",
    "cloudhub.vault",
    "cloudhub.catalog",
    "cloudhub.billing",
    "cloudhub.lanes",
    "cloudhub.generations",
    "cloudhub.records",
    "cloudhub.health",
    "cloudhub.web",
    "cloudhub.api",
    "providers.emulation",
    "providers.practice",
    "providers.gemini",
    "providers.imagen",
    "providers.openai",
    "providers.stability",
    "providers.bfl",
    "providers.ideogram",
    "providers.recraft",
    "providers.xai",
    "providers.replicate",
    "providers.fal",
    "providers.together",
    "providers.bedrock",
    "providers.runpod",
    "providers.firefly",
    "providers.compatible",
    "providers.automatic1111",
    "providers.comfyui",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "cloudhub.web.middleware.ContentSecurityPolicy",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "cloudhub.web.sign_in.middleware.SignedIn",
]

ROOT_URLCONF = "cloudhub.urls"
WSGI_APPLICATION = "cloudhub.wsgi.application"
APPEND_SLASH = True
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]


def _database() -> dict[str, Any]:
    """SQLite in the data folder, or what DATABASE_URL names. Held and sent survive power loss: synchronous FULL."""
    url = env.str("DATABASE_URL", default="")
    if url:
        database: dict[str, Any] = dict(env.db_url_config(url))
    else:
        database = {"ENGINE": "django.db.backends.sqlite3", "NAME": DATA_DIR / "cloudhub.sqlite3"}
    if database["ENGINE"].endswith("sqlite3"):
        database["OPTIONS"] = {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            # Recursive triggers make INSERT OR REPLACE meet the ledger's guard as a DELETE does.
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA recursive_triggers=ON;",
        }
    else:
        database["OPTIONS"] = {"pool": {"min_size": 2, "max_size": 16, "timeout": 30}}
    database["ATOMIC_REQUESTS"] = False
    return database


DATABASES = {"default": _database()}
# Shared by all processes where CACHE_URL names a server; else each process has its own.
CACHES = {"default": env.cache_url("CACHE_URL", default="locmemcache://")}
if CACHES["default"]["BACKEND"].endswith("LocMemCache"):
    CACHES["default"]["OPTIONS"] = {"MAX_ENTRIES": 100_000}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "accounts.User"
LOGIN_URL = "/login/"
LOGIN_REDIRECT_URL = "/"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

# Signing in is django-allauth's; cloudhub/web/sign_in fits it in. Django's own backend finds people by e-mail in any
# case and refuses those who are deactivated, in the same time and words as those who do not exist.
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
ACCOUNT_ADAPTER = "cloudhub.web.sign_in.adapters.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if HUB_HTTPS else "http"
ACCOUNT_FORMS = {"reset_password": "cloudhub.web.sign_in.forms.ResetPasswordForm"}
# Tries from one network address, and failures for one account; CACHE_URL makes all processes count together.
ACCOUNT_RATE_LIMITS = {"login": "60/m/ip", "login_failed": "30/m/ip,10/5m/key", "reset_password": "20/m/ip,3/5m/key"}
PASSWORD_RESET_TIMEOUT = 3600
MFA_ADAPTER = "cloudhub.web.sign_in.adapters.SecondFactorAdapter"
MFA_FORMS = {"authenticate": "cloudhub.web.sign_in.forms.SecondFactorForm"}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_TOTP_ISSUER = "CloudHub"
MFA_TOTP_TOLERANCE = 1
# "owner": owners of the hub and of teams; "everyone"; empty: who likes.
REQUIRE_SECOND_FACTOR = env.str("HUB_REQUIRE_SECOND_FACTOR", default="")
if REQUIRE_SECOND_FACTOR not in ("", "owner", "everyone"):
    raise ImproperlyConfigured("HUB_REQUIRE_SECOND_FACTOR is owner, everyone or empty.")

# Single sign-on with one OpenID Connect provider; accounts/single_sign_on.py says who comes in. Nobody signs up alone.
OIDC_NAME = env.str("OIDC_NAME", default="") or "single sign-on"
OIDC_SERVER_URL = env.str("OIDC_SERVER_URL", default="")
OIDC_TEAM = env.str("OIDC_TEAM", default="")
OIDC_EMAIL_DOMAINS = env.list("OIDC_EMAIL_DOMAINS", default=[])
SOCIALACCOUNT_ADAPTER = "cloudhub.web.sign_in.adapters.SingleSignOnAdapter"
# The form of the sign-in page may not lead to another host (its CSP), so a link does.
# Connecting an account takes a form all the same (web/sign_in/connecting.py).
SOCIALACCOUNT_LOGIN_ON_GET = True
SOCIALACCOUNT_PROVIDERS = {
    "openid_connect": {
        "OAUTH_PKCE_ENABLED": True,
        "APPS": [
            {
                "provider_id": "hub",
                "name": OIDC_NAME,
                "client_id": env.str("OIDC_CLIENT_ID", default=""),
                "secret": env.str("OIDC_CLIENT_SECRET", default=""),
                "settings": {"server_url": OIDC_SERVER_URL},
            }
        ]
        if OIDC_SERVER_URL
        else [],
    }
}

# Without a mail server links of invitations are handed over by hand, and passwords are not reset by mail.
EMAIL_URL = env.str("EMAIL_URL", default="")
EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
if EMAIL_URL:
    vars().update(env.email_url("EMAIL_URL"))
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.str("EMAIL_FROM", default="") or f"CloudHub <cloudhub@{HUB_HOST}>"
ACCOUNT_EMAIL_NOTIFICATIONS = bool(EMAIL_URL)

LANGUAGE_CODE = "en-us"
TIME_ZONE = env.str("TIME_ZONE", default="UTC")
USE_I18N = False
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "cloudhub.web.static_files.PackedStaticFiles"},
}

DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * MOST_UPLOAD_BYTES
# A form of the pages has some dozens of fields, one of the admin site a few hundred.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1000
DATA_UPLOAD_MAX_NUMBER_FILES = 100
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = HUB_HTTPS
CSRF_COOKIE_SECURE = HUB_HTTPS
SECURE_SSL_REDIRECT = HUB_HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HUB_HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HUB_HTTPS
SECURE_HSTS_PRELOAD = HUB_HTTPS
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["cloudhub.api.authentication.HubKeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "cloudhub.api.errors.answer_error",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "CloudHub",
    "DESCRIPTION": "A team's hub for image generation with cloud models.",
    "VERSION": "1.0.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
}

# Every record of every logger loses its secrets there.
LOGGING_CONFIG = "cloudhub.core.redaction.configure_logging"
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
    "loggers": {
        # httpx writes every URL at INFO, and waitress warns of each queued request: neither helps a person.
        "httpx": {"level": "WARNING"},
        "waitress.queue": {"level": "ERROR"},
        # One way out for all: Django's own would mail tracebacks, and print some lines past the root.
        "django": {"handlers": [], "propagate": True},
        "django.server": {"handlers": [], "propagate": True},
    },
}
