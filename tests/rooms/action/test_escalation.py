"""What is too much for an owner goes up: by time, by words, by a person; and on, until somebody takes it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.cast import World
from tests.rooms.action.cases import Cast, answer, make_case

from rapport.kernel.jobs.worker import run_pending_jobs
from rapport.kernel.models import OutgoingMail
from rapport.rooms.action.models import Case, CaseEvent, Escalation, EscalationLevel
from rapport.rooms.action.selectors.escalations import leadership_list, open_escalations
from rapport.rooms.action.services.escalation import (
    acknowledge_escalation,
    climb,
    end_escalation,
    escalate,
    escalate_overdue,
)
from rapport.rooms.action.services.evaluate import evaluate_rules
from rapport.rooms.action.services.steps import StepRefused, close_case, reopen_case, tell_customer
from rapport.rooms.signals.api import NewComment, record_signal

MONDAY = datetime(2026, 9, 14, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def levels(world: World, cast: Cast) -> list[EscalationLevel]:
    """Two levels: the service lead, by eight hours or for words, and above the executive, on the list."""
    low = EscalationLevel.objects.create(
        number=1,
        name="Service lead",
        responder=cast("service_lead"),
        after_hours=8,
        tiers=["A"],
        acknowledge_minutes=30,
    )
    high = EscalationLevel.objects.create(
        number=2,
        name="Board",
        responder=cast("executive"),
        words="accident\nverletzt\nplant  stands still",
        acknowledge_minutes=60,
        on_list=True,
    )
    return [low, high]


def called() -> list[str]:
    mails = OutgoingMail.objects.filter(dedupe_key__startswith="escalation:").order_by("pk")
    return list(mails.values_list("to", flat=True))


def hear(text: str, **changes: Any) -> list[Case]:
    comments = (NewComment(text, "en"),)
    done = record_signal(
        answer(comments=comments, occurred_at=MONDAY, **changes), author=None, now=MONDAY, live=False
    )
    return evaluate_rules([done.signal_id], now=MONDAY)


def test_a_case_overdue_by_enough_working_hours_goes_up_once(
    world: World, cast: Cast, levels: list[EscalationLevel]
) -> None:
    case = make_case(cast, now=MONDAY)  # due on Monday at 17:00
    late = case.due_at + timedelta(days=1)
    assert escalate_overdue(now=late - timedelta(minutes=1)) == 0
    for minutes in (0, 1, -30, 2, 600):
        escalate_overdue(now=late + timedelta(minutes=minutes))
    assert called() == [cast("service_lead").email]
    assert Escalation.objects.get().reason == "time"


def test_a_customer_of_another_tier_does_not_go_up_by_itself(
    world: World, cast: Cast, levels: list[EscalationLevel]
) -> None:
    make_case(cast, now=MONDAY, contact="mikkel@kestrel.example")
    assert escalate_overdue(now=MONDAY + timedelta(days=30)) == 0


@pytest.mark.parametrize(
    "text", ["There was an ACCIDENT here.", "Jemand ist verletzt!", "The plant stands\nstill"]
)
def test_words_that_call_for_it_reach_the_named_responder_at_once_also_without_a_rule(
    world: World, cast: Cast, levels: list[EscalationLevel], text: str
) -> None:
    [case] = hear(text, scores=())
    assert case.owner == cast("account_manager")
    assert called() == [cast("executive").email]
    assert Escalation.objects.get().words.lower() in " ".join(text.lower().split()) + "plant stands\nstill"
    assert hear(text, scores=()) == []
    assert called() == [cast("executive").email]


@pytest.mark.parametrize("text", ["No accidents so far", "All fine"])
def test_other_words_do_not(world: World, cast: Cast, levels: list[EscalationLevel], text: str) -> None:
    assert hear(text, scores=()) == []
    assert called() == []


def test_an_extreme_event_that_nobody_acknowledges_climbs_to_the_top_and_says_so(
    world: World, cast: Cast, levels: list[EscalationLevel]
) -> None:
    case = make_case(cast, now=MONDAY)
    escalate(case, by=cast("account_manager"), words="He shouts", now=MONDAY)
    steps = [29, 30, 31, 10, 89, 90, 91, 300]
    passed = [climb(now=MONDAY + timedelta(minutes=minutes)) for minutes in steps]
    assert passed == [0, 1, 0, 0, 0, 1, 0, 0]
    assert called() == [cast("service_lead").email, cast("executive").email]
    [row] = leadership_list(cast("executive"))
    assert (row.unanswered, row.number) == (True, 2)
    assert CaseEvent.objects.filter(kind="unanswered").count() == 1


def test_only_who_was_called_takes_it_on_and_then_nobody_else_is_called(
    world: World, cast: Cast, levels: list[EscalationLevel]
) -> None:
    case = make_case(cast, now=MONDAY)
    escalation = escalate(case, by=cast("account_manager"), words="He shouts", now=MONDAY)
    with pytest.raises(StepRefused, match="Only who was called"):
        acknowledge_escalation(escalation, by=cast("account_manager"), now=MONDAY)
    acknowledge_escalation(escalation, by=cast("service_lead"), now=MONDAY + timedelta(minutes=5))
    assert climb(now=MONDAY + timedelta(days=3)) == 0
    assert called() == [cast("service_lead").email]


def test_whoever_is_called_sees_the_case_whatever_their_reach(
    world: World, cast: Cast, levels: list[EscalationLevel]
) -> None:
    levels[0].responder = cast("champion")
    levels[0].save()
    case = make_case(cast, now=MONDAY, contact="mikkel@kestrel.example")
    assert not Case.objects.visible_to(cast("champion")).exists()
    escalate(case, by=cast("cx_manager"), words="He shouts", now=MONDAY)
    assert [row.case_code for row in open_escalations(cast("champion"))] == [case.code]


def test_it_ends_with_a_page_that_goes_to_everybody_who_was_called(
    world: World, cast: Cast, levels: list[EscalationLevel]
) -> None:
    case = make_case(cast, now=MONDAY)
    escalation = escalate(case, by=cast("account_manager"), words="He shouts", now=MONDAY)
    parts: dict[str, Any] = {"happened": "Late", "did": "Rang", "changes": "One owner a date"}
    lead = cast("service_lead")
    with pytest.raises(StepRefused, match="Nobody has taken it on"):
        end_escalation(escalation, by=lead, now=MONDAY, **parts)
    acknowledge_escalation(escalation, by=lead, now=MONDAY)
    with pytest.raises(StepRefused, match="what changes for good"):
        end_escalation(escalation, by=lead, now=MONDAY, **(parts | {"changes": " "}))
    end_escalation(escalation, by=lead, now=MONDAY, **parts)
    pages = OutgoingMail.objects.filter(dedupe_key__startswith="escalation-over:")
    assert set(pages.values_list("to", flat=True)) == {cast("executive").email, cast("account_manager").email}
    assert "One owner a date" in pages[0].text
    assert leadership_list(cast("executive")) == []


def test_a_case_opened_again_and_late_again_goes_up_again(
    world: World, cast: Cast, levels: list[EscalationLevel]
) -> None:
    case = make_case(cast, now=MONDAY)
    late = MONDAY + timedelta(days=3)
    assert escalate_overdue(now=late) == 1
    escalation = Escalation.objects.get()
    acknowledge_escalation(escalation, by=cast("service_lead"), now=late)
    end_escalation(escalation, by=cast("service_lead"), happened="a", did="b", changes="c", now=late)
    assert escalate_overdue(now=late + HOUR) == 0
    owner = cast("account_manager")
    tell_customer(case, by=owner, how="email", words="Sorry", told_at=late, now=late)
    close_case(case, by=owner, resolution="ok", now=late)
    reopen_case(case, by=owner, reason="again", now=late)
    assert escalate_overdue(now=late + timedelta(days=10)) == 1


def test_looking_at_the_page_changes_nothing_and_a_press_takes_it_on(
    world: World, cast: Cast, levels: list[EscalationLevel], browser_of: Any
) -> None:
    case = make_case(cast)
    client = browser_of("account_manager")
    client.post(f"/act/cases/{case.code}/escalate/", {"words": "He shouts"})
    escalation = Escalation.objects.get()
    lead, at = browser_of("service_lead"), f"/act/escalations/{escalation.code}/"
    assert "Take it on" in lead.get(at).content.decode()
    assert lead.get(f"{at}take/").status_code == 405
    assert escalation.calls.get().acknowledged_at is None
    lead.post(f"{at}take/")
    assert escalation.calls.get().acknowledged_at is not None
    assert "Take it on" not in lead.get(at).content.decode()
    run_pending_jobs()


def test_programs_escalate_take_on_and_end(
    world: World, cast: Cast, levels: list[EscalationLevel], browser_of: Any
) -> None:
    case = make_case(cast)
    manager, lead = browser_of("cx_manager"), browser_of("service_lead")
    kind = "application/json"
    made = manager.post(f"/api/v1/cases/{case.code}/escalate", {"words": "Now"}, kind).json()
    assert lead.post(f"/api/v1/escalations/{made['code']}/acknowledge", {}, kind).json()["taken_on_by"]
    page = {"what_happened": "a", "what_we_did": "b", "what_changes": "c"}
    assert manager.post(f"/api/v1/escalations/{made['code']}/end", page, kind).json()["ended_at"]
    refused = manager.post(f"/api/v1/escalations/{made['code']}/end", page, kind)
    assert (refused.status_code, "over already" in refused.json()["detail"]) == (409, True)
    level = {"number": 3, "name": "Owner", "responder": "nobody@halden.example"}
    assert manager.put("/api/v1/escalation-levels", level, kind).status_code == 422
