"""Rules as pages show them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Q
from django.urls import reverse

from rapport.rooms.action.conditions import load_names
from rapport.rooms.action.models import Case, Rule
from rapport.rooms.action.rules import sentence_of


@dataclass(frozen=True)
class RuleRow:
    """One rule in the list."""

    code: str
    name: str
    url: str
    active: bool
    version: int
    sentence: str
    cases: int
    open: int


@dataclass(frozen=True)
class RuleVersion:
    """A rule as it read once."""

    version: int
    at: datetime
    sentence: str


def rule_rows() -> list[RuleRow]:
    """Return every rule, read back, with how many cases it raised."""
    names = load_names()
    rules = Rule.objects.select_related("assignee", "fallback", "playbook").annotate(
        raised=Count("cases"), still_open=Count("cases", filter=~Q(cases__state=Case.State.CLOSED))
    )
    ordered = rules.order_by("-active", "name", "pk")
    return [_row(rule, sentence_of(rule, names)) for rule in ordered]


def _row(rule: Any, sentence: str) -> RuleRow:
    return RuleRow(
        code=rule.code,
        name=rule.name,
        url=reverse("action:rule", args=[rule.code]),
        active=rule.active,
        version=rule.version,
        sentence=sentence,
        cases=rule.raised,
        open=rule.still_open,
    )


def rule_versions(rule: Rule) -> tuple[RuleVersion, ...]:
    """Return how a rule read before, newest first, from its history."""
    names = load_names()
    history: Any = rule
    seen: dict[int, RuleVersion] = {}
    for event in history.events.select_related("assignee", "fallback", "playbook").order_by("pgh_id"):
        seen[event.version] = RuleVersion(event.version, event.pgh_created_at, sentence_of(event, names))
    seen.pop(rule.version, None)
    return tuple(reversed(seen.values()))
