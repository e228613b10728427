"""The `rapport` command: what each part promises a person at the terminal."""

import json
import os
import re
import stat
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone
from typer.testing import CliRunner, Result

from rapport.cli import ReachName, RoleName, app
from rapport.kernel.models import Grant, Team, User, WorkerHeartbeat
from rapport.kernel.roles import Role

COMMAND = [sys.executable, "-m", "rapport.cli"]


def run(*arguments: str) -> Result:
    """Run a command in this process, on this test's database."""
    return CliRunner().invoke(app, list(arguments))


def run_apart(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a command as a person does, with these settings."""
    environment = {**os.environ, "PYTHONWARNINGS": "ignore", **variables}
    return subprocess.run(
        [*COMMAND, *arguments], env=environment, capture_output=True, text=True, check=False, timeout=120
    )


def test_help_comes_without_loading_django_or_a_database_driver() -> None:
    code = (
        "import sys, rapport.cli; "
        "assert not {'django', 'psycopg', 'numpy', 'procrastinate'} & set(sys.modules), sys.modules"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    helped = run("--help")
    assert helped.exit_code == 0
    for command in ("serve", "worker", "migrate", "doctor", "user", "demo"):
        assert command in helped.output


def test_the_command_knows_every_role_and_reach() -> None:
    assert {role.value for role in RoleName} == set(Role.values)
    assert {reach.value for reach in ReachName} == set(User.Reach.values)


@pytest.mark.django_db
def test_a_new_user_can_sign_in_with_the_password_that_was_shown() -> None:
    added = run("user", "add", "Ana@Example.com", "--name", "Ana Lopes", "--role", "administrator")
    assert added.exit_code == 0, added.output
    password = re.search(r"shown only now\): (\S+)", added.output)
    assert password
    user = User.objects.get(email="ana@example.com")
    assert (user.name, user.role, user.reach) == ("Ana Lopes", "administrator", "everything")
    assert user.check_password(password[1])


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("arguments", "reach", "grants"),
    [
        (["--role", "employee"], "capture", set()),
        (["--role", "account_manager"], "granted", set()),
        (["--role", "account_manager", "--team", "pumps"], "granted", {("team", "pumps")}),
        (
            ["--role", "cx_manager", "--region", "north", "--region", "south"],
            "granted",
            {("region", "north"), ("region", "south")},
        ),
        (["--role", "partner_user", "--partner", "acme"], "granted", {("partner", "acme")}),
        (["--role", "champion", "--reach", "everything"], "everything", set()),
    ],
)
def test_a_user_sees_as_far_as_role_and_grants_say(
    arguments: list[str], reach: str, grants: set[tuple[str, str]]
) -> None:
    Team.objects.create(key="pumps", name="Pumps")
    assert run("user", "add", "bo@example.com", *arguments).exit_code == 0
    user = User.objects.get()
    assert user.reach == reach
    assert set(Grant.objects.values_list("kind", "key")) == grants


@pytest.mark.django_db
@pytest.mark.parametrize(
    "arguments",
    [
        ["--role", "partner_user"],
        ["--role", "analyst", "--partner", "acme"],
        ["--role", "analyst", "--region", "north", "--reach", "everything"],
        ["--role", "account_manager", "--team", "nowhere"],
        ["--role", "emperor"],
    ],
)
def test_a_user_that_makes_no_sense_is_refused_and_not_added(arguments: list[str]) -> None:
    assert run("user", "add", "bo@example.com", *arguments).exit_code != 0
    assert not User.objects.exists()


@pytest.mark.django_db
def test_the_same_address_is_not_added_twice() -> None:
    assert run("user", "add", "bo@example.com").exit_code == 0
    assert run("user", "add", "BO@example.com").exit_code == 1
    assert User.objects.count() == 1


@pytest.mark.django_db
def test_the_link_lets_a_new_user_choose_a_password(client: Client) -> None:
    added = run("user", "add", "bo@example.com", "--link")
    found = re.search(r"https?://[^/\s]+(/\S+)", added.output)
    assert found
    page = client.get(found[1], follow=True)
    assert page.status_code == 200
    chosen = "a long enough sentence 7"
    client.post(page.redirect_chain[-1][0], {"password1": chosen, "password2": chosen})
    assert User.objects.get().check_password(chosen)


def findings(output: str) -> dict[str, dict[str, str]]:
    return {finding["what"]: finding for finding in json.loads(output)}


@pytest.mark.django_db
def test_the_doctor_misses_the_worker_and_says_how_to_start_one() -> None:
    looked = run("doctor", "--json")
    assert looked.exit_code == 1
    found = findings(looked.output)
    assert found["worker"]["state"] == "problem"
    assert "rapport serve" in found["worker"]["advice"]


@pytest.mark.django_db
def test_the_doctor_is_content_when_all_is_well() -> None:
    now = timezone.now()
    WorkerHeartbeat.objects.create(name="here:1", version="0.1.0", started_at=now, seen_at=now)
    looked = run("doctor", "--json")
    found = findings(looked.output)
    assert {
        what: found[what]["state"] for what in ("database", "clock", "tables", "worker", "jobs", "versions")
    } == dict.fromkeys(("database", "clock", "tables", "worker", "jobs", "versions"), "ok")
    assert looked.exit_code == 0, looked.output
    assert "WRONG" not in run("doctor").output


@pytest.mark.django_db
def test_a_worker_that_fell_silent_or_is_of_another_version_is_noticed() -> None:
    now = timezone.now()
    silent = WorkerHeartbeat.objects.create(
        name="here:1", version="0.1.0", started_at=now, seen_at=now - timedelta(minutes=5)
    )
    assert findings(run("doctor", "--json").output)["worker"]["state"] == "problem"
    silent.seen_at, silent.version = now, "0.0.1"
    silent.save()
    worker = findings(run("doctor", "--json").output)["worker"]
    assert worker["state"] == "warning"
    assert "0.0.1" in worker["detail"]


def test_the_doctor_names_a_database_that_does_not_answer(tmp_path: Path) -> None:
    looked = run_apart(
        "doctor",
        "--json",
        RAPPORT_DATA_DIR=str(tmp_path),
        DATABASE_URL="postgresql://nobody@127.0.0.1:9/none",
    )
    assert looked.returncode == 1, looked.stderr
    found = findings(looked.stdout)
    assert found["database"]["state"] == "problem"
    assert "DATABASE_URL" in found["database"]["advice"]
    assert "worker" not in found


def test_the_doctor_sees_a_secret_key_that_others_may_read(tmp_path: Path) -> None:
    key = tmp_path / "secret-key"
    key.write_text("x" * 50)
    key.chmod(0o644)
    looked = run_apart("doctor", "--json", RAPPORT_DATA_DIR=str(tmp_path))
    found = findings(looked.stdout)["secret key"]
    assert found["state"] == "problem"
    assert found["advice"] == f"Run: chmod 600 {key}"
    assert stat.S_IMODE(key.stat().st_mode) == 0o644


def test_the_doctor_tries_the_mail_server(tmp_path: Path) -> None:
    looked = run_apart(
        "doctor", "--json", RAPPORT_DATA_DIR=str(tmp_path), RAPPORT_MAIL_URL="smtp://127.0.0.1:9"
    )
    found = findings(looked.stdout)["mail"]
    assert found["state"] == "problem"
    assert "127.0.0.1:9" in found["detail"]


def test_a_wrong_setting_is_named_without_a_traceback(tmp_path: Path) -> None:
    looked = run_apart("doctor", RAPPORT_DATA_DIR=str(tmp_path), RAPPORT_TIME_ZONE="Nowhere/Land")
    assert looked.returncode == 1
    assert "RAPPORT_TIME_ZONE" in looked.stderr
    assert "Traceback" not in looked.stderr
