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

    data_dir: Path = Path("data")
    database_url: SecretStr | None = Field(default=None, validation_alias="DATABASE_URL")
    database_url_file: Path | None = Field(default=None, validation_alias="DATABASE_URL_FILE")
    secret_key: SecretStr | None = None
    secret_key_file: Path | None = None
    base_url: str = "http://127.0.0.1:8000"
    allowed_hosts: Annotated[list[str], NoDecode] = []
    company: str = "Your company"
    debug: bool = False
    behind_proxy: bool = False
    language: Literal["en", "de", "fr", "nl"] = "en"
    time_zone: str = "UTC"
    currency: str = "EUR"
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    metrics_token: SecretStr | None = None

    mail_url: SecretStr = SecretStr("console://")
    mail_from: str = "Rapport <rapport@localhost>"

    session_hours: int = Field(default=12, ge=1, le=24 * 30)
    upload_megabytes: int = Field(default=512, ge=1)

    oidc_name: str = "Company sign-on"
    oidc_server: str | None = None
    oidc_client_id: str | None = None
    oidc_client_secret: SecretStr | None = None
    oidc_client_secret_file: Path | None = None
    oidc_trust_addresses: bool = False
    sign_on_hosts: Annotated[list[str], NoDecode] = []
    saml_metadata_url: str | None = None
    saml_entity_id: str | None = None

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

    @model_validator(mode="after")
    def one_source_each(self) -> "Environment":
        for name in ("secret_key", "database_url", "oidc_client_secret"):
            if getattr(self, name) and getattr(self, f"{name}_file"):
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
        if value:
            return value.get_secret_value()
        if not path:
            return None
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
    """Return the secret key; the first start makes one and keeps it in the data folder, for its owner only."""
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
