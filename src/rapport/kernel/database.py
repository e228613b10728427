"""Where PostgreSQL is: one's own by DATABASE_URL, or the embedded server of the data folder."""

from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from rapport.kernel.embedded import recorded_connection
from rapport.kernel.environment import Environment, SettingsError


def database_url(environment: Environment) -> str | None:
    """Return the address of the database, or None when neither is there yet."""
    given = environment.read_secret("database_url")
    if given:
        return given
    recorded = recorded_connection(environment.data_dir)
    return recorded.url if recorded else None


def database_settings(environment: Environment) -> dict[str, Any]:
    """Return Django's settings for the database."""
    url = database_url(environment)
    return parse_url(url) if url else {"ENGINE": "django.db.backends.postgresql", "NAME": "rapport"}


def parse_url(url: str) -> dict[str, Any]:
    """Turn a `postgresql://` address into Django's settings; raise SettingsError on any other."""
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise SettingsError(
            "DATABASE_URL must begin with postgresql://; Rapport keeps its data in PostgreSQL only."
        )
    query = dict(parse_qsl(parts.query))
    host = query.pop("host", None) or unquote(parts.hostname or "")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")) or "rapport",
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": str(query.pop("port", None) or parts.port or ""),
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": query,
    }
