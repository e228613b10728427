"""Administering people: adding, changing, ending access, and what a partner's administrator may do of it."""

from collections.abc import Callable

import pytest
from django.test import Client

from rapport.kernel.models import ApiToken, Grant, OutgoingMail, Team, User
from rapport.kernel.people.services import UserRefused, add_user, change_user, deactivate_user
from rapport.kernel.roles import Role

Browser = Callable[[str], Client]
Cast = Callable[[str], User]
NEW = {"email": "Mila@Halden.example", "name": "Mila Bos", "role": "account_manager", "reach": "granted"}


def test_an_administrator_adds_somebody_with_reach_and_hands_over_a_link(browser_of: Browser) -> None:
    told = {**NEW, "teams": ["benelux-team"], "regions": ["benelux"], "send": "on"}
    page = browser_of("administrator").post("/admin/users/add/", told)
    assert page.status_code == 200
    made = User.objects.get(email="mila@halden.example")
    assert (made.role, made.reach, made.has_usable_password()) == ("account_manager", "granted", False)
    assert set(made.grants.values_list("kind", "key")) == {("team", "benelux-team"), ("region", "benelux")}
    assert b"/sign-in/password/reset/key/" in page.content
    assert OutgoingMail.objects.get().to == "mila@halden.example"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"email": "administrator@halden.example"}, "already exists"),
        ({"reach": "everything", "teams": ["benelux-team"]}, "count only for"),
        ({"role": "partner_user"}, "choose the partner"),
        (
            {"role": "partner_user", "teams": ["benelux-team"], "partners": ["kolding-dealer"]},
            "choose the partner",
        ),
        ({"teams": ["no-such-team"]}, "no-such-team"),
    ],
)
def test_what_does_not_go_together_is_refused_and_said(
    browser_of: Browser, cast: Cast, change: dict[str, object], why: str
) -> None:
    page = browser_of("administrator").post("/admin/users/add/", {**NEW, **change})
    assert page.status_code == 200
    assert why in page.content.decode()
    assert not User.objects.filter(name="Mila Bos").exists()


def test_changing_somebody_changes_only_what_differs(browser_of: Browser, cast: Cast) -> None:
    person = cast("account_manager")
    kept = person.grants.get()
    told = {"email": person.email, "name": "A. Manager", "role": person.role, "reach": "granted"}
    answer = browser_of("administrator").post(
        f"/admin/users/{person.pk}/", {**told, "teams": ["benelux-team"], "regions": ["nordics"]}
    )
    assert answer.status_code == 302
    assert person.grants.get(kind="team").pk == kept.pk
    assert person.grants.filter(kind="region", key="nordics").exists()
    assert User.objects.get(pk=person.pk).name == "A. Manager"


def test_ending_access_stops_tokens_and_can_be_undone(browser_of: Browser, cast: Cast) -> None:
    person = cast("analyst")
    _token, secret = ApiToken.issue(person, "notebook")
    program = {"authorization": f"Bearer {secret}"}
    assert Client().get("/api/v1/catalog/metrics", headers=program).status_code == 200
    administrator = browser_of("administrator")
    administrator.post(f"/admin/users/{person.pk}/switch/")
    assert Client().get("/api/v1/catalog/metrics", headers=program).status_code == 401
    administrator.post(f"/admin/users/{person.pk}/switch/")
    assert Client().get("/api/v1/catalog/metrics", headers=program).status_code == 200


def test_the_last_administrator_stays(cast: Cast) -> None:
    only = cast("administrator")
    with pytest.raises(UserRefused, match="last administrator"):
        deactivate_user(only)
    with pytest.raises(UserRefused, match="last administrator"):
        change_user(only, email=only.email, name=only.name, role=Role.ANALYST, reach="everything", grants=[])
    add_user(email="second@halden.example", role=Role.ADMINISTRATOR, password="long enough a secret")
    deactivate_user(only)
    assert not User.objects.get(pk=only.pk).is_active


def test_nobody_ends_their_own_access(browser_of: Browser, cast: Cast) -> None:
    cast("administrator")
    add_user(email="second@halden.example", role=Role.ADMINISTRATOR, password="long enough a secret")
    browser_of("administrator").post(f"/admin/users/{cast('administrator').pk}/switch/")
    assert User.objects.get(pk=cast("administrator").pk).is_active


def test_a_user_added_on_the_console_gets_the_reach_of_the_role(cast: Cast) -> None:
    cast("administrator")
    assert add_user(email="a@halden.example", role=Role.ANALYST).reach == "everything"
    assert add_user(email="b@halden.example", role=Role.EMPLOYEE).reach == "capture"
    dealer = add_user(email="c@k.example", role=Role.PARTNER_USER, grants=[("partner", "kolding-dealer")])
    assert dealer.reach == "granted"
    with pytest.raises(UserRefused, match="too short"):
        add_user(email="d@halden.example", role=Role.ANALYST, password="short")
    with pytest.raises(UserRefused, match="no region"):
        add_user(email="d@halden.example", role=Role.CHAMPION, grants=[("region", "atlantis")])


def test_a_partners_administrator_sees_and_adds_only_own_people(browser_of: Browser, cast: Cast) -> None:
    cast("administrator")
    own, stranger = cast("partner_user"), cast("account_manager")
    other = add_user(
        email="other@dealer.example", role=Role.PARTNER_USER, grants=[("partner", "kolding-dealer")]
    )
    Grant.objects.create(user=other, kind="partner", key="another-dealer")
    dealer = browser_of("partner_administrator")
    page = dealer.get("/admin/users/").content.decode()
    assert own.email in page
    assert stranger.email not in page
    assert other.email not in page, "who also works for another partner is not theirs alone"
    for pk in (stranger.pk, other.pk, cast("administrator").pk):
        assert dealer.get(f"/admin/users/{pk}/").status_code == 404
        for action in ("switch", "link", "factors"):
            assert dealer.post(f"/admin/users/{pk}/{action}/").status_code == 404
    told = {
        "email": "lone@dealer.example",
        "name": "Lone",
        "reach": "granted",
        "partners": ["kolding-dealer"],
    }
    assert dealer.post("/admin/users/add/", {**told, "role": "partner_user"}).status_code == 200
    assert User.objects.get(email="lone@dealer.example").grants.get().key == "kolding-dealer"


@pytest.mark.parametrize(
    "more",
    [
        {"role": "administrator"},
        {"role": "account_manager"},
        {"role": "partner_user", "reach": "everything"},
        {"role": "partner_user", "partners": ["another-dealer"]},
        {"role": "partner_user", "partners": []},
        {"role": "partner_user", "regions": ["benelux"], "partners": []},
    ],
)
def test_a_partners_administrator_cannot_give_what_they_lack(
    browser_of: Browser, more: dict[str, object]
) -> None:
    from rapport.rooms.catalog.models import Partner

    dealer = browser_of("partner_administrator")
    Partner.objects.create(key="another-dealer", name="Another dealer")
    told = {
        "email": "lone@dealer.example",
        "name": "Lone",
        "reach": "granted",
        "partners": ["kolding-dealer"],
    }
    dealer.post("/admin/users/add/", {**told, **more})
    assert not User.objects.filter(email="lone@dealer.example").exists()


def test_a_team_is_added_renamed_and_removed_unless_it_looks_after_accounts(
    browser_of: Browser, world: object
) -> None:
    administrator = browser_of("administrator")
    administrator.post("/admin/teams/add/", {"key": "Iberia", "name": "Iberia team"})
    assert Team.objects.get(key="iberia").name == "Iberia team"
    administrator.post("/admin/teams/iberia/", {"key": "other", "name": "Iberians"})
    assert Team.objects.get(key="iberia").name == "Iberians"
    administrator.post("/admin/teams/iberia/remove/")
    assert not Team.objects.filter(key="iberia").exists()
    administrator.post("/admin/teams/benelux-team/remove/")
    assert Team.objects.filter(key="benelux-team").exists()


def test_everybody_sets_their_own_profile(browser_of: Browser, cast: Cast) -> None:
    told = {"name": "C. X.", "language": "nl", "time_zone": "Europe/Amsterdam", "theme": "dark"}
    answer = browser_of("cx_manager").post("/profile/", told)
    assert answer.status_code == 302
    saved = User.objects.get(pk=cast("cx_manager").pk)
    assert (saved.language, saved.time_zone, saved.theme, saved.shortcuts) == (
        "nl",
        "Europe/Amsterdam",
        "dark",
        False,
    )
    assert saved.role == "cx_manager"
    assert answer.cookies["rapport_theme"].value == "dark"
    assert answer.cookies["rapport_keys"].value == "off"


def test_a_token_is_shown_once_works_and_is_revoked_by_its_owner_only(
    browser_of: Browser, cast: Cast
) -> None:
    analyst = browser_of("analyst")
    page = analyst.post("/profile/tokens/", {"name": "notebook", "days": "30"})
    secret = page.context["secret"]
    assert secret.startswith("rpt_")
    assert page.headers["Cache-Control"].startswith("max-age=0, no-cache, no-store")
    assert secret not in analyst.get("/profile/tokens/").content.decode()
    program = {"authorization": f"Bearer {secret}"}
    assert Client().get("/api/v1/catalog/metrics", headers=program).status_code == 200
    token = ApiToken.objects.get()
    assert token.expires_at is not None
    assert secret not in (token.digest, token.name)
    assert browser_of("administrator").post(f"/profile/tokens/{token.pk}/revoke/").status_code == 404
    analyst.post(f"/profile/tokens/{token.pk}/revoke/")
    assert Client().get("/api/v1/catalog/metrics", headers=program).status_code == 401


def test_an_expired_token_no_longer_works(cast: Cast) -> None:
    from datetime import timedelta

    from django.utils import timezone

    _token, secret = ApiToken.issue(cast("analyst"), "old", expires_at=timezone.now() - timedelta(seconds=1))
    program = {"authorization": f"Bearer {secret}"}
    assert Client().get("/api/v1/catalog/metrics", headers=program).status_code == 401


def test_the_api_asks_a_browser_for_its_csrf_token_and_a_program_for_none(cast: Cast) -> None:
    manager = cast("cx_manager")
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(manager)
    send = {
        "path": "/api/v1/catalog/stages/use",
        "data": {"name": "Daily use"},
        "content_type": "application/json",
    }
    assert browser.put(**send).status_code == 403  # type: ignore[arg-type]
    browser.get("/profile/")
    token = browser.cookies["csrftoken"].value
    assert browser.put(**send, headers={"x-csrftoken": token}).status_code == 200  # type: ignore[arg-type]
    _token, secret = ApiToken.issue(manager, "crm")
    program = Client(enforce_csrf_checks=True)
    answer = program.put(**send, headers={"authorization": f"Bearer {secret}"})  # type: ignore[arg-type]
    assert answer.status_code == 200
