"""What was told to whom, what they answered, and which promises were kept."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, F, Q

from rapport.kernel.models import OutgoingMail, User
from rapport.rooms.action.models import Promise, Recipient, Telling
from rapport.stats import Estimate, share_from_counts


@dataclass(frozen=True)
class LetterRow:
    """One person's letter and what became of it."""

    contact: str
    contact_code: str
    account: str
    language: str
    subject: str
    text: str
    mail: str
    seen_at: datetime | None
    answered: bool
    fixed: bool | None
    words: str


@dataclass(frozen=True)
class PromiseFigures:
    """How many promises wait, how many are late, and what share of the settled or late ones was kept."""

    open: int
    late: int
    kept: Estimate


def letters_of(telling: Telling) -> list[LetterRow]:
    """Return the letters of a round, with what the mail server said."""
    recipients = list(telling.recipients.select_related("contact__account"))
    keys = {f"telling:{one.telling_id}:{one.contact_id}": one.pk for one in recipients}
    mails = {
        keys[mail.dedupe_key]: str(mail.get_state_display())
        for mail in OutgoingMail.objects.filter(dedupe_key__in=keys)
    }
    return [_row(one, mails.get(one.pk, "")) for one in recipients]


def _row(one: Recipient, mail: str) -> LetterRow:
    return LetterRow(
        contact=one.contact.name,
        contact_code=one.contact.code,
        account=one.contact.account.name,
        language=one.language,
        subject=one.subject,
        text=one.text,
        mail=mail,
        seen_at=one.seen_at,
        answered=one.answered_at is not None,
        fixed=one.fixed,
        words=one.words,
    )


def seen_share(telling: Telling) -> Estimate:
    """Return what share of the letters was seen, as far as anybody told."""
    counts = telling.recipients.aggregate(sent=Count("pk"), seen=Count("pk", filter=Q(seen_at__isnull=False)))
    return share_from_counts(counts["seen"], counts["sent"])


def fixed_share(telling: Telling) -> Estimate:
    """Return what share of those who answered say it is fixed."""
    counts = telling.recipients.aggregate(
        answered=Count("pk", filter=Q(answered_at__isnull=False)), fixed=Count("pk", filter=Q(fixed=True))
    )
    return share_from_counts(counts["fixed"], counts["answered"])


def promise_figures(user: User, *, today: date) -> PromiseFigures:
    """Count the promises a user may see; one kept after its day, or late and waiting, was not kept."""
    waiting = Q(kept_on=None, broken_on=None)
    found = Promise.objects.visible_to(user).aggregate(
        open=Count("pk", filter=waiting),
        late=Count("pk", filter=waiting & Q(due_on__lt=today)),
        kept=Count("pk", filter=Q(kept_on__lte=F("due_on"))),
        judged=Count("pk", filter=~waiting | Q(due_on__lt=today)),
    )
    return PromiseFigures(found["open"], found["late"], share_from_counts(found["kept"], found["judged"]))
