"""The rules Halden Flow works by, the cases of its last weeks, and what it has changed for good."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import F, Q
from numpy.random import Generator

from rapport.demo.story import SLOW_PARTNER, TROUBLED_REGION, TROUBLED_TOUCHPOINT, Calendar
from rapport.kernel.models import OutgoingMail, User
from rapport.rooms.action.models import Case, EscalationLevel, LetterTemplate, Responsibility, Rule
from rapport.rooms.action.services.escalation import acknowledge_escalation, escalate
from rapport.rooms.action.services.evaluate import evaluate_rules
from rapport.rooms.action.services.improving import (
    find_problem,
    finish_action,
    name_cause,
    plan_action,
    put_in_force,
    say_why,
)
from rapport.rooms.action.services.promises import keep, promise, publish
from rapport.rooms.action.services.recurrence import look_at
from rapport.rooms.action.services.rules import save_rule
from rapport.rooms.action.services.steps import acknowledge, close_case, record_fix, tell_customer
from rapport.rooms.action.services.telling import approve, draft, send
from rapport.rooms.catalog.models import Function, Metric, Region
from rapport.rooms.signals.models import Signal

LOOKED_BACK = timedelta(days=21)
RULES = (
    ("Tier A unhappy", {"score": {"metric": "nps", "test": "unhappy"}, "tier": ["A"]}, 8),
    ("Anybody angry", {"score": {"metric": "nps", "test": "at_most", "threshold": 3}}, 16),
    ("Service visit failed", {"score": {"metric": "csat", "test": "at_most", "threshold": 2}}, 16),
)
EXTREME_WORDS = ("plant stands still", "accident", "injured", "Unfall", "verletzt", "Werk steht")
LETTERS = {
    "en": (
        "You told us, and here is what we did",
        "Dear {name},\n\nyou told us: “{said}”\n\n{changed}\n\n"
        "Is it fixed for you? Please tell us here: {link}\n\n{company}",
    ),
    "de": (
        "Sie haben es uns gesagt, und das haben wir getan",
        "Guten Tag {name},\n\nSie sagten uns: „{said}“\n\n{changed}\n\n"
        "Ist es für Sie behoben? Bitte sagen Sie es uns hier: {link}\n\n{company}",
    ),
    "nl": (
        "U vertelde het ons, en dit deden wij",
        "Beste {name},\n\nu vertelde ons: “{said}”\n\n{changed}\n\n"
        "Is het voor u opgelost? Laat het ons hier weten: {link}\n\n{company}",
    ),
}
WHYS = (
    ("Kits left Venlo days late.", "Shipping log of six orders"),
    ("The stock was in the other depot.", "Depot split since the move"),
    ("The transfer was not seen as urgent.", "Interview, parts desk"),
    ("Transfers do not carry the promised date.", "Screen checked with IT"),
    ("No one owns the date once it is promised.", "Accepted by service and parts desk"),
)
CAUSES = (
    ("Planning", "Stock split over two depots", "proven", "Depot split since the move"),
    ("Supplier", "Six weeks from the seal maker", "ruled_out", "Kits were in stock"),
    ("Order desk", "Date typed by hand", "proven", "Screen checked with IT"),
    ("Carrier", "Border delay", "ruled_out", "Carrier's papers"),
    ("Systems", "No alert when a date moves", "proven", "Screen checked with IT"),
    ("Customer", "One contact for parts", "possible", ""),
    ("Planning", "Forecast ignores line stops", "possible", ""),
)
ACTIONS = (
    ("Order desk keeps the promised date", Decimal(4000)),
    ("Transfers carry the promised date", Decimal(12000)),
    ("A named owner of dates at each site", None),
)
PROMISES = (
    "Femke rings when the date moves",
    "A second pump on loan until Friday",
    "A call after the next delivery",
)


@transaction.atomic
def close_loops(rng: Generator, colleagues: dict[str, User], calendar: Calendar, now: datetime) -> None:
    """Write the rules and let the last weeks' answers raise their cases, each at its own time.

    In one transaction: a thousand small ones would wait for a thousand writes of the disk.
    """
    for name, conditions, hours in RULES:
        rule = Rule(name=name, conditions=conditions, due_hours=hours, fallback=colleagues["priya"])
        save_rule(rule, now=now - LOOKED_BACK)
    unhappy = Q(scores__metric="nps", scores__value__lte=6) | Q(scores__metric="csat", scores__value__lte=2)
    recent = Signal.objects.filter(unhappy, occurred_at__gt=now - LOOKED_BACK, anonymous=False)
    for signal_id, recorded_at in recent.order_by("occurred_at").values_list("pk", "recorded_at"):
        for case in evaluate_rules([signal_id], now=recorded_at):
            _work_on(rng, case, now)
    _share_out(colleagues)
    _go_up(colleagues, now)
    _write_back(colleagues, now)
    _make_it_last(colleagues, calendar, now)
    _promise(colleagues, now)
    # What would have gone out then is not sent today.
    OutgoingMail.objects.update(state=OutgoingMail.State.SENT, sent_at=F("queued_at"))


def _work_on(rng: Generator, case: Case, now: datetime) -> None:
    """Take a case as far as somebody diligent would have, by now."""
    owner = case.owner
    if owner is None:
        return
    steps = [case.opened_at + timedelta(hours=float(hours)) for hours in rng.uniform(1, 40, size=4).cumsum()]
    if steps[0] < now:
        acknowledge(case, by=owner, now=steps[0])
    if steps[1] < now:
        record_fix(case, by=owner, words="Sent what was missing by courier the same day.", now=steps[1])
    if steps[2] < now and rng.random() < 0.8:
        words = "Told what went wrong, and that it will not happen again."
        tell_customer(case, by=owner, how="telephone", words=words, told_at=steps[2], now=steps[2])
        if steps[3] < now:
            close_case(case, by=owner, resolution="The customer is content with the answer.", now=steps[3])


def _share_out(colleagues: dict[str, User]) -> None:
    """Say who looks after what."""
    Responsibility.objects.create(touchpoint_id="service-visit", colleague=colleagues["jonas"])
    Responsibility.objects.create(region_id=TROUBLED_REGION, colleague=colleagues["willem"])


def _go_up(colleagues: dict[str, User], now: datetime) -> None:
    """Set up the levels, and escalate two cases that wait: one taken on, one still to be."""
    lead = EscalationLevel.objects.create(
        number=1, name="Service lead", responder=colleagues["jonas"], after_hours=24, tiers=["A"]
    )
    EscalationLevel.objects.create(
        number=2,
        name="Board",
        responder=colleagues["karin"],
        acknowledge_minutes=240,
        words="\n".join(EXTREME_WORDS),
        on_list=True,
    )
    waiting = Case.objects.filter(state__in=["open", "acknowledged", "fixed"], owner__isnull=False)
    first, second = waiting.order_by("opened_at")[:2]
    taken = escalate(first, by=_owner(first), words="Rang twice, and is talking to a competitor.", now=now)
    acknowledge_escalation(taken, by=lead.responder, now=now)
    for words in ("The buyer wants a date from somebody who can keep it.", "Service has no date either."):
        escalate(second, by=_owner(second), words=words, now=now)


def _owner(case: Case) -> User:
    assert case.owner is not None
    return case.owner


def _write_back(colleagues: dict[str, User], now: datetime) -> None:
    """Approve the letters, and write back about one case that was answered."""
    for language, (subject, body) in LETTERS.items():
        row = LetterTemplate.objects.create(language=language, subject=subject, body=body)
        approve(row, by=colleagues["priya"], now=now)
    answered = Case.objects.filter(state="told", contact__email__gt="").order_by("-customer_told_at").first()
    if answered and answered.owner:
        words = {"en": "Your parts left by courier, and one colleague now owns the date."}
        made = draft(answered, words=words, by=answered.owner, now=now)
        send(made, by=answered.owner, now=now)


def _make_it_last(colleagues: dict[str, User], calendar: Calendar, now: datetime) -> None:
    """Tell the story of the depot: found, understood, changed, and judged by every week since."""
    shipped = calendar.fix_shipped
    began = _morning(calendar.depot_moved + timedelta(days=60))
    one = find_problem(
        title="One owner for every promised date",
        problem="Since the depot moved, parts come later than promised, and nobody tells the customer.",
        metric=Metric.objects.get(pk="nps"),
        places={"touchpoint": [TROUBLED_TOUCHPOINT], "region": [TROUBLED_REGION]},
        owner=colleagues["jonas"],
        function=Function.objects.filter(pk="operations").first(),
        by=colleagues["priya"],
        now=began,
    )
    for answer, evidence in WHYS:
        say_why(one, answer=answer, evidence=evidence)
    for family, text, standing, evidence in CAUSES:
        name_cause(one, family=family, text=text, standing=standing, evidence=evidence)
    for text, cost in ACTIONS:
        action = plan_action(one, text=text, owner=colleagues["jonas"], due_on=shipped, cost=cost)
        finish_action(action, on=shipped)
    put_in_force(one, on=shipped, since=calendar.depot_moved, expected_share=0.3, now=_morning(shipped))
    for week in range(2, (now.date() - shipped).days // 7 + 1):
        look_at(one, now=min(now, _morning(shipped + timedelta(weeks=week))))
    one.refresh_from_db()
    publish(
        one,
        you_said="Parts came later than you were told, and nobody rang.",
        we_did="One colleague now owns every promised date, and rings you the day it moves.",
        region=Region.objects.get(pk=TROUBLED_REGION),
        by=colleagues["priya"],
        now=now,
    )
    _next_problem(colleagues, now)


def _next_problem(colleagues: dict[str, User], now: datetime) -> None:
    """Begin on what a partner's customers tell."""
    one = find_problem(
        title="A technician who was there before",
        problem="Customers served by a partner explain the same plant to somebody new each time.",
        metric=Metric.objects.get(pk="nps"),
        places={"touchpoint": ["service-visit"], "partner": [SLOW_PARTNER]},
        owner=colleagues["signe"],
        function=Function.objects.filter(pk="maintenance").first(),
        by=colleagues["priya"],
        now=now - timedelta(days=20),
    )
    say_why(one, answer="Visits are given out by who is free.", evidence="Planning board, two weeks")
    due_on = now.date() + timedelta(days=21)
    plan_action(one, text="A first and a second technician a site", owner=one.owner, due_on=due_on, cost=None)


def _promise(colleagues: dict[str, User], now: datetime) -> None:
    """Make promises on a few of the cases; one was kept, one is late."""
    cases = Case.objects.filter(account__isnull=False, owner__isnull=False).order_by("-opened_at")[:3]
    for case, days, words in zip(cases, (4, -2, -6), PROMISES, strict=False):
        assert case.account is not None
        one = promise(
            account=case.account,
            contact=case.contact,
            case=case,
            words=words,
            owner=_owner(case),
            due_on=now.date() + timedelta(days=days),
            by=_owner(case),
            now=now - timedelta(days=8),
        )
        if days == -6:
            keep(one, on=one.due_on, outcome="Rang on the day.")


def _morning(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 6, tzinfo=UTC)
