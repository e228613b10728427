"""The settings an operator gives through the environment, typed; a wrong one stops the start and says why."""

import contextlib
import os
import secrets
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict


class SettingsError(Exception):
    """A setting is missing or cannot be read; the message names it and says what to do."""


class Environment(BaseSettings):
    """What an operator may set; each name is read with the prefix `RAPPORT_` unless it says otherwise."""

    model_config = SettingsConfigDict(env_prefix="RAPPORT_", extra="ignore", str_strip_whitespace=True)

    data_dir: Path = Field(
        Path("data"), description="Where Rapport keeps its database, files, key and measures."
    )
    database_url: SecretStr | None = Field(
        None, validation_alias="DATABASE_URL", description="Your own PostgreSQL, 15 or newer; empty: our own."
    )
    database_url_file: Path | None = Field(
        None, validation_alias="DATABASE_URL_FILE", description="A file that holds it instead."
    )
    secret_key: SecretStr | None = Field(
        None,
        description="Signs sessions and links; at least 32 characters. Made at the first start if not given.",
    )
    secret_key_file: Path | None = Field(None, description="A file that holds it instead.")
    base_url: str = Field(
        "http://127.0.0.1:8000", description="The address people use; with https:// cookies and HSTS follow."
    )
    allowed_hosts: Annotated[list[str], NoDecode] = Field(
        [], description="Further names Rapport answers to, with commas between."
    )
    company: str = Field("Your company", description="Your name, on pages and in mail.")
    debug: bool = Field(False, description="For developers only: shows errors to everybody.")
    behind_proxy: bool = Field(
        False, description="One proxy stands in front and sets X-Forwarded-For and X-Forwarded-Proto."
    )
    language: Literal["en", "de", "fr", "nl"] = Field("en", description="For visitors and new users.")
    time_zone: str = Field("UTC", description="For new users, such as Europe/Berlin.")
    currency: str = Field("EUR", description="The one amounts are reported in.")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="How much is logged.")
    metrics_token: SecretStr | None = Field(
        None, description="Lets Prometheus read /metrics from another machine, as a bearer token."
    )
    metrics_token_file: Path | None = Field(None, description="A file that holds it instead.")

    mail_url: SecretStr = Field(
        SecretStr("console://"),
        description="How mail leaves: smtp://, smtp+starttls:// or smtps:// with user:password@host:port, "
        "anymail://esp, folder:// or console://.",
    )
    mail_url_file: Path | None = Field(None, description="A file that holds it instead.")
    mail_from: str = Field("Rapport <rapport@localhost>", description="The sender people see.")

    messages_url: SecretStr | None = Field(
        None,
        description="How short messages and chats leave: an address of apprise with {to} in it, "
        "webhook+https://… of your own provider, or folder://. Empty: none are sent.",
    )
    messages_url_file: Path | None = Field(None, description="A file that holds it instead.")
    messages_secret: SecretStr | None = Field(
        None, description="Signs what goes to a webhook, as Standard Webhooks say (whsec_…)."
    )
    messages_secret_file: Path | None = Field(None, description="A file that holds it instead.")
    anymail: SecretStr | None = Field(
        None,
        description="What your mail service needs, as JSON: its keys as django-anymail names them, and "
        "WEBHOOK_SECRET (user:password in the address at which it reports bounces).",
    )
    anymail_file: Path | None = Field(None, description="A file that holds it instead.")

    reply_to: str = Field(
        "",
        description="Where replies to mail about cases arrive, with {token} where the case's part belongs, "
        "such as rapport+{token}@example.com. Empty: nobody can work by replying.",
    )
    private_addresses: bool = Field(
        False,
        description="Let streams of feedback go to webhooks inside your own network, also without TLS.",
    )

    session_hours: int = Field(12, ge=1, le=24 * 30, description="How long one stays signed in.")
    partial_answer_days: int = Field(
        90, ge=1, le=3650, description="How long answers that nobody sent are kept; that they began stays."
    )
    upload_megabytes: int = Field(512, ge=1, description="The largest file that may be imported.")

    oidc_name: str = Field("Company sign-on", description="What the button of the company's sign-on says.")
    oidc_server: str | None = Field(None, description="The issuer of your OpenID Connect; switches it on.")
    oidc_client_id: str | None = Field(None, description="The id it gave Rapport.")
    oidc_client_secret: SecretStr | None = Field(None, description="The secret it gave Rapport.")
    oidc_client_secret_file: Path | None = Field(None, description="A file that holds it instead.")
    oidc_trust_addresses: bool = Field(
        False,
        description="Believe its addresses also without email_verified: where nobody chooses their own.",
    )
    sign_on_hosts: Annotated[list[str], NoDecode] = Field(
        [], description="Further hosts its sign-in pages lie on, with commas between."
    )
    saml_metadata_url: str | None = Field(
        None,
        description="Where your SAML directory describes itself; switches it on. Needs rapport-cx[saml].",
    )
    saml_entity_id: str | None = Field(None, description="What the directory calls itself.")

    @field_validator("allowed_hosts", "sign_on_hosts", mode="before")
    @classmethod
    def split_hosts(cls, value: object) -> object:
        return (
            [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value
        )

    @field_validator("time_zone")
    @classmethod
    def known_time_zone(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError(f"{value!r} is no time zone; write one like Europe/Berlin")
        return value

    @field_validator("currency")
    @classmethod
    def three_letters(cls, value: str) -> str:
        if len(value) != 3 or not value.isalpha():
            raise ValueError(f"{value!r} is no currency; write three letters like EUR")
        return value.upper()

    @field_validator("base_url")
    @classmethod
    def full_address(cls, value: str) -> str:
        if not value.startswith(("http://", "https://")):
            raise ValueError("write the whole address, beginning with https:// or http://")
        return value.rstrip("/")

    @field_validator("reply_to")
    @classmethod
    def one_token(cls, value: str) -> str:
        local, at, domain = value.rpartition("@")
        if value and (local.count("{token}") != 1 or not at or not domain or "{" in domain):
            raise ValueError(
                "write one address with {token} before the @, such as rapport+{token}@example.com"
            )
        return value

    @model_validator(mode="after")
    def one_source_each(self) -> "Environment":
        for name in ("secret_key", "database_url", "oidc_client_secret", "metrics_token", "mail_url"):
            if name in self.model_fields_set and f"{name}_file" in self.model_fields_set:
                raise ValueError(f"{name} is given twice, as a value and as a file; leave one out")
        if self.oidc_server and not self.oidc_client_id:
            raise ValueError("oidc_server is set but oidc_client_id is not")
        if self.saml_metadata_url and not self.saml_entity_id:
            raise ValueError("saml_metadata_url is set but saml_entity_id is not")
        return self

    @property
    def sign_on_origins(self) -> list[str]:
        """Return where the sign-in page may send people on to: the company's sign-on."""
        addresses = [self.oidc_server, self.saml_metadata_url]
        parts = [urlsplit(address) for address in addresses if address]
        given = [host if "://" in host else f"https://{host}" for host in self.sign_on_hosts]
        return list(dict.fromkeys([*(f"{part.scheme}://{part.netloc}" for part in parts), *given]))

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    def read_secret(self, name: str) -> str | None:
        """Return a secret from its value or from the file named for it."""
        value: SecretStr | None = getattr(self, name)
        path: Path | None = getattr(self, f"{name}_file")
        if not path:
            return value.get_secret_value() if value else None
        try:
            return path.read_text(encoding="utf-8").strip()
        except OSError as error:
            raise SettingsError(f"{name}_file: {path} cannot be read ({error.strerror}).") from error


@lru_cache
def environment() -> Environment:
    """Read the environment once; raise SettingsError naming every wrong setting."""
    try:
        return Environment()
    except ValidationError as error:
        lines = [f"  {_variable(entry['loc'])}: {entry['msg']}" for entry in error.errors()]
        raise SettingsError("These settings cannot be used:\n" + "\n".join(lines)) from error


def _variable(location: tuple[int | str, ...]) -> str:
    name = str(location[0]).upper() if location else "settings"
    return name if name.startswith("DATABASE_URL") or not location else f"RAPPORT_{name}"


def secret_key(settings: Environment) -> str:
    """Return the secret key; the first start makes one, kept in the data folder for its owner only."""
    given = settings.read_secret("secret_key")
    if given:
        if len(given) < 32:
            raise SettingsError("RAPPORT_SECRET_KEY is too short: give at least 32 characters.")
        return given
    path = settings.data_dir / "secret-key"
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        _make_key(path)
    return _kept_key(path)


def _make_key(path: Path) -> None:
    """Write a key aside and link it into place, so that two first starts agree on one whole key."""
    handle, aside = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(48))
        file.flush()
        os.fsync(file.fileno())
    with contextlib.suppress(FileExistsError):
        os.link(aside, path)
    os.unlink(aside)


def _kept_key(path: Path) -> str:
    key = path.read_text(encoding="ascii").strip()
    if len(key) < 32:
        raise SettingsError(f"{path} holds no usable key. Remove it and start again; all sessions will end.")
    return key
