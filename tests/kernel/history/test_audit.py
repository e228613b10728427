"""The trail: who saw whom, who changed what, before and after, and how it is searched."""

import csv
import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from rapport.kernel.audit import note_sighting
from rapport.kernel.history.acting import acting_as_command, acting_as_job, acting_for
from rapport.kernel.history.changes import Change, find_changes
from rapport.kernel.history.search import Search
from rapport.kernel.models import ApiToken, Team, User
from rapport.rooms.accounts.models import Account, Contact
from rapport.rooms.catalog.models import Stage

Browser = Callable[[str], Client]
Cast = Callable[[str], User]


def changes(**told: Any) -> list[Change]:
    return find_changes(Search(**told))[0]


def test_a_change_is_told_with_who_before_and_after(browser_of: Browser, cast: Cast) -> None:
    person = cast("account_manager")
    told = {"email": person.email, "name": "Renamed", "role": "service_lead", "reach": "granted"}
    browser_of("administrator").post(f"/admin/users/{person.pk}/", {**told, "teams": ["benelux-team"]})
    latest = changes(kind="kernel.user")[0]
    assert (latest.who, latest.deed, latest.what) == ("Administrator", "changed", "Renamed")
    assert latest.way == f"/admin/users/{person.pk}/"
    told_fields = {d.field: (d.before, d.after) for d in latest.differences}
    assert told_fields["name"] == ("Account Manager", "Renamed")
    assert told_fields["role"] == ("Account manager", "Service or project lead")
    assert "password" not in told_fields


def test_passwords_and_tokens_never_stand_in_the_trail(cast: Cast) -> None:
    person = cast("analyst")
    person.set_password("a secret that is long")
    person.save()
    ApiToken.issue(person, "notebook")
    assert [d.field for d in changes(kind="kernel.apitoken")[0].differences] == ["user", "name", "created at"]
    fields = {d.field for change in changes() for d in change.differences}
    assert not fields & {"password", "digest", "last login"}


def test_a_program_is_told_by_its_user(cast: Cast) -> None:
    _token, secret = ApiToken.issue(cast("cx_manager"), "crm")
    Client().put(
        "/api/v1/catalog/stages/use",
        {"name": "Daily use"},
        content_type="application/json",
        headers={"authorization": f"Bearer {secret}"},
    )
    latest = changes(kind="catalog.stage")[0]
    assert (latest.who, latest.way) == ("Cx Manager", "/api/v1/catalog/stages/use")
    assert [(d.before, d.after) for d in latest.differences] == [("Use", "Daily use")]


def test_jobs_and_commands_sign_what_they_change(catalog: None) -> None:
    with acting_as_job("rapport.rooms.accounts.tasks.tidy"):
        Stage.objects.filter(key="use").update(name="By a job")
    assert changes(kind="catalog.stage")[0].way == "rapport.rooms.accounts.tasks.tidy"
    with acting_as_command("import"):
        Stage.objects.filter(key="use").update(name="By a command")
    assert changes(kind="catalog.stage")[0].way == "import"


def test_what_a_job_does_for_somebody_names_both(cast: Cast) -> None:
    with acting_as_job("imports.carry_out"), acting_for(cast("analyst").pk):
        Stage.objects.filter(key="use").update(name="Imported")
    latest = changes(kind="catalog.stage")[0]
    assert (latest.who, latest.way) == ("Analyst", "imports.carry_out")


def test_a_worker_signs_what_its_jobs_change(catalog: None) -> None:
    from types import SimpleNamespace

    from rapport.kernel.jobs.failures import keep_reason

    context: Any = SimpleNamespace(job=SimpleNamespace(task_name="rapport.a.job", id=1, attempts=0))
    keep_reason(lambda: Stage.objects.filter(key="use").update(name="By a worker"), context, None)
    assert changes(kind="catalog.stage")[0].way == "rapport.a.job"


def test_what_was_removed_is_told_with_what_it_was(db: None) -> None:
    team = Team.objects.create(key="iberia", name="Iberia team")
    team.delete()
    latest = changes(kind="kernel.team")[0]
    assert (latest.deed, latest.what) == ("removed", "Iberia team")
    assert ("name", "Iberia team", "") in [(d.field, d.before, d.after) for d in latest.differences]


def test_a_change_of_many_rows_in_one_statement_is_told_row_by_row(world: Any) -> None:
    Account.objects.update(sector="Chemicals")
    found = changes(kind="accounts.account")
    assert len([one for one in found if one.deed == "changed"]) == Account.objects.count()


def test_the_code_of_an_account_finds_it_and_what_belongs_to_it(world: Any) -> None:
    Contact.objects.filter(pk=world.eva.pk).update(title="Plant manager")
    kinds = {one.kind for one in changes(about=world.veldhuis.code)}
    assert {"Account", "Contact"} <= kinds
    assert not any("Tarnhelm" in one.what for one in changes(about=world.veldhuis.code))


def test_words_find_names_also_of_what_is_gone(world: Any) -> None:
    Account.objects.filter(pk=world.tarnhelm.pk).update(name="Renamed since")
    assert "Renamed since" in {one.what for one in changes(about="tarnhelm chem")}
    assert changes(about="100%_nobody") == []


def test_the_trail_is_narrowed_by_user_and_days(browser_of: Browser, world: Any) -> None:
    browser_of("administrator").post("/admin/teams/add/", {"key": "iberia", "name": "Iberia"})
    assert {one.who for one in changes(by="administr")} == {"Administrator"}
    assert changes(by="nobody at all") == []
    today = timezone.localdate()
    assert changes(since=today)
    assert changes(since=today + timedelta(days=1)) == []
    assert changes(until=today - timedelta(days=1)) == []


def test_long_trails_come_in_pages(db: None) -> None:
    Team.objects.bulk_create(Team(key=f"t{n}", name=f"Team {n}") for n in range(120))
    first, more = find_changes(Search(kind="kernel.team"))
    last, none = find_changes(Search(kind="kernel.team", page=3))
    assert (len(first), more, len(last), none) == (50, True, 20, False)


def test_sightings_are_searched_and_exported(browser_of: Browser, cast: Cast, rf: Any) -> None:
    for code, label in (("A1", "=Veldhuis"), ("A2", "Tarnhelm")):
        note_sighting(
            rf.get("/"), cast("analyst"), kind="account", code=code, label=label, now=timezone.now()
        )
    administrator = browser_of("administrator")
    page = administrator.get("/admin/audit/?about=a2&by=analyst").content.decode()
    assert "Tarnhelm" in page
    assert "Veldhuis" not in page
    sheet = b"".join(administrator.get("/admin/audit/seen.csv").streaming_content)  # type: ignore[arg-type]
    rows = list(csv.DictReader(io.StringIO(sheet.decode("utf-8-sig"))))
    assert [(row["user"], row["code"]) for row in rows] == [("Analyst", "A2"), ("Analyst", "A1")]
    assert rows[1]["label"] == "'=Veldhuis", "a spreadsheet must not run it"


def test_changes_are_exported_whole(browser_of: Browser, db: None) -> None:
    Team.objects.bulk_create(Team(key=f"t{n}", name=f"Team {n}") for n in range(1100))
    answer = browser_of("administrator").get("/admin/audit/changed.csv?kind=kernel.team")
    sheet = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[arg-type]
    rows = list(csv.DictReader(io.StringIO(sheet)))
    assert len({row["what"] for row in rows}) >= 1100


@pytest.mark.parametrize("who", ["cx_manager", "partner_administrator", "employee"])
def test_only_administrators_read_the_trail(browser_of: Browser, who: str) -> None:
    for page in ("", "changes/", "seen.csv", "changed.csv"):
        assert browser_of(who).get(f"/admin/audit/{page}").status_code == 404


def test_looking_at_the_trail_leaves_no_trace_of_its_own(browser_of: Browser) -> None:
    administrator = browser_of("administrator")
    before = len(changes())
    administrator.get("/admin/audit/")
    administrator.get("/admin/audit/changes/")
    assert len(changes()) == before
