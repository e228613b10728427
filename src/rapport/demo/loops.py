"""The rules Halden Flow works by, and the cases of its last weeks: most of them answered, some still open."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q
from numpy.random import Generator

from rapport.kernel.models import OutgoingMail, User
from rapport.rooms.action.models import Case, Rule
from rapport.rooms.action.services.evaluate import evaluate_rules
from rapport.rooms.action.services.rules import save_rule
from rapport.rooms.action.services.steps import acknowledge, close_case, record_fix, tell_customer
from rapport.rooms.signals.models import Signal

LOOKED_BACK = timedelta(days=21)
RULES = (
    ("Tier A unhappy", {"score": {"metric": "nps", "test": "unhappy"}, "tier": ["A"]}, 8),
    ("Anybody angry", {"score": {"metric": "nps", "test": "at_most", "threshold": 3}}, 16),
    ("Service visit failed", {"score": {"metric": "csat", "test": "at_most", "threshold": 2}}, 16),
)


@transaction.atomic
def close_loops(rng: Generator, colleagues: dict[str, User], now: datetime) -> None:
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
