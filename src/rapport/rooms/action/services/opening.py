"""Opening cases: written whole, with their causes, their first events and the message to their owner."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from rapport.kernel.mail.queue import queue_mails
from rapport.kernel.models import User
from rapport.rooms.accounts.models import Account, Contact
from rapport.rooms.action.models import Case, CaseCause, CaseEvent, Rule
from rapport.rooms.action.services import mails
from rapport.rooms.action.services.due import Allowed, DueTimes, due_times, load_holidays


@dataclass(frozen=True)
class Cause:
    """A rule that a signal met, with the rule read back as it was then."""

    signal_id: UUID
    rule: Rule | None
    sentence: str = ""


@dataclass(frozen=True)
class Opening:
    """A case to open; the first cause is the one that set its time."""

    title: str
    account: Account | None
    contact: Contact | None
    region: str | None
    partner: str | None
    owner: User | None
    due: DueTimes
    allowed: Allowed
    causes: tuple[Cause, ...]
    words: str = ""
    heard: str = ""
    opened_by: User | None = None
    touchpoint: str | None = None
    product: str | None = None


def write_openings(openings: Sequence[Opening], *, now: datetime) -> list[Case]:
    """Write cases, in the caller's transaction."""
    cases = Case.objects.bulk_create([_case(opening, now) for opening in openings])
    pairs = list(zip(openings, cases, strict=True))
    CaseCause.objects.bulk_create(
        cause_row(case, cause, now) for opening, case in pairs for cause in opening.causes
    )
    CaseEvent.objects.bulk_create(
        CaseEvent(
            case=case,
            kind=CaseEvent.Kind.OPENED,
            at=now,
            by=opening.opened_by,
            to_owner=opening.owner,
            words=case.rule_sentence,
            due_at=case.due_at,
            once="opened",
        )
        for opening, case in pairs
    )
    _start_playbooks(pairs, now)
    _register_complaints(pairs, now)
    queue_mails(
        [
            mails.about_opening(case, opening.owner, words=opening.words, heard=opening.heard)
            for opening, case in pairs
            if opening.owner and opening.owner != opening.opened_by
        ],
        now=now,
    )
    return cases


def _start_playbooks(pairs: Sequence[tuple[Opening, Case]], now: datetime) -> None:
    """Put the checklist of its rule's playbook on each new case."""
    # Imported here because playbooks are started on cases, and cases are opened here.
    from rapport.rooms.action.services.playbooks import put_on

    for opening, case in pairs:
        rule = opening.causes[0].rule if opening.causes else None
        book = rule.playbook if rule else None
        if book and book.active:
            put_on(case, book, list(book.steps.select_related("colleague")), by=None, now=now)


def _register_complaints(pairs: Sequence[tuple[Opening, Case]], now: datetime) -> None:
    """Take up as complaints the cases whose rules say so."""
    # Imported here because complaints are taken up on cases, and cases are opened here.
    from rapport.rooms.action.services.complaints import register_by_rules

    wanted = [case for opening, case in pairs if asks_for_complaint(opening.causes)]
    if wanted:
        register_by_rules(wanted, now=now)


def asks_for_complaint(causes: Sequence[Cause]) -> bool:
    """Say whether one of the rules wants its cases handled as complaints."""
    return any(cause.rule and cause.rule.as_complaint for cause in causes)


def cause_row(case: Case, cause: Cause, now: datetime) -> CaseCause:
    """Make the row that ties a signal and a rule to a case."""
    return CaseCause(
        case=case,
        signal_id=cause.signal_id,
        rule=cause.rule,
        rule_version=cause.rule.version if cause.rule else None,
        rule_sentence=cause.sentence,
        noted_at=now,
    )


def _case(opening: Opening, now: datetime) -> Case:
    first = opening.causes[0] if opening.causes else None
    rule = first.rule if first else None
    return Case(
        title=opening.title[:200],
        account=opening.account,
        contact=opening.contact,
        region_id=opening.region,
        partner_id=opening.partner,
        touchpoint_id=opening.touchpoint,
        product_id=opening.product,
        team_id=opening.account.team_id if opening.account else None,
        rule=rule,
        rule_version=rule.version if rule else None,
        rule_sentence=first.sentence if first else "",
        owner=opening.owner,
        opened_at=now,
        opened_by=opening.opened_by,
        due_at=opening.due.due_at,
        remind_at=opening.due.remind_at,
        time_zone=opening.due.time_zone,
        due_hours=opening.allowed.told,
        contact_due_at=opening.due.contact_at,
        confirm_due_at=opening.due.confirm_at,
        contact_hours=opening.allowed.contact,
        confirm_hours=opening.allowed.confirm,
    )


def open_case(
    *,
    title: str,
    account: Account,
    contact: Contact | None = None,
    owner: User,
    by: User,
    now: datetime,
    words: str = "",
    due_hours: int = 8,
    causes: tuple[Cause, ...] = (),
) -> Case:
    """Open a case by hand, for a colleague or oneself."""
    holidays = load_holidays([account.region_id], since=now.date())
    allowed = Allowed(told=due_hours, remind=min(2, due_hours - 1))
    due = due_times(now=now, allowed=allowed, owner=owner, region=account.region_id, holidays=holidays)
    opening = Opening(
        title=title,
        account=account,
        contact=contact,
        region=account.region_id,
        partner=account.partner_id,
        owner=owner,
        due=due,
        allowed=allowed,
        causes=causes,
        words=words,
        opened_by=by,
    )
    with transaction.atomic():
        return write_openings([opening], now=now)[0]
