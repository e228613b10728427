"""The pages of a programme: planned, looked at, started, drawn from, and read by whoever may."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from tests.rooms.listening.asking import people, programme, published

from rapport.rooms.listening.channels.rewards import earn_rewards
from rapport.rooms.listening.models import Invitation, Programme, Suppression
from rapport.rooms.listening.programmes.kinds import STARTS_FROM
from rapport.rooms.listening.programmes.plan import Incentive, Plan, read_plan
from rapport.rooms.listening.sampling.draws import draw_sample
from rapport.rooms.signals.api import NewScore, NewSignal, record_signal

pytestmark = pytest.mark.django_db


def form_of(client: Client, address: str) -> dict[str, Any]:
    """Return what a browser would send back from the form as it stands."""
    form = client.get(address).context["form"]
    sent: dict[str, Any] = {}
    for name, field in form.fields.items():
        value = form[name].value()
        if value is None or value is False:
            continue
        sent[name] = "on" if value is True else value
        del field
    return sent


@pytest.mark.parametrize("kind", sorted(STARTS_FROM))
def test_every_kind_can_be_planned_and_started_in_the_browser(
    kind: str, world: Any, cast: Any, browser_of: Callable[[str], Client]
) -> None:
    client = browser_of("cx_manager")
    told = {"name": "Ask them", "kind": kind, "survey": published().survey.pk}
    if kind == "partner":
        refused = client.post("/listen/programmes/new/", told)
        assert b"Name the partner" in refused.content
        told["partner"] = "kolding-dealer"
    answer = client.post("/listen/programmes/new/", told)
    made = Programme.objects.get()
    assert answer.url == f"/listen/programmes/{made.code}/plan/"  # type: ignore[attr-defined]
    sent = form_of(client, answer.url)  # type: ignore[attr-defined]
    assert client.post(answer.url, sent | {"purpose": "To know"}).status_code == 302  # type: ignore[attr-defined]
    made.refresh_from_db()
    assert (made.purpose, read_plan(made.plan)) == ("To know", STARTS_FROM[kind])
    client.post(f"/listen/programmes/{made.code}/turn/start/")
    made.refresh_from_db()
    assert made.state == "running"


def test_looking_first_says_what_to_expect_and_saves_nothing(world: Any, cast: Any, browser_of: Any) -> None:
    people(world.tarnhelm, {"user": 60})
    client, made = browser_of("cx_manager"), programme(cast("cx_manager"), state="draft")
    address = f"/listen/programmes/{made.code}/plan/"
    sent = form_of(client, address) | {"how": "simple", "size": 40, "expected_response": 50, "look": "1"}
    page = client.post(address, sent).content.decode()
    assert "40 people would be asked. If 50% answer, about 20 answers tell the score" in page
    assert "Roles nobody is known for" in page
    made.refresh_from_db()
    assert made.plan == {}
    assert not Invitation.objects.exists()
    wrong = client.post(address, sent | {"size": ""}).content.decode()
    assert "say how many people to draw" in wrong


def test_a_plan_that_cannot_be_read_is_marked_and_not_saved(world: Any, cast: Any, browser_of: Any) -> None:
    client, made = browser_of("cx_manager"), programme(cast("cx_manager"))
    address = f"/listen/programmes/{made.code}/plan/"
    sent = form_of(client, address) | {"how": "quota", "strata": ["role"], "quotas": "buyer twenty"}
    assert "line 1: write it as" in client.post(address, sent).content.decode()
    made.refresh_from_db()
    assert made.plan == {}


def answered(row: Invitation, score: float) -> None:
    """Let a person answer, as the respondent's pages would have it in the ledger."""
    now = timezone.now()
    assert row.account is not None
    assert row.contact is not None
    new = NewSignal(
        kind="survey",
        source="rapport",
        external_reference=str(row.pk),
        occurred_at=now,
        account=row.account.code,
        contact=row.contact.code,
        scores=(NewScore("nps", score),),
        buying_role=row.buying_role,
    )
    signal = record_signal(new, author=None, now=now).signal_id
    row.responses.create(state="sent", sent_at=now, signal_id=signal)
    row.state = Invitation.State.ANSWERED
    row.save()


@pytest.fixture
def heard(world: Any, cast: Any) -> Programme:
    """A programme that asked 60 users and 40 buyers; most users answered and hardly a buyer did."""
    people(world.tarnhelm, {"user": 60, "buyer": 40})
    made = programme(cast("cx_manager"))
    now = timezone.now()
    draw_sample(made, now=now - timedelta(days=3), seed=1)
    Invitation.objects.update(sent_at=now, state="sent")
    for role, count, score in (("user", 50, 9), ("buyer", 6, 3)):
        for row in Invitation.objects.filter(buying_role=role).select_related("account", "contact")[:count]:
            answered(row, score)
    return made


def test_the_page_shows_response_by_role_and_says_who_is_missing(heard: Programme, browser_of: Any) -> None:
    page = browser_of("analyst").get(f"/listen/programmes/{heard.code}/")
    named = {one.label: one.group for one in page.context["groups"]}
    assert (named["User"].steps.asked, named["User"].steps.answered) == (60, 50)
    assert (named["Buyer"].missing, named["User"].missing) == (True, False)
    assert "hears too little from: Buyer" in page.content.decode()
    assert "<b>83%</b>" in page.content.decode(), "50 of 60 users"
    weighted = page.context["weighted"]
    assert weighted.how in {"raking", "post-stratification"}
    # Buyers were 40 of 103 in the frame and 6 of 56 among the answers: weights lower the score.
    assert weighted.weighted.value < weighted.plain.value - 20
    assert weighted.design_effect > 1.2
    assert weighted.effective_n < 56
    assert "Approver" in page.context["silent"]


def test_others_see_only_their_own_customers_in_it(heard: Programme, browser_of: Any) -> None:
    page = browser_of("account_manager").get(f"/listen/programmes/{heard.code}/")
    assert {one.label for one in page.context["groups"]} == {"Decision-maker", "Approver"}
    assert page.context["weighted"] is None
    listed = browser_of("account_manager").get(f"/listen/programmes/{heard.code}/people/").content.decode()
    assert "Tarnhelm" not in listed
    assert "Eva Hoekstra" in listed


def test_who_was_left_out_is_told_within_the_readers_scope(
    heard: Programme, cast: Any, browser_of: Any
) -> None:
    again = draw_sample(heard, now=timezone.now(), seed=2)
    address = f"/listen/programmes/{heard.code}/draws/{again.pk}/"
    assert "asked recently" in browser_of("cx_manager").get(address).content.decode()
    seen = browser_of("account_manager").get(address)
    assert {row.contact.name for row in seen.context["page"]} == {"Eva Hoekstra", "Joost Brandsma"}


def test_of_an_anonymous_programme_no_page_tells_who_answered(world: Any, cast: Any, browser_of: Any) -> None:
    people(world.tarnhelm, {"user": 12})
    made = programme(cast("cx_manager"), anonymous=True)
    draw_sample(made, now=timezone.now(), seed=1)
    client = browser_of("cx_manager")
    assert client.get(f"/listen/programmes/{made.code}/people/").status_code == 404
    page = client.get(f"/listen/programmes/{made.code}/")
    # Three others were asked besides: alone in their roles, they are not told apart.
    assert [(one.label, one.group.steps.asked) for one in page.context["groups"]] == [("not known", 15)]
    assert page.context["weighted"] is None


def test_totals_of_an_anonymous_programme_are_kept_from_who_sees_few_of_those_asked(
    world: Any, cast: Any, browser_of: Any
) -> None:
    made = programme(cast("cx_manager"), anonymous=True)
    draw_sample(made, now=timezone.now(), seed=1)
    row = Invitation.objects.get(contact=world.eva)
    row.state = Invitation.State.ANSWERED
    row.save()
    client = browser_of("account_manager")
    page = client.get(f"/listen/programmes/{made.code}/")
    assert (page.context["figures"], page.context["groups"]) == ([], [])
    assert "asked too few you may see" in page.content.decode()
    [listed] = client.get("/listen/programmes/").context["rows"]
    assert (listed.answered, listed.rate) == (0, None)


def test_a_partners_people_see_what_their_partner_sends(world: Any, cast: Any, browser_of: Any) -> None:
    version = published()
    programme(cast("cx_manager"), survey=version.survey, name="Ours")
    theirs = programme(
        cast("cx_manager"), survey=version.survey, name="Theirs", kind="partner", partner_id="kolding-dealer"
    )
    draw_sample(theirs, now=timezone.now(), seed=1)
    client = browser_of("partner_administrator")
    listed = client.get("/listen/programmes/").content.decode()
    assert "Theirs" in listed
    assert "Ours" not in listed
    page = client.get(f"/listen/programmes/{theirs.code}/")
    assert page.context["groups"][0].group.steps.asked == 1
    assert b"Start it" not in page.content


def test_incentives_are_earned_by_answering_and_reported(world: Any, cast: Any, browser_of: Any) -> None:
    made = programme(cast("cx_manager"), plan=Plan(incentive=Incentive(name="Voucher", value=10)))
    draw_sample(made, now=timezone.now(), seed=1)
    row = Invitation.objects.select_related("account", "contact").first()
    assert row is not None
    answered(row, 9)
    assert earn_rewards(row.responses.values_list("pk", flat=True), now=timezone.now()) == 1
    page = browser_of("cx_manager").get(f"/listen/programmes/{made.code}/")
    rewards = page.context["rewards"]
    assert (rewards.name, rewards.promised, rewards.earned, rewards.given) == ("Voucher", 3, 1, 0)
    assert rewards.cost.startswith("€10")
    assert b"3 promised, 1 earned" in page.content


def test_an_open_link_has_a_code_and_records_where_it_hangs(world: Any, cast: Any, browser_of: Any) -> None:
    client, made = browser_of("cx_manager"), programme(cast("cx_manager"))
    told = {"label": "Pump room 2", "channel": "qr", "product": "seal-kit"}
    client.post(f"/listen/programmes/{made.code}/links/", told)
    row = Invitation.objects.get()
    assert (row.place, row.open_link, row.label) == ({"product": "seal-kit"}, True, "Pump room 2")
    code = client.get(f"/listen/programmes/{made.code}/links/{row.pk}/svg/")
    assert code.content.startswith(b"<?xml")
    assert b"<svg" in code.content
    assert client.get(f"/listen/programmes/{made.code}/links/{row.pk}/png/").content[:4] == b"\x89PNG"


def test_programs_plan_start_draw_and_read(world: Any, cast: Any, browser_of: Any) -> None:
    api, survey = browser_of("analyst"), published().survey

    def send(method: str, path: str, body: Any = None) -> Any:
        return api.generic(method, f"/api/v1/{path}", json_of(body), content_type="application/json")

    made = send("POST", "programmes", {"name": "By program", "kind": "pulse", "survey": survey.code}).json()
    assert made["plan"]["sampling"]["size"] == 100
    wrong = send("PATCH", f"programmes/{made['code']}", {"plan": {"sampling": {"how": "simple"}}})
    assert wrong.status_code == 422
    assert "say how many people" in wrong.json()["detail"]
    assert send("GET", f"programmes/{made['code']}/expected").json()["drawn"] == 3
    assert send("POST", f"programmes/{made['code']}/draws", {}).status_code == 409
    assert send("POST", f"programmes/{made['code']}/start").json()["state"] == "running"
    drawn = send("POST", f"programmes/{made['code']}/draws", {"seed": 7}).json()
    assert (drawn["seed"], drawn["drawn"]) == (7, 3)
    groups = send("GET", f"programmes/{made['code']}/progress?by=region").json()["groups"]
    assert {group["name"]: group["asked"] for group in groups} == {"benelux": 2, "nordics": 1}
    assert send("PUT", "rest-rule", {"contact_days": 60}).json()["contact_days"] == 60
    assert send("PUT", "rest-rule", {"contact_days": -1}).status_code == 422


def json_of(body: Any) -> bytes:
    return json.dumps(body or {}).encode()


def test_addresses_are_suppressed_and_allowed_by_hand(world: Any, cast: Any, browser_of: Any) -> None:
    client = browser_of("cx_manager")
    client.post("/listen/programmes/suppressed/", {"email": "Eva@Veldhuis.example", "detail": "asked us"})
    row = Suppression.objects.get()
    assert (row.email, row.reason) == ("eva@veldhuis.example", "by_hand")
    client.post(f"/listen/programmes/suppressed/{row.pk}/lift/")
    assert not Suppression.objects.in_force().exists()


def test_sizes_of_the_whole_frame_are_told_only_to_who_sees_every_customer(
    world: Any, cast: Any, browser_of: Callable[[str], Client]
) -> None:
    people(world.tarnhelm, {"user": 60})
    made, manager = programme(cast("administrator"), state="draft"), cast("cx_manager")
    client = browser_of("cx_manager")
    pages = f"/listen/programmes/{made.code}/plan/", f"/api/v1/programmes/{made.code}/expected"
    assert "Frame:" in client.get(pages[0]).content.decode()
    assert client.get(pages[1]).json()["frame"] > 60
    manager.reach = "granted"
    manager.save()
    assert "Frame:" not in client.get(pages[0]).content.decode()
    told = client.get(pages[1]).json()
    assert (told["frame"], told["strata"], told["left_out"], told["unknown_roles"]) == (0, [], {}, {})
