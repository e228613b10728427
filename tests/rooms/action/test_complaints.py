"""A complaint is confirmed, looked into, decided with reasons, told, and counted as ISO 10002 asks."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from tests.cast import World
from tests.rooms.action.cases import Cast, answer, make_case, make_rule

from rapport.kernel.models import OutgoingMail
from rapport.rooms.action.models import Case, Complaint, ComplaintTerm, LetterText
from rapport.rooms.action.selectors.complaints import (
    ComplaintFilters,
    narrowed,
    register_sheet,
    row_of,
    with_answers,
    year_report,
)
from rapport.rooms.action.services import complaints, letters
from rapport.rooms.action.services.complaints import Receipt
from rapport.rooms.action.services.evaluate import evaluate_rules
from rapport.rooms.action.services.steps import (
    StepRefused,
    close_case,
    confirm_fixed,
    deny_fixed,
    tell_customer,
)
from rapport.rooms.signals.api import record_signal

# 9 in the morning in the owner's zone, a Monday.
MONDAY = datetime(2026, 9, 14, 9, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def letter(cast: Cast) -> LetterText:
    """Approve a letter of receipt in English."""
    row = LetterText.objects.create(
        purpose="receipt",
        language="en",
        subject="{code}",
        body="{name}, {code}, by {until}: {said} {company}",
    )
    letters.approve_text(row, by=cast("cx_manager"), now=MONDAY)
    return row


def complained(world: World, cast: Cast, *, at: datetime = MONDAY, **changes: Any) -> Complaint:
    """Return a complaint of Joost's, received by telephone."""
    owner = cast("account_manager")
    receipt = Receipt("telephone", at, **changes)
    words = "The pump stands still for the third time. Nobody rings."
    return complaints.receive(
        account=world.veldhuis,
        contact=world.joost,
        words=words,
        receipt=receipt,
        owner=owner,
        by=owner,
        now=at,
    )


def decided(one: Complaint, cast: Cast, decision: str, at: datetime) -> None:
    """Decide and tell the customer."""
    owner = cast("account_manager")
    complaints.decide(one, decision=decision, reasons="So", root_cause="No owner", by=owner, now=at)
    tell_customer(one.case, by=owner, how="telephone", words="Told", told_at=at, now=at)


def test_its_times_are_counted_in_working_hours_from_when_it_reached_us(world: World, cast: Cast) -> None:
    complaints.save_term("critical", acknowledge_hours=2, resolve_hours=10)
    one = complained(world, cast, severity="critical")
    assert one.case.time_zone == "UTC"
    assert one.acknowledge_due_at == MONDAY + 2 * HOUR
    # eight hours are worked on Monday, two more on Tuesday from 9 in the morning
    assert one.resolve_due_at == datetime(2026, 9, 15, 11, 0, tzinfo=UTC)
    assert one.case.causes.get().signal.kind == "complaint"


def test_the_receipt_goes_out_once_in_the_approved_words(
    world: World, cast: Cast, letter: LetterText
) -> None:
    one = complained(world, cast)
    complaints.send_receipt(one, by=cast("account_manager"), now=MONDAY + HOUR)
    with pytest.raises(StepRefused, match="before"):
        complaints.send_receipt(one, by=cast("account_manager"), now=MONDAY + HOUR)
    mail = OutgoingMail.objects.get(dedupe_key__startswith="complaint-receipt:")
    assert mail.to == "joost@veldhuis.example"
    assert mail.subject == one.case.code
    assert f"Joost Brandsma, {one.case.code}" in mail.text
    assert "third time" in mail.text
    one.case.refresh_from_db()
    assert one.case.state == Case.State.ACKNOWLEDGED


def test_who_asked_not_to_be_written_to_is_confirmed_another_way(
    world: World, cast: Cast, letter: LetterText
) -> None:
    one = complained(world, cast)
    world.joost.consent = "withdrawn"
    world.joost.save()
    owner = cast("account_manager")
    with pytest.raises(StepRefused, match="asked not to be written to"):
        complaints.send_receipt(one, by=owner, now=MONDAY)
    assert not OutgoingMail.objects.filter(to="joost@veldhuis.example").exists()
    complaints.note_receipt(one, how="telephone", words="Rang him", at=MONDAY, by=owner, now=MONDAY)
    one.refresh_from_db()
    assert (one.acknowledged_how, one.acknowledged_at) == ("telephone", MONDAY)


def test_words_that_nobody_approved_are_not_sent(world: World, cast: Cast) -> None:
    LetterText.objects.create(purpose="receipt", language="en", subject="s", body="{code}")
    with pytest.raises(StepRefused, match="approved"):
        complaints.send_receipt(complained(world, cast), by=cast("account_manager"), now=MONDAY)
    with pytest.raises(StepRefused, match="Nobody fills in"):
        letters.check_words("receipt", "{code} {link}")
    with pytest.raises(StepRefused, match="The letter needs"):
        letters.check_words("receipt", "no number")


def test_the_customer_is_told_only_after_a_decision_with_reasons(world: World, cast: Cast) -> None:
    one, owner = complained(world, cast), cast("account_manager")
    with pytest.raises(StepRefused, match="Decide"):
        tell_customer(one.case, by=owner, how="telephone", words="x", told_at=MONDAY, now=MONDAY)
    with pytest.raises(StepRefused, match="why"):
        complaints.decide(one, decision="upheld", reasons=" ", root_cause="", by=owner, now=MONDAY)
    decided(one, cast, "partly", MONDAY + HOUR)
    close_case(one.case, by=owner, resolution="Done", now=MONDAY + HOUR)
    with pytest.raises(StepRefused, match="closed"):
        complaints.add_finding(one, words="late thought", by=owner, now=MONDAY + HOUR)
    with pytest.raises(IntegrityError), transaction.atomic():
        Complaint.objects.filter(pk=one.pk).update(decision_reasons="")


def test_a_cost_needs_its_currency(world: World, cast: Cast) -> None:
    one, owner = complained(world, cast), cast("account_manager")
    paid = {"kind": "credit", "words": "A credit", "by": owner, "now": MONDAY}
    with pytest.raises(StepRefused, match="currency"):
        complaints.add_remedy(one, cost=Decimal(250), currency="", **paid)  # type: ignore[arg-type]
    remedy = complaints.add_remedy(one, cost=Decimal(250), currency="eur", **paid)  # type: ignore[arg-type]
    assert (remedy.cost, remedy.currency) == (250, "EUR")


def test_a_rule_opens_its_cases_as_complaints_also_when_it_agrees_later(world: World, cast: Cast) -> None:
    case = make_case(cast, now=MONDAY)
    assert not Complaint.objects.exists()
    make_rule(cast("cx_manager"), name="Complaint", as_complaint=True)
    signal = case.causes.get().signal_id
    assert evaluate_rules([signal], now=MONDAY + HOUR) == []
    assert Complaint.objects.get().case == case
    done = record_signal(answer(external_reference="t-9", occurred_at=MONDAY), author=None, now=MONDAY)
    [other] = evaluate_rules([done.signal_id], now=MONDAY)
    assert other.complaint.received_how == "feedback"
    assert evaluate_rules([done.signal_id], now=MONDAY) == []
    assert Complaint.objects.count() == 2


def test_the_owner_hears_once_that_a_receipt_is_late(world: World, cast: Cast) -> None:
    complained(world, cast)
    assert complaints.call_late_receipts(now=MONDAY + HOUR) == 0
    assert complaints.call_late_receipts(now=MONDAY + 2 * DAY) == 1
    assert complaints.call_late_receipts(now=MONDAY + 3 * DAY) == 0
    assert OutgoingMail.objects.filter(dedupe_key__startswith="complaint-late:").count() == 1


def test_the_register_is_narrowed_and_leaves_as_a_sheet_without_formulas(world: World, cast: Cast) -> None:
    one, two = complained(world, cast), complained(world, cast, severity="minor", at=MONDAY + HOUR)
    decided(one, cast, "upheld", MONDAY + HOUR)
    rows = Complaint.objects.all()
    now = MONDAY + 3 * DAY
    assert list(narrowed(rows, ComplaintFilters(steps=("told",)), now=now)) == [one]
    assert list(narrowed(rows, ComplaintFilters(steps=("receipt",), severities=("minor",)), now=now)) == [two]
    assert list(narrowed(rows, ComplaintFilters(late=True), now=now)) == [two]
    assert list(narrowed(rows, ComplaintFilters(years=("2025",)), now=now)) == []
    Case.objects.filter(pk=two.case.pk).update(title="=1+1")
    lines = list(register_sheet(row_of(row, now=now) for row in with_answers(rows)))
    assert len(lines) == 3
    assert "'=1+1" in lines[1]


def test_the_year_counts_each_with_its_base_and_says_who_did_not_answer(world: World, cast: Cast) -> None:
    owner = cast("account_manager")
    found = [complained(world, cast, at=MONDAY + n * HOUR / 60) for n in range(8)]
    for n, one in enumerate(found[:7]):
        decided(one, cast, "rejected" if n == 0 else "upheld", MONDAY + (n + 1) * HOUR)
    for one in found[:3]:
        confirm_fixed(one.case, by=owner, words="", now=MONDAY + DAY)
    deny_fixed(found[3].case, by=None, words="Still", now=MONDAY + DAY)
    paid = complaints.add_remedy(
        found[4], kind="refund", words="x", cost=Decimal("99.50"), currency="EUR", by=owner, now=MONDAY
    )
    report = year_report(cast("cx_manager"), 2026, now=MONDAY + 30 * DAY)
    year = report.now
    assert (year.received, year.decided, year.told, year.unanswered) == (8, 7, 7, 3)
    assert (year.satisfied.n, year.satisfied.value) == (4, 0.75)
    assert (year.upheld.n, round(year.upheld.value or 0, 4)) == (7, round(6 / 7, 4))
    # one was never told and its time is over; the one opened again waits again, and late
    assert (year.resolved_in_time.n, round((year.resolved_in_time.value or 0) * 8)) == (8, 6)
    assert year.resolve_hours.n == 6
    assert year.resolve_hours.value is not None
    assert year.reopened.n == 7
    assert [(one.amount, one.currency) for one in year.costs] == [(paid.cost, "EUR")]
    assert report.before.received == 0
    assert not report.changes.received.is_proven
    assert report.by_region[0].received == 8


def test_a_change_to_last_year_has_an_arrow_only_when_it_is_more_than_chance(
    world: World, cast: Cast
) -> None:
    for n in range(12):
        complained(world, cast, at=MONDAY + n * HOUR / 60)
    complained(world, cast, at=MONDAY - 365 * DAY)
    report = year_report(cast("cx_manager"), 2026, now=MONDAY + DAY)
    assert (report.now.received, report.before.received) == (12, 1)
    assert report.changes.received.is_proven
    Complaint.objects.filter(received_at__gte=MONDAY + 3 * HOUR / 60).update(received_at=MONDAY - 800 * DAY)
    report = year_report(cast("cx_manager"), 2026, now=MONDAY + DAY)
    assert (report.now.received, report.before.received) == (3, 1)
    assert not report.changes.received.is_proven


def test_nobody_counts_or_sees_complaints_outside_their_scope(world: World, cast: Cast) -> None:
    complained(world, cast)
    dealer = cast("partner_user")
    assert not Complaint.objects.visible_to(dealer).exists()
    assert year_report(dealer, 2026, now=MONDAY + DAY).now.received == 0


def test_times_that_make_no_sense_are_refused() -> None:
    with pytest.raises(StepRefused, match="no less"):
        complaints.save_term("minor", acknowledge_hours=8, resolve_hours=4)
    with pytest.raises(StepRefused, match="serious"):
        complaints.save_term("odd", acknowledge_hours=8, resolve_hours=40)


@pytest.mark.django_db
def test_usual_times_hold_until_the_house_writes_its_own() -> None:
    assert not ComplaintTerm.objects.exists()
    assert complaints.term_of("serious").resolve_hours == 40
