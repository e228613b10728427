"""Django's settings, made from the typed environment."""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pghistory
import pgtrigger
from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from rapport.kernel.database import database_settings
from rapport.kernel.environment import environment, secret_key
from rapport.kernel.history.trackers import EveryChange
from rapport.kernel.logs import logging_settings
from rapport.kernel.mail.settings import anymail_settings, mail_settings

ENVIRONMENT = environment()
PACKAGE = Path(__file__).resolve().parent.parent

DEBUG = ENVIRONMENT.debug
SECRET_KEY = secret_key(ENVIRONMENT)
_host = urlsplit(ENVIRONMENT.base_url)
ALLOWED_HOSTS = ENVIRONMENT.allowed_hosts or [
    _host.hostname or "127.0.0.1",
    "127.0.0.1",
    "localhost",
    "[::1]",
]
CSRF_TRUSTED_ORIGINS = [ENVIRONMENT.base_url]
SECURE = _host.scheme == "https"

ROOMS = ["catalog", "accounts", "signals", "listening", "insight", "action"]
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    *(["allauth.socialaccount.providers.saml"] if ENVIRONMENT.saml_metadata_url else []),
    "csp",
    "django_htmx",
    "pgtrigger",
    "pghistory",
    "procrastinate.contrib.django",
    "template_partials",
    "rapport.kernel",
    "rapport.ui",
    *(f"rapport.rooms.{room}" for room in ROOMS),
    "rapport.connectors.imports",
    "rapport.connectors.exports",
    "rapport.connectors.surveys",
    "rapport.config",
]

MIDDLEWARE = [
    "rapport.kernel.middleware.request_context",
    "rapport.kernel.middleware.probes",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "rapport.kernel.middleware.reader",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "pghistory.middleware.HistoryMiddleware",
]
ROOT_URLCONF = "rapport.config.urls"
WSGI_APPLICATION = "rapport.config.wsgi.application"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [PACKAGE / "ui" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "rapport.ui.context.shell",
            ],
            "builtins": ["django.templatetags.i18n", "django.templatetags.static"],
        },
    }
]
FORM_RENDERER = "rapport.ui.forms.Renderer"

DATABASES = {"default": database_settings(ENVIRONMENT)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# Triggers are brought up to date after migrating: as steps of migrations they made migrating
# twice as slow, and a step was needed whenever the library words a trigger differently.
PGTRIGGER_MIGRATIONS = False
PGTRIGGER_INSTALL_ON_MIGRATE = True
PGHISTORY_DEFAULT_TRACKERS = EveryChange()
# One event query a statement, and no index on what nobody looks events up by: 20,000 new people in one
# statement cost 1.6 s instead of 11 with a trigger for each row (1.4 s without history).
PGHISTORY_LEVEL = pgtrigger.Statement
PGHISTORY_FOREIGN_KEY_FIELD = pghistory.ForeignKey(db_index=False)
PGHISTORY_OBJ_FIELD = pghistory.ObjForeignKey(db_index=True)
PGHISTORY_CONTEXT_FIELD = pghistory.ContextForeignKey(db_index=True)
PGHISTORY_MIDDLEWARE_METHODS = ("POST", "PUT", "PATCH", "DELETE")

AUTH_USER_MODEL = "kernel.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "rapport.kernel.sign_in.AccountAdapter"
SOCIALACCOUNT_ADAPTER = "rapport.kernel.sign_in.SocialAccountAdapter"
MFA_ADAPTER = "rapport.kernel.sign_in.MfaAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_LOGOUT_REDIRECT_URL = "/"
# Whose address counts: with one proxy in front, what it saw; otherwise what we see.
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if ENVIRONMENT.behind_proxy else 0
PASSWORD_RESET_TIMEOUT = 24 * 3600
ACCOUNT_SESSION_REMEMBER = None
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not SECURE
MFA_TOTP_ISSUER = "Rapport"
SOCIALACCOUNT_EMAIL_AUTHENTICATION = True
SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True
SOCIALACCOUNT_ONLY = False
SOCIALACCOUNT_PROVIDERS: dict[str, Any] = {}
if ENVIRONMENT.oidc_server:
    SOCIALACCOUNT_PROVIDERS["openid_connect"] = {
        "OAUTH_PKCE_ENABLED": True,
        # Many company directories send no email_verified although nobody can choose an address there.
        "VERIFIED_EMAIL": ENVIRONMENT.oidc_trust_addresses,
        "APPS": [
            {
                "provider_id": "company",
                "name": ENVIRONMENT.oidc_name,
                "client_id": ENVIRONMENT.oidc_client_id,
                "secret": ENVIRONMENT.read_secret("oidc_client_secret") or "",
                "settings": {"server_url": ENVIRONMENT.oidc_server, "oauth_pkce_enabled": True},
            }
        ],
    }
if ENVIRONMENT.saml_metadata_url:
    SOCIALACCOUNT_PROVIDERS["saml"] = {
        "APPS": [
            {
                "provider_id": "saml",
                "name": ENVIRONMENT.oidc_name,
                "client_id": "company",
                "settings": {
                    "idp": {
                        "entity_id": ENVIRONMENT.saml_entity_id,
                        "metadata_url": ENVIRONMENT.saml_metadata_url,
                    },
                    # The operator trusts this directory; nobody chooses an address there.
                    "verified_email": True,
                },
            }
        ]
    }

SESSION_COOKIE_AGE = ENVIRONMENT.session_hours * 3600
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "rapport.ui.errors.csrf_failure"
SECURE_HSTS_SECONDS = 31_536_000 if SECURE else 0
SECURE_REFERRER_POLICY = "same-origin"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if ENVIRONMENT.behind_proxy else None
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        # Browsers hold the redirect after a form against this too, so company sign-on needs its origin.
        "form-action": [SELF, *ENVIRONMENT.sign_on_origins],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}

LANGUAGE_CODE = ENVIRONMENT.language
LANGUAGES = [("en", _("English")), ("de", _("German")), ("fr", _("French")), ("nl", _("Dutch"))]
USE_TZ = True
TIME_ZONE = "UTC"
USE_THOUSAND_SEPARATOR = False
LOCALE_PATHS = [PACKAGE / "locale"]

STATIC_URL = "static/"
STATIC_ROOT = ENVIRONMENT.data_dir / "static"
STATIC_ROOT.mkdir(parents=True, exist_ok=True)
WHITENOISE_USE_FINDERS = True
WHITENOISE_MAX_AGE = 3600
MEDIA_ROOT = ENVIRONMENT.data_dir / "files"
# Columnar facts: a folder every process of this installation reads.
FACTS_ROOT = ENVIRONMENT.data_dir / "facts"
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 2**20
# Shared by all processes, so that ten wrong passwords are ten, whoever answers. A migration makes the table.
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "kernel_cache"},
    "process": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
}

_mail = mail_settings(ENVIRONMENT)
EMAIL_BACKEND = _mail.backend
EMAIL_HOST = _mail.host
EMAIL_PORT = _mail.port
EMAIL_HOST_USER = _mail.user
EMAIL_HOST_PASSWORD = _mail.password
EMAIL_USE_TLS = _mail.starttls
EMAIL_USE_SSL = _mail.tls
EMAIL_TIMEOUT = 20
EMAIL_FILE_PATH = _mail.folder
DEFAULT_FROM_EMAIL = SERVER_EMAIL = ENVIRONMENT.mail_from

ANYMAIL = anymail_settings(ENVIRONMENT)

LOGGING_CONFIG = None
LOGGING = logging_settings(ENVIRONMENT.log_level)

SILENCED_SYSTEM_CHECKS: list[str] = []
