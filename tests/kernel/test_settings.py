"""Settings from the environment: typed, from files, loud when wrong, and described."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from rapport.kernel.environment import Environment, SettingsError, environment, secret_key
from rapport.kernel.settings_table import settings_table

ROOT = Path(__file__).parents[2]


def test_the_handbook_lists_every_setting_as_it_is() -> None:
    assert settings_table() in (ROOT / "docs" / "operation.md").read_text(encoding="utf-8")


def test_every_setting_says_what_it_is_for() -> None:
    assert [name for name, field in Environment.model_fields.items() if not field.description] == []


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("RAPPORT_TIME_ZONE", "Mars/Base", "Europe/Berlin"),
        ("RAPPORT_BASE_URL", "rapport.example", "https://"),
        ("RAPPORT_CURRENCY", "Euro", "three letters"),
        ("RAPPORT_LANGUAGE", "tlh", "RAPPORT_LANGUAGE"),
        ("RAPPORT_SESSION_HOURS", "0", "RAPPORT_SESSION_HOURS"),
        ("RAPPORT_OIDC_SERVER", "https://idp.example", "oidc_client_id"),
        ("RAPPORT_SAML_METADATA_URL", "https://idp.example/m", "saml_entity_id"),
    ],
)
def test_a_wrong_setting_stops_the_start_and_says_how_to_mend_it(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, why: str
) -> None:
    monkeypatch.setenv(name, value)
    environment.cache_clear()
    try:
        with pytest.raises(SettingsError, match=why):
            environment()
    finally:
        monkeypatch.undo()
        environment.cache_clear()


def test_secrets_come_from_files_and_from_one_source_only(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    kept = tmp_path / "token"
    kept.write_text("from a file\n", encoding="utf-8")
    monkeypatch.setenv("RAPPORT_METRICS_TOKEN_FILE", str(kept))
    assert Environment().read_secret("metrics_token") == "from a file"
    monkeypatch.setenv("RAPPORT_METRICS_TOKEN", "from the environment")
    with pytest.raises(ValidationError, match="given twice"):
        Environment()
    monkeypatch.delenv("RAPPORT_METRICS_TOKEN")
    kept.unlink()
    with pytest.raises(SettingsError, match="cannot be read"):
        Environment().read_secret("metrics_token")


def test_the_secret_key_is_made_once_and_for_its_owner_only(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("RAPPORT_DATA_DIR", str(tmp_path / "data"))
    first = secret_key(Environment())
    assert len(first) >= 48
    assert secret_key(Environment()) == first
    assert (tmp_path / "data" / "secret-key").stat().st_mode & 0o077 == 0
    monkeypatch.setenv("RAPPORT_SECRET_KEY", "short")
    with pytest.raises(SettingsError, match="at least 32"):
        secret_key(Environment())


def test_sign_on_elsewhere_is_let_through_by_origin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAPPORT_OIDC_SERVER", "https://idp.example/realms/halden")
    monkeypatch.setenv("RAPPORT_OIDC_CLIENT_ID", "rapport")
    monkeypatch.setenv("RAPPORT_SIGN_ON_HOSTS", "login.example, https://mfa.example")
    assert Environment().sign_on_origins == [
        "https://idp.example",
        "https://login.example",
        "https://mfa.example",
    ]
