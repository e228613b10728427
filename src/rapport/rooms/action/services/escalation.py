"""Escalation: who answers for a level is called, takes it on, or is passed by upwards; it ends summed up."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Exists, Max, OuterRef
from django.utils.translation import gettext as _

from rapport.kernel.mail.queue import queue_mails
from rapport.kernel.models import User
from rapport.kernel.roles import Permission
from rapport.rooms.action.models import Case, CaseEvent, Escalation, EscalationCall, EscalationLevel
from rapport.rooms.action.services import mails
from rapport.rooms.action.services.due import load_holidays
from rapport.rooms.action.services.steps import StepRefused, locked, note_event
from rapport.rooms.action.services.watching import tell_watchers
from rapport.rooms.action.working_hours import working_time_between
from rapport.rooms.signals.models import Signal

UNTOLD = (Case.State.OPEN, Case.State.ACKNOWLEDGED, Case.State.FIXED)
Reason = Escalation.Reason


def escalate(case: Case, *, by: User, words: str, now: datetime) -> Escalation:
    """Call the next level up; raise StepRefused without a reason, when closed, or at the highest level."""
    with transaction.atomic():
        case = locked(case)
        if case.is_closed:
            raise StepRefused(_("%(code)s is closed; open it again first.") % {"code": case.code})
        if not words.strip():
            raise StepRefused(_("Say why it has to go up."))
        level = _next_level(_level_of(case))
        if level is None:
            raise StepRefused(_("There is no higher level to call."))
        return _raise_to(case, level, reason=Reason.PERSON, words=words.strip(), by=by, now=now)


def _level_of(case: Case) -> int:
    found = Escalation.objects.open().filter(case=case).aggregate(level=Max("level__number"))
    return found["level"] or 0


def _next_level(number: int) -> EscalationLevel | None:
    levels = EscalationLevel.objects.filter(active=True, number__gt=number).select_related("responder")
    return levels.order_by("number").first()


def _raise_to(
    case: Case, level: EscalationLevel, *, reason: Reason, words: str, by: User | None, now: datetime
) -> Escalation:
    """Raise a case, in the caller's transaction, to a level above its own, and call who answers for it."""
    escalation, made = Escalation.objects.select_for_update(of=("self",)).get_or_create(
        case=case,
        ended_at=None,
        defaults={"level": level, "reason": reason, "words": words, "raised_at": now, "raised_by": by},
    )
    if not made:
        escalation.level, escalation.unanswered_at = level, None
        escalation.save(update_fields=["level", "unanswered_at"])
    _call(escalation, case, level, now)
    said = f"{level}. {Reason(reason).label}: {words}"
    event = note_event(case, CaseEvent.Kind.ESCALATED, by=by, now=now, words=said, to_owner=level.responder)
    tell_watchers(case, event, now=now)
    return escalation


def _call(escalation: Escalation, case: Case, level: EscalationLevel, now: datetime) -> None:
    call, made = EscalationCall.objects.get_or_create(
        escalation=escalation,
        level=level,
        defaults={
            "responder": level.responder,
            "called_at": now,
            "answer_by": now + timedelta(minutes=level.acknowledge_minutes),
        },
    )
    if made:
        queue_mails([mails.about_escalation(case, call.responder, escalation=escalation, call=call)], now=now)


def acknowledge_escalation(escalation: Escalation, *, by: User, now: datetime) -> Escalation:
    """Take it on; raise StepRefused for anybody who was not called, or when it was taken on before."""
    with transaction.atomic():
        escalation = _locked(escalation)
        if escalation.ended_at:
            raise StepRefused(_("%(code)s is over.") % {"code": escalation.code})
        calls = list(escalation.calls.select_related("responder"))
        if any(call.acknowledged_at for call in calls if call.level_id == escalation.level_id):
            raise StepRefused(_("It was taken on before."))
        mine = [call for call in calls if call.responder_id == by.pk]
        if not mine:
            names = ", ".join(str(call.responder) for call in calls)
            raise StepRefused(_("Only who was called can take it on: %(names)s.") % {"names": names})
        EscalationCall.objects.filter(pk=mine[-1].pk).update(acknowledged_at=now)
        EscalationCall.objects.filter(escalation=escalation, acknowledged_at=None, passed_by_at=None).update(
            passed_by_at=now
        )
        escalation.unanswered_at = None
        escalation.save(update_fields=["unanswered_at"])
        note_event(escalation.case, CaseEvent.Kind.TAKEN_ON, by=by, now=now, words=escalation.code)
    return escalation


def end_escalation(
    escalation: Escalation, *, by: User, happened: str, did: str, changes: str, now: datetime
) -> Escalation:
    """Sum up and end it, and send the page to everybody who was called.

    Raises StepRefused when nobody took it on, when it is over, when a part is missing, or for somebody who
    neither was called nor manages rules.
    """
    with transaction.atomic():
        escalation = _locked(escalation)
        calls = list(escalation.calls.select_related("responder"))
        called = {call.responder_id: call.responder for call in calls}
        _check_end(escalation, calls, by, (happened, did, changes))
        escalation.ended_at, escalation.ended_by = now, by
        escalation.what_happened, escalation.what_we_did = happened.strip(), did.strip()
        escalation.what_changes = changes.strip()
        escalation.save()
        event = note_event(escalation.case, CaseEvent.Kind.CALMED, by=by, now=now, words=changes)
        tell_watchers(escalation.case, event, now=now)
        readers = called | _leaders() | _pressed(escalation)
        letters = [mails.about_summary(escalation, to) for pk, to in readers.items() if pk != by.pk]
        queue_mails(letters, now=now)
    return escalation


def _check_end(
    escalation: Escalation, calls: Sequence[EscalationCall], by: User, parts: tuple[str, ...]
) -> None:
    if escalation.ended_at:
        raise StepRefused(_("%(code)s is over already.") % {"code": escalation.code})
    if not any(call.acknowledged_at for call in calls):
        raise StepRefused(_("Nobody has taken it on yet."))
    if by.pk not in {call.responder_id for call in calls} and not by.may(Permission.MANAGE_RULES):
        raise StepRefused(_("Only who was called, or who manages rules, can end it."))
    if not all(part.strip() for part in parts):
        raise StepRefused(_("Say what happened, what we did, and what changes for good."))


def _leaders() -> dict[int, User]:
    """Return who answers for the levels whose escalations leaders see."""
    levels = EscalationLevel.objects.filter(active=True, on_list=True).select_related("responder")
    return {level.responder_id: level.responder for level in levels if level.responder.is_active}


def _pressed(escalation: Escalation) -> dict[int, User]:
    by = escalation.raised_by
    return {by.pk: by} if by and by.is_active else {}


def _locked(escalation: Escalation) -> Escalation:
    rows = Escalation.objects.select_for_update(of=("self",)).select_related("case", "level", "raised_by")
    return rows.get(pk=escalation.pk)


def climb(*, now: datetime) -> int:
    """Pass by whoever did not answer in time, and call the next level; return how many were passed by."""
    late = EscalationCall.objects.filter(
        acknowledged_at=None, passed_by_at=None, answer_by__lte=now, escalation__ended_at=None
    )
    passed = 0
    for pk in list(late.order_by("answer_by").values_list("pk", flat=True)):
        passed += _pass_by(pk, now)
    return passed


def _pass_by(pk: int, now: datetime) -> int:
    with transaction.atomic():
        rows = EscalationCall.objects.select_for_update(of=("self",), skip_locked=True)
        call = rows.filter(pk=pk, acknowledged_at=None, passed_by_at=None).first()
        if call is None:
            return 0
        escalation = _locked(call.escalation)
        call.passed_by_at = now
        call.save(update_fields=["passed_by_at"])
        level = _next_level(escalation.level.number)
        if level is None:
            escalation.unanswered_at = now
            escalation.save(update_fields=["unanswered_at"])
            note_event(escalation.case, CaseEvent.Kind.UNANSWERED, by=None, now=now, words=escalation.code)
        else:
            words = _("%(name)s did not answer in time.") % {"name": call.responder}
            _raise_to(escalation.case, level, reason=Reason.TIME, words=words, by=None, now=now)
    return 1


def escalate_overdue(*, now: datetime) -> int:
    """Raise cases that are overdue by as many working hours as a level says; return how many."""
    raised = 0
    timed = EscalationLevel.objects.filter(active=True, after_hours__isnull=False).select_related("responder")
    for level in timed.order_by("number"):
        raised += sum(_raise_late(case, level, now) for case in _late_for(level, now))
    return raised


def _late_for(level: EscalationLevel, now: datetime) -> Iterable[Case]:
    """Return the cases late enough for a level and not there yet; working hours are never more than hours."""
    assert level.after_hours is not None
    cases = Case.objects.filter(state__in=UNTOLD, due_at__lte=now - timedelta(hours=level.after_hours))
    if level.tiers:
        cases = cases.filter(account__tier__in=level.tiers)
    there = Escalation.objects.open().filter(case=OuterRef("pk"), level__number__gte=level.number)
    called = EscalationCall.objects.filter(
        escalation__case=OuterRef("pk"), level=level, called_at__gte=OuterRef("due_at")
    )
    cases = cases.filter(~Exists(there), ~Exists(called))
    return cases.order_by("due_at")[:500]


def _raise_late(case: Case, level: EscalationLevel, now: datetime) -> int:
    off = load_holidays([case.region_id], since=case.due_at.date()).of(case.region_id)
    late = working_time_between(case.due_at, now, ZoneInfo(case.time_zone), off)
    if late < timedelta(hours=level.after_hours or 0):
        return 0
    with transaction.atomic():
        case = locked(case)
        if case.state not in UNTOLD or _level_of(case) >= level.number:
            return 0
        words = _("due %(due)s") % {"due": f"{case.due_at:%Y-%m-%d %H:%M} UTC"}
        _raise_to(case, level, reason=Reason.TIME, words=words, by=None, now=now)
    return 1


def word_levels() -> list[EscalationLevel]:
    """Return the levels that words lead to, the highest first."""
    levels = EscalationLevel.objects.filter(active=True).exclude(words="").select_related("responder")
    return list(levels.order_by("-number"))


def extreme_words(signal: Signal, levels: Sequence[EscalationLevel]) -> tuple[EscalationLevel, str] | None:
    """Return the highest level whose words a signal holds, and the words."""
    said = " ".join(comment.text for comment in signal.comments.all())
    tier = signal.account.tier if signal.account else ""
    for level in levels:
        if level.tiers and tier not in level.tiers:
            continue
        found = _pattern(level.words).search(said)
        if found:
            return level, found[0]
    return None


@lru_cache(maxsize=100)
def _pattern(words: str) -> re.Pattern[str]:
    """Match any of the lines as whole words, whatever their case and the spaces between them."""
    phrases = [r"\s+".join(map(re.escape, line.split())) for line in words.splitlines() if line.strip()]
    return re.compile(rf"(?<!\w)(?:{'|'.join(phrases) or '(?!)'})(?!\w)", re.IGNORECASE)


def raise_extreme(case: Case, signal: Signal, level: EscalationLevel, words: str, *, now: datetime) -> None:
    """Raise a case to the level whose words its signal holds, once a signal, in the caller's transaction."""
    once = f"extreme:{signal.pk}"
    if CaseEvent.objects.filter(case=case, once=once).exists():
        return
    CaseEvent.objects.create(case=case, kind=CaseEvent.Kind.EXTREME, at=now, words=words, once=once)
    if _level_of(case) < level.number and not case.is_closed:
        _raise_to(case, level, reason=Reason.WORDS, words=words, by=None, now=now)
