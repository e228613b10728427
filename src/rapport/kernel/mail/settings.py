"""How mail leaves, read from one address such as smtp://user:password@host:587."""

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from rapport.kernel.environment import Environment, SettingsError


@dataclass(frozen=True)
class MailSettings:
    """What Django needs to send mail."""

    backend: str
    host: str = ""
    port: int = 0
    user: str = ""
    password: str = ""
    starttls: bool = False
    tls: bool = False
    folder: str | None = None


def mail_settings(environment: Environment) -> MailSettings:
    """Read RAPPORT_MAIL_URL; raise SettingsError when it names no known way.

    `smtp://` speaks plainly, `smtp+starttls://` turns to TLS, `smtps://` begins with it, `console://` prints
    instead of sending, `folder://` writes each message to a file in the data folder, and `anymail://esp`
    leaves through that anymail backend.
    """
    parts = urlsplit(environment.read_secret("mail_url") or "")
    if parts.scheme == "console":
        return MailSettings("django.core.mail.backends.console.EmailBackend")
    if parts.scheme == "folder":
        folder = str(environment.data_dir.resolve() / "mail")
        return MailSettings("django.core.mail.backends.filebased.EmailBackend", folder=folder)
    if parts.scheme == "anymail" and parts.hostname:
        return MailSettings(f"anymail.backends.{parts.hostname}.EmailBackend")
    if parts.scheme not in {"smtp", "smtp+starttls", "smtps"} or not parts.hostname:
        raise SettingsError(
            "RAPPORT_MAIL_URL: write smtp://host:port, smtp+starttls://…, smtps://…, console:// or folder://."
        )
    return MailSettings(
        backend="django.core.mail.backends.smtp.EmailBackend",
        host=parts.hostname,
        port=parts.port or {"smtp": 25, "smtp+starttls": 587, "smtps": 465}[parts.scheme],
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        starttls=parts.scheme == "smtp+starttls",
        tls=parts.scheme == "smtps",
    )


def anymail_settings(environment: Environment) -> dict[str, Any]:
    """Read RAPPORT_ANYMAIL, what the mail service needs; raise SettingsError when it is no JSON object."""
    given = environment.read_secret("anymail")
    if not given:
        return {}
    try:
        read = json.loads(given)
    except ValueError as error:
        raise SettingsError(f"RAPPORT_ANYMAIL is no JSON: {error}.") from error
    if not isinstance(read, dict):
        raise SettingsError('RAPPORT_ANYMAIL: write an object such as {"POSTMARK_SERVER_TOKEN": "…"}.')
    return read
