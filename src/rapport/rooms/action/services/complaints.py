"""The formal track of a complaint: registered, confirmed, looked into, decided, put right, taken outside."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils import formats, timezone, translation
from django.utils.translation import gettext as _

from rapport.kernel.environment import environment
from rapport.kernel.mail.queue import NewMail, queue_mails
from rapport.kernel.models import User
from rapport.rooms.accounts.models import Account, Contact
from rapport.rooms.action.models import (
    Case,
    CaseEvent,
    Complaint,
    ComplaintCategory,
    ComplaintTerm,
    Finding,
    LetterText,
    Remedy,
    Severity,
)
from rapport.rooms.action.services import letters, mails
from rapport.rooms.action.services.due import load_holidays
from rapport.rooms.action.services.opening import Cause, open_case
from rapport.rooms.action.services.steps import StepRefused, locked, note_event
from rapport.rooms.action.services.telling import why_not_written_to
from rapport.rooms.action.working_hours import add_working_time
from rapport.rooms.signals.api import NewComment, NewSignal, record_signal

Kind = CaseEvent.Kind
SOURCE = "rapport-complaint"
SAID_LENGTH = 400
BATCH = 200
# What a house has until it writes its own: a day and a week, less where more harm was done.
USUAL = {Severity.MINOR: (16, 80), Severity.SERIOUS: (8, 40), Severity.CRITICAL: (4, 16)}


@dataclass(frozen=True)
class Receipt:
    """How a complaint reached us and what it is."""

    how: str
    at: datetime
    severity: str = Severity.SERIOUS
    category: ComplaintCategory | None = None


def term_of(severity: str) -> ComplaintTerm:
    """Return the time a severity gives; the usual one where the house has written none."""
    if severity not in Severity.values:
        raise StepRefused(_("Choose how serious it is."))
    acknowledge, resolve = USUAL[Severity(severity)]
    found = ComplaintTerm.objects.filter(severity=severity).first()
    return found or ComplaintTerm(severity=severity, acknowledge_hours=acknowledge, resolve_hours=resolve)


def register(case: Case, receipt: Receipt, *, by: User | None, now: datetime) -> Complaint:
    """Take a case up as a complaint.

    Raises StepRefused when it is one already, is closed, or cannot have reached us then.
    """
    with transaction.atomic():
        case = locked(case)
        if case.is_closed:
            raise StepRefused(_("%(code)s is closed; open it again first.") % {"code": case.code})
        if Complaint.objects.filter(case=case).exists():
            raise StepRefused(_("%(code)s is handled as a complaint already.") % {"code": case.code})
        _check_receipt(receipt, now)
        complaint = Complaint.objects.create(registered_at=now, registered_by=by, **_fields(case, receipt))
        words = f"{complaint.get_received_how_display()}, {complaint.get_severity_display()}"
        note_event(case, Kind.COMPLAINT, by=by, now=now, words=words)
    return complaint


def _check_receipt(receipt: Receipt, now: datetime) -> None:
    if receipt.how not in Complaint.Way.values:
        raise StepRefused(_("Choose by which way it reached us."))
    if receipt.at > now:
        raise StepRefused(_("It cannot have reached us after now."))


def _fields(case: Case, receipt: Receipt) -> dict[str, object]:
    term = term_of(receipt.severity)
    off = load_holidays([case.region_id], since=receipt.at.date()).of(case.region_id)
    zone = ZoneInfo(case.time_zone)

    def after(hours: int) -> datetime:
        return add_working_time(receipt.at, timedelta(hours=hours), zone, off)

    return {
        "case": case,
        "received_at": receipt.at,
        "received_how": receipt.how,
        "category": receipt.category,
        "severity": receipt.severity,
        "acknowledge_due_at": after(term.acknowledge_hours),
        "resolve_due_at": after(term.resolve_hours),
    }


def register_by_rules(cases: Sequence[Case], *, now: datetime) -> None:
    """Take cases up as complaints because rules say so, in the caller's transaction."""
    known = set(Complaint.objects.filter(case__in=cases).values_list("case_id", flat=True))
    for case in cases:
        if case.pk not in known and not case.is_closed:
            register(case, Receipt(Complaint.Way.FEEDBACK, now), by=None, now=now)


def receive(
    *,
    account: Account,
    contact: Contact | None,
    words: str,
    receipt: Receipt,
    owner: User,
    by: User,
    now: datetime,
) -> Complaint:
    """Write down a complaint that reached a colleague: as feedback, as a case, and as a complaint.

    Raises StepRefused when words are missing or it cannot have reached us then.
    """
    if not words.strip():
        raise StepRefused(_("Write down what the customer complains about."))
    _check_receipt(receipt, now)
    term = term_of(receipt.severity)
    with transaction.atomic():
        new = NewSignal(
            kind="complaint",
            source=SOURCE,
            external_reference=f"{by.pk}-{now.timestamp()}",
            occurred_at=receipt.at,
            account=account.code,
            contact=contact.code if contact else "",
            comments=(NewComment(words.strip(), contact.language if contact else ""),),
        )
        # Rules that look at it later find its case and join it.
        recorded = record_signal(new, author=by, now=now)
        case = open_case(
            title=_title(words),
            account=account,
            contact=contact,
            owner=owner,
            by=by,
            now=now,
            words=words.strip(),
            due_hours=term.resolve_hours,
            causes=(Cause(recorded.signal_id, None, ""),),
        )
        return register(case, receipt, by=by, now=now)


def _title(words: str) -> str:
    text = " ".join(words.split())
    return text if len(text) <= 90 else text[:90].rsplit(" ", 1)[0] + "…"


def receipt_letter(complaint: Complaint) -> tuple[Contact, letters.Filled]:
    """Return the letter of receipt as the customer would read it.

    Raises StepRefused when nobody can be written to, or when no letter is approved.
    """
    case = complaint.case
    person = case.contact
    if person is None:
        raise StepRefused(_("Nobody is named who could be written to; confirm the receipt another way."))
    person = person.merged_into or person
    reason = why_not_written_to(person)
    if reason:
        raise StepRefused(
            _("%(name)s %(reason)s; confirm the receipt another way.")
            % {"name": person.name, "reason": reason}
        )
    row = letters.words_for(LetterText.Purpose.RECEIPT, person)
    with translation.override(row.language), timezone.override(ZoneInfo(case.time_zone)):
        until = formats.date_format(timezone.localtime(complaint.resolve_due_at), "DATE_FORMAT")
    given = {
        "name": person.name,
        "said": _said(case),
        "code": case.code,
        "owner": str(case.owner) if case.owner else environment().company,
        "until": until,
        "company": environment().company,
    }
    return person, letters.fill(row, given)


def _said(case: Case) -> str:
    for cause in case.causes.select_related("signal").prefetch_related("signal__comments"):
        for comment in cause.signal.comments.all():
            text = " ".join(comment.text.split())
            return text if len(text) <= SAID_LENGTH else text[:SAID_LENGTH].rsplit(" ", 1)[0] + "…"
    return case.title


def send_receipt(complaint: Complaint, *, by: User, now: datetime) -> Complaint:
    """Send the letter of receipt, once; raise StepRefused when that is not possible."""
    with transaction.atomic():
        complaint = _held(complaint)
        _refuse_confirmed(complaint)
        person, letter = receipt_letter(complaint)
        key = f"complaint-receipt:{complaint.pk}"
        mail = NewMail(to=person.email, subject=letter.subject, text=letter.text, dedupe_key=key)
        queue_mails([mail], now=now)
        return _confirmed(complaint, Complaint.Way.EMAIL, letter.text, by=by, at=now, now=now)


def note_receipt(
    complaint: Complaint, *, how: str, words: str, at: datetime, by: User, now: datetime
) -> Complaint:
    """Write down that the receipt was confirmed another way; raise StepRefused when something is missing."""
    with transaction.atomic():
        complaint = _held(complaint)
        _refuse_confirmed(complaint)
        if how not in Complaint.Way.values or how in (Complaint.Way.FEEDBACK, Complaint.Way.OUTSIDE):
            raise StepRefused(_("Choose how the receipt was confirmed."))
        if not words.strip():
            raise StepRefused(_("Write down what the customer was told."))
        if not complaint.received_at <= at <= now:
            raise StepRefused(_("It cannot have been confirmed before it reached us, or after now."))
        return _confirmed(complaint, how, words.strip(), by=by, at=at, now=now)


def _refuse_confirmed(complaint: Complaint) -> None:
    if complaint.acknowledged_at:
        raise StepRefused(_("The receipt was confirmed before."))


def _confirmed(
    complaint: Complaint, how: str, words: str, *, by: User, at: datetime, now: datetime
) -> Complaint:
    complaint.acknowledged_at, complaint.acknowledged_how, complaint.acknowledged_words = at, how, words
    complaint.save(update_fields=["acknowledged_at", "acknowledged_how", "acknowledged_words"])
    case = complaint.case
    if case.state == Case.State.OPEN:
        case.state, case.acknowledged_at = Case.State.ACKNOWLEDGED, now
        case.save(update_fields=["state", "acknowledged_at"])
    said = f"{Complaint.Way(how).label}: {words}"
    note_event(case, Kind.RECEIPT, by=by, now=now, words=said)
    return complaint


def add_finding(complaint: Complaint, *, words: str, by: User, now: datetime) -> Finding:
    """Write down what was found out; raise StepRefused when it is empty or the case is closed."""
    with transaction.atomic():
        complaint = _open(complaint)
        if not words.strip():
            raise StepRefused(_("Write down what was found out."))
        found = Finding.objects.create(complaint=complaint, author=by, found_at=now, text=words.strip())
        note_event(complaint.case, Kind.FOUND, by=by, now=now, words=words)
    return found


def decide(
    complaint: Complaint, *, decision: str, reasons: str, root_cause: str, by: User, now: datetime
) -> Complaint:
    """Decide a complaint, with reasons; deciding again before the customer is told replaces it.

    Raises StepRefused when something is missing, or when the customer was told the decision.
    """
    with transaction.atomic():
        complaint = _open(complaint)
        if complaint.case.state == Case.State.TOLD:
            raise StepRefused(_("The customer was told the decision; open the case again to decide anew."))
        if decision not in Complaint.Decision.values:
            raise StepRefused(_("Choose a decision."))
        if not reasons.strip():
            raise StepRefused(_("Say why it was decided so; the customer is told."))
        complaint.decision, complaint.decision_reasons = decision, reasons.strip()
        complaint.root_cause, complaint.decided_at, complaint.decided_by = root_cause.strip(), now, by
        complaint.save()
        said = f"{complaint.get_decision_display()}: {reasons.strip()}"
        note_event(complaint.case, Kind.DECIDED, by=by, now=now, words=said)
    return complaint


def add_remedy(
    complaint: Complaint,
    *,
    kind: str,
    words: str,
    cost: Decimal | None,
    currency: str,
    by: User,
    now: datetime,
) -> Remedy:
    """Write down what the customer was given; raise StepRefused when something is missing."""
    with transaction.atomic():
        complaint = _open(complaint)
        if kind not in Remedy.Kind.values:
            raise StepRefused(_("Choose what kind of remedy it is."))
        if not words.strip():
            raise StepRefused(_("Say what the customer was given."))
        code = currency.strip().upper()
        if cost is not None and not (len(code) == 3 and code.isascii() and code.isalpha()):
            raise StepRefused(_("Give the currency of the cost in three letters, like EUR."))
        if cost is not None and not 0 <= cost < Decimal(10) ** 12:
            raise StepRefused(_("Give a cost that is not negative."))
        remedy = Remedy.objects.create(
            complaint=complaint,
            kind=kind,
            words=words.strip()[:300],
            cost=cost,
            currency=code if cost is not None else "",
            given_at=now,
            given_by=by,
        )
        said = f"{remedy.get_kind_display()}: {remedy.words}"
        note_event(complaint.case, Kind.REMEDIED, by=by, now=now, words=said)
    return remedy


def refer(complaint: Complaint, *, to: str, words: str, by: User, now: datetime) -> Complaint:
    """Write down that the customer took it outside, to whom; raise StepRefused when that is missing."""
    with transaction.atomic():
        complaint = _held(complaint)
        if not to.strip():
            raise StepRefused(_("Say to whom the customer took it."))
        complaint.referred_to, complaint.referred_words = to.strip()[:120], words.strip()
        complaint.referred_at = complaint.referred_at or now
        complaint.save(update_fields=["referred_to", "referred_words", "referred_at"])
        said = f"{complaint.referred_to}: {words.strip()}" if words.strip() else complaint.referred_to
        note_event(complaint.case, Kind.REFERRED, by=by, now=now, words=said)
    return complaint


def _held(complaint: Complaint) -> Complaint:
    """Hold the case and its complaint until the transaction ends."""
    case = locked(complaint.case)
    held = Complaint.objects.select_for_update(of=("self",)).get(pk=complaint.pk)
    held.case = case
    return held


def _open(complaint: Complaint) -> Complaint:
    held = _held(complaint)
    if held.case.is_closed:
        raise StepRefused(_("%(code)s is closed; open it again first.") % {"code": held.case.code})
    return held


def call_late_receipts(*, now: datetime) -> int:
    """Tell owners of complaints whose receipt is not confirmed in time, each once."""
    done = 0
    while True:
        with transaction.atomic():
            late = (
                Complaint.objects.filter(
                    acknowledged_at=None,
                    told_late_at=None,
                    acknowledge_due_at__lt=now,
                    case__customer_told_at=None,
                )
                .exclude(case__state=Case.State.CLOSED)
                .select_related("case__owner", "case__account")
                .select_for_update(skip_locked=True, of=("self",))
                .order_by("pk")
            )
            rows = list(late[:BATCH])
            for complaint in rows:
                _call_late(complaint, now)
        done += len(rows)
        if len(rows) < BATCH:
            return done


def _call_late(complaint: Complaint, now: datetime) -> None:
    case = complaint.case
    complaint.told_late_at = now
    complaint.save(update_fields=["told_late_at"])
    note_event(case, Kind.RECEIPT_LATE, by=None, now=now, to_owner=case.owner)
    if case.owner:
        queue_mails([mails.about_late_receipt(case, case.owner, complaint)], now=now)


def save_term(severity: str, *, acknowledge_hours: int, resolve_hours: int) -> ComplaintTerm:
    """Write within how many working hours complaints of a severity are confirmed and decided."""
    if severity not in Severity.values:
        raise StepRefused(_("Choose how serious it is."))
    if acknowledge_hours < 1 or resolve_hours < acknowledge_hours:
        raise StepRefused(_("Give at least one working hour, and no less to decide than to confirm."))
    row, _made = ComplaintTerm.objects.update_or_create(
        severity=severity,
        defaults={"acknowledge_hours": acknowledge_hours, "resolve_hours": resolve_hours},
    )
    return row
