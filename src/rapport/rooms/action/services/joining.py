"""What comes later to a case that is open already: its customer found, another rule, more of the same."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from rapport.kernel.mail.queue import queue_mails
from rapport.rooms.accounts.models import Account
from rapport.rooms.action.models import Case, CaseCause, CaseEvent, Rule
from rapport.rooms.action.services import mails
from rapport.rooms.action.services.due import Holidays, allowed_by, due_times
from rapport.rooms.action.services.opening import Cause, asks_for_complaint, cause_row
from rapport.rooms.action.services.owners import Owners, Place
from rapport.rooms.signals.models import Signal

UNTOLD = (Case.State.OPEN, Case.State.ACKNOWLEDGED, Case.State.FIXED)


def join(case: Case, causes: Sequence[Cause], holidays: Holidays, now: datetime) -> None:
    """Note on a case that more rules agree; the strictest of them may make it due earlier."""
    CaseCause.objects.bulk_create(cause_row(case, cause, now) for cause in causes)
    CaseEvent.objects.bulk_create(
        CaseEvent(case=case, kind=CaseEvent.Kind.JOINED, at=now, words=cause.sentence) for cause in causes
    )
    _take_up(case, causes, now)
    rules = [cause.rule for cause in causes if cause.rule]
    if rules and case.state in UNTOLD and not case.reopened:
        _make_due_earlier(case, min(rules, key=lambda rule: rule.due_hours), holidays, now)


@dataclass(frozen=True)
class Trouble:
    """What makes two signals one trouble: the same customer, and there the same touchpoint and product.

    Where neither is known, it takes the same person.
    """

    account: int
    touchpoint: str | None
    product: str | None
    contact: int | None


def trouble_of(signal: Signal) -> Trouble | None:
    """Return which trouble a signal is about; None when its customer is not known."""
    if signal.account_id is None:
        return None
    known = signal.touchpoint_id or signal.product_id
    if not known and signal.contact_id is None:
        return None
    return Trouble(
        signal.account_id, signal.touchpoint_id, signal.product_id, None if known else signal.contact_id
    )


def open_troubles(troubles: Iterable[Trouble]) -> dict[Trouble, Case]:
    """Return the open cases whose customers still wait to be told, by their trouble; the newest counts.

    Their customers are held until the transaction ends, so that two evaluations of one customer's signals
    take turns and do not open two cases.
    """
    wanted = set(troubles)
    if not wanted:
        return {}
    accounts = sorted({trouble.account for trouble in wanted})
    list(
        Account.objects.select_for_update(no_key=True)
        .filter(pk__in=accounts)
        .order_by("pk")
        .values_list("pk", flat=True)
    )
    cases = (
        Case.objects.select_for_update(of=("self",))
        .filter(account__in=accounts, state__in=UNTOLD)
        .select_related("owner", "account", "rule__fallback")
        .order_by("pk")
    )
    found: dict[Trouble, Case] = {}
    for case in cases:
        assert case.account_id is not None
        known = case.touchpoint_id or case.product_id
        contact = None if known else case.contact_id
        found[Trouble(case.account_id, case.touchpoint_id, case.product_id, contact)] = case
    return {trouble: case for trouble, case in found.items() if trouble in wanted}


def join_more(case: Case, causes: Sequence[Cause], title: str, holidays: Holidays, now: datetime) -> None:
    """Put another signal of the same trouble on its case, and tell the owner."""
    CaseCause.objects.bulk_create(cause_row(case, cause, now) for cause in causes)
    signal_id = causes[0].signal_id
    CaseEvent.objects.create(
        case=case, kind=CaseEvent.Kind.MORE, at=now, words=title, once=f"more:{signal_id}"
    )
    _take_up(case, causes, now)
    rules = [cause.rule for cause in causes if cause.rule]
    if rules and not case.reopened:
        _make_due_earlier(case, min(rules, key=lambda rule: rule.due_hours), holidays, now)
    if case.owner:
        queue_mails([mails.about_more(case, case.owner, words=title, signal=str(signal_id))], now=now)


def _take_up(case: Case, causes: Sequence[Cause], now: datetime) -> None:
    """Handle a case as a complaint from now on where one of the rules that agree says so."""
    # Imported here because complaints open cases of their own, and those are joined here.
    from rapport.rooms.action.services.complaints import register_by_rules

    if case.state in UNTOLD and asks_for_complaint(causes):
        register_by_rules([case], now=now)


def _make_due_earlier(case: Case, rule: Rule, holidays: Holidays, now: datetime) -> None:
    due = due_times(
        now=case.opened_at,
        allowed=allowed_by(rule),
        owner=case.owner,
        region=case.region_id,
        holidays=holidays,
    )
    if due.due_at >= case.due_at:
        return
    case.due_at, case.remind_at, case.due_hours = due.due_at, due.remind_at, rule.due_hours
    case.save(update_fields=["due_at", "remind_at", "due_hours"])
    CaseEvent.objects.create(case=case, kind=CaseEvent.Kind.DUE_MOVED, at=now, due_at=case.due_at)


def find_customer(case: Case, signal: Signal, owners: Owners, now: datetime) -> None:
    """Give a case the customer and person its signal was matched with since.

    While nobody has touched it, it also goes to whom its rule would have given it.
    """
    unknown = case.account_id is None and signal.account_id is not None
    nameless = case.contact_id is None and signal.contact_id is not None
    if not (unknown or nameless):
        return
    case.account_id, case.contact_id = signal.account_id, case.contact_id or signal.contact_id
    case.account = signal.account
    case.region_id = case.region_id or signal.region_id
    case.team_id = signal.account.team_id if signal.account else None
    case.partner_id = case.partner_id or signal.partner_id
    case.save(update_fields=["account", "contact", "region", "partner", "team"])
    CaseEvent.objects.create(case=case, kind=CaseEvent.Kind.MATCHED, at=now, words=str(signal.account or ""))
    if unknown and case.state == Case.State.OPEN and case.rule and case.owner_id == case.rule.fallback_id:
        _give_to_owner(case, case.rule, owners, now)


def place_of(case: Case) -> Place:
    """Return where a case's customer met us."""
    return Place(case.touchpoint_id, case.product_id, case.region_id)


def _give_to_owner(case: Case, rule: Rule, owners: Owners, now: datetime) -> None:
    owner, before = owners.choose(rule, case.account, place_of(case)), case.owner
    if owner is None or owner == before:
        return
    case.owner = owner
    case.save(update_fields=["owner"])
    event = CaseEvent.objects.create(
        case=case, kind=CaseEvent.Kind.REASSIGNED, at=now, from_owner=before, to_owner=owner
    )
    queue_mails([mails.about_handing_on(case, owner, by=None, reason="", event=event.pk)], now=now)
