"""Everything the page of one case shows."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from rapport.kernel.models import User
from rapport.rooms.accounts.models import Account
from rapport.rooms.action.models import (
    Case,
    CaseEvent,
    CaseNote,
    CaseTask,
    Escalation,
    Improvement,
    Playbook,
    Promise,
    Telling,
)
from rapport.rooms.action.selectors.complaints import Track, track_of
from rapport.rooms.action.selectors.feelings import FeelingsAt, feelings_at
from rapport.rooms.action.selectors.reading import (
    UNTOLD,
    Clock,
    ShownScore,
    clocks_of,
    first_signal,
    shown_scores,
    signals_of,
    with_causes,
    worst_score,
)
from rapport.rooms.action.services.due import load_holidays
from rapport.rooms.signals.api import FEELINGS
from rapport.rooms.signals.models import Signal

MOST_OFFERED = 50


@dataclass(frozen=True)
class ShownWords:
    """What somebody said, in their language."""

    text: str
    language: str


@dataclass(frozen=True)
class ShownSignal:
    """A signal as the case shows it: the very words first."""

    words: tuple[ShownWords, ...]
    scores: tuple[ShownScore, ...]
    mood: str
    base: str
    feelings: tuple[str, ...]
    at: datetime
    id: str


@dataclass(frozen=True)
class Step:
    """One step of the case and how far it got."""

    label: str
    note: str
    at: datetime | None
    done: bool
    current: bool


@dataclass(frozen=True)
class ShownEvent:
    """One thing that happened."""

    at: datetime
    label: str
    by: str
    words: str
    moved: str


@dataclass(frozen=True)
class CasePage:
    """What the page shows."""

    case: Case
    signals: tuple[ShownSignal, ...]
    score: ShownScore | None
    language: str
    steps: tuple[Step, ...]
    clocks: tuple[Clock, ...]
    role: str
    role_label: str
    notes: tuple[CaseNote, ...]
    events: tuple[ShownEvent, ...]
    other_rules: tuple[str, ...]
    account_visible: bool
    escalation: Escalation | None
    improvements: tuple[Improvement, ...]
    tellings: tuple[Telling, ...]
    tasks: tuple[CaseTask, ...]
    playbooks: tuple[Playbook, ...]
    promises: tuple[Promise, ...]
    offered: tuple[Improvement, ...]
    untold: bool
    watching: bool
    watchers: tuple[User, ...]
    feelings: FeelingsAt | None
    complaint: Track | None


def read_case_page(case: Case, user: User, *, now: datetime) -> CasePage:
    """Read a case with its causes, steps, notes and events in a fixed number of queries."""
    case = with_causes(Case.objects.filter(pk=case.pk)).select_related(
        "account", "contact", "owner", "rule", "opened_by", "touchpoint"
    )[0]
    signals = signals_of(case)
    raised = first_signal(case)
    events = list(case.events.select_related("by", "from_owner", "to_owner"))
    watchers = list(case.watchers.select_related("user"))
    days_off = load_holidays([case.region_id], since=case.opened_at.date()).of(case.region_id)
    shown = tuple(_signal(signal) for signal in signals)
    sentences = dict.fromkeys(cause.rule_sentence for cause in case.causes.all())
    return CasePage(
        case=case,
        signals=shown,
        score=worst_score(raised) if raised else None,
        language=shown[0].words[0].language if shown and shown[0].words else "",
        steps=_steps(case, events),
        clocks=clocks_of(case, days_off, now=now),
        role=raised.buying_role if raised else "",
        role_label=raised.get_buying_role_display() if raised else "",
        notes=tuple(case.notes.select_related("author")),
        events=tuple(_event(event) for event in reversed(events)),
        other_rules=tuple(text for text in sentences if text and text != case.rule_sentence),
        account_visible=case.account is not None
        and Account.objects.visible_to(user).filter(pk=case.account.pk).exists(),
        escalation=case.escalations.select_related("level__responder").order_by("-pk").first(),
        improvements=tuple(Improvement.objects.visible_to(user).filter(cases=case)),
        tasks=tuple(case.tasks.select_related("owner", "done_by", "playbook")),
        playbooks=tuple(Playbook.objects.filter(active=True).exclude(pk__in=case.tasks.values("playbook"))),
        tellings=tuple(case.tellings.filter(dropped_at=None)),
        promises=tuple(case.promises.select_related("owner")),
        offered=tuple(
            Improvement.objects.visible_to(user)
            .exclude(state=Improvement.State.DROPPED)
            .exclude(cases=case)
            .order_by("title")[:MOST_OFFERED]
        ),
        untold=case.state in UNTOLD,
        watching=any(row.user_id == user.pk for row in watchers),
        watchers=tuple(row.user for row in watchers),
        feelings=feelings_at(user, [case.touchpoint], now=now)[0] if case.touchpoint else None,
        complaint=track_of(case, now=now),
    )


def _signal(signal: Signal) -> ShownSignal:
    words = tuple(ShownWords(comment.text, comment.language) for comment in signal.comments.all())
    worst = worst_score(signal)
    labels = dict(FEELINGS)
    return ShownSignal(
        words=words,
        scores=tuple(shown_scores(signal)),
        mood=worst.mood if worst else "",
        base=_base(signal),
        feelings=tuple(str(labels.get(feeling, feeling)) for feeling in signal.emotions),
        at=signal.occurred_at,
        id=str(signal.pk),
    )


def _base(signal: Signal) -> str:
    places = [signal.touchpoint, signal.product]
    parts = [signal.get_kind_display(), *(str(place) for place in places if place)]
    return ", ".join(parts)


def _steps(case: Case, events: list[CaseEvent]) -> tuple[Step, ...]:
    by = {event.kind: event for event in events}
    order = [
        (_("Acknowledge"), CaseEvent.Kind.ACKNOWLEDGED, case.acknowledged_at, Case.State.OPEN),
        (_("Speak to the customer"), CaseEvent.Kind.CONTACTED, case.first_contact_at, ""),
        (_("Fix for this customer"), CaseEvent.Kind.FIXED, case.fixed_at, Case.State.ACKNOWLEDGED),
        (_("Tell the customer"), CaseEvent.Kind.TOLD, case.customer_told_at, Case.State.FIXED),
        (_("Ask: is it fixed?"), CaseEvent.Kind.CONFIRMED, case.confirmed_at, ""),
        (_("Close"), CaseEvent.Kind.CLOSED, case.closed_at, Case.State.TOLD),
    ]
    steps = []
    for label, kind, at, current in order:
        event = by.get(kind)
        person = str(event.by) if at and event and event.by else ""
        steps.append(Step(label, person, at, at is not None, case.state == current))
    return tuple(steps)


def _event(event: CaseEvent) -> ShownEvent:
    moved = ""
    if event.kind == CaseEvent.Kind.REASSIGNED:
        before = str(event.from_owner) if event.from_owner else _("nobody")
        moved = _("from %(before)s to %(after)s") % {"before": before, "after": event.to_owner}
    elif event.to_owner and event.by_id != event.to_owner_id:
        moved = _("to %(name)s") % {"name": event.to_owner}
    return ShownEvent(
        at=event.at,
        label=event.get_kind_display(),
        by=str(event.by) if event.by else "",
        words=event.words,
        moved=moved,
    )
