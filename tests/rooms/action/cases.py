"""What the tests of this room share: a rule, an unhappy answer, and a case made of both."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from django.utils import timezone

from rapport.kernel.models import User
from rapport.rooms.action.models import Case, Rule
from rapport.rooms.action.services.evaluate import evaluate_rules
from rapport.rooms.signals.api import NewComment, NewScore, NewSignal, record_signal

WORDS = "Third time this year the seal kits came later than promised. Nobody rang."
Cast = Callable[[str], User]


def answer(**changes: object) -> NewSignal:
    """Return Joost's unhappy answer, changed as asked."""
    given = NewSignal(
        kind="survey",
        source="tracking",
        external_reference="t-1",
        occurred_at=timezone.now(),
        contact="joost@veldhuis.example",
        scores=(NewScore("nps", 3),),
        comments=(NewComment(WORDS, "en"),),
    )
    return replace(given, **changes)  # type: ignore[arg-type]


def make_rule(fallback: User, **changes: object) -> Rule:
    """Write a rule that asks for a recommendation of 6 or lower, changed as asked."""
    fields: dict[str, object] = {
        "name": "Score 6 or lower",
        "conditions": {"score": {"metric": "nps", "test": "at_most", "threshold": 6}},
        "fallback": fallback,
        "joins_days": 0,
    }
    return Rule.objects.create(**(fields | changes))  # type: ignore[arg-type]


def make_case(cast: Cast, *, now: datetime | None = None, **changes: object) -> Case:
    """Record the answer and have the first rule (made if there is none) open its case."""
    moment = now or timezone.now()
    if not Rule.objects.exists():
        make_rule(cast("cx_manager"))
    given = answer(**({"occurred_at": moment} | changes))
    done = record_signal(given, author=None, now=moment)
    [case] = evaluate_rules([done.signal_id], now=moment)
    return case
