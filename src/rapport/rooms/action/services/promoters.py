"""Writing to promoters: whom, how often at most, in which approved words, and what they agree to."""

import secrets
import string
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from rapport.kernel.environment import environment
from rapport.kernel.mail.queue import NewMail, queue_mails
from rapport.kernel.models import User
from rapport.rooms.accounts.models import Account, Contact, Opportunity
from rapport.rooms.action.models import Ask, AskingLimits, AskKind, AskUse, Case, PromoterLetter
from rapport.rooms.action.services.steps import StepRefused
from rapport.rooms.action.services.telling import digest_of, language_of
from rapport.rooms.catalog.models import Product
from rapport.rooms.listening.api import suppressed_among
from rapport.rooms.signals.models import Signal

YEAR = timedelta(days=365)
PLACES = frozenset({"name", "said", "product", "company", "link"})
KEPT_WORDS = 4000
SAID_LENGTH = 300


@dataclass(frozen=True)
class Answer:
    """What somebody lets us do, or that they would rather not."""

    agreed: bool
    allowed: tuple[str, ...] = ()
    words: str = ""
    until: date | None = None


def check_words(kind: str, text: str) -> None:
    """Raise StepRefused when a letter asks for what nobody fills in, or cannot be answered."""
    try:
        asked = {name for _text, name, _spec, _turn in string.Formatter().parse(text) if name is not None}
    except ValueError as error:
        raise StepRefused(_("A brace is not closed; write {{ for a brace itself.")) from error
    unknown = sorted(asked - PLACES)
    if unknown:
        raise StepRefused(_("Nobody fills in {%(name)s}.") % {"name": unknown[0]})
    if kind == AskKind.THANKS and "link" in asked:
        raise StepRefused(_("A thank-you asks nothing, so that {link} leads nowhere; leave it out."))
    if kind != AskKind.THANKS and "link" not in asked:
        raise StepRefused(_("The letter needs {link}, where people say yes or no."))


def approve_letter(row: PromoterLetter, *, by: User, now: datetime) -> None:
    """Let the words be used; changed ones have to be approved again."""
    check_words(row.kind, row.body)
    row.approved_at, row.approved_by = now, by
    row.save(update_fields=["approved_at", "approved_by"])


def proposed(kind: str, language: str) -> dict[str, str]:
    """Propose words to begin with, in a language."""
    with translation.override(language):
        subject, body = _first_words(kind)
        return {"subject": subject, "body": body}


def _first_words(kind: str) -> tuple[str, str]:
    close = "\n\n{company}"
    ask = _("Please say yes or no here; you can take it back at any time: {link}")
    hello = _("Dear {name},\n\nyou told us: “{said}” Thank you.")
    wishes = {
        AskKind.THANKS: (_("Thank you"), _("Your words reached everybody who works for you.")),
        AskKind.REFERENCE: (
            _("Would you speak for us?"),
            _("May somebody who thinks of working with us ask you how it went?"),
        ),
        AskKind.REFERRAL: (
            _("Do you know somebody we could help?"),
            _("If somebody you know has the same task, would you introduce us?"),
        ),
        AskKind.CASE_STUDY: (
            _("May we write about our work together?"),
            _("We would like to tell how we work together; nothing appears before you have read it."),
        ),
        AskKind.QUOTE: (_("May we quote you?"), _("May we show your words to others, with your name?")),
    }
    subject, wish = wishes[AskKind(kind)]
    middle = wish if kind == AskKind.THANKS else f"{wish}\n\n{ask}"
    return str(subject), f"{hello}\n\n{middle}{close}"


def why_not(contact: Contact, kind: str, *, now: datetime) -> str:
    """Say why a person cannot be written to now; nothing when they can.

    Their own wishes come first, then whether their company waits for us, then rest and the year's cap.
    """
    limits = AskingLimits.current()
    return _unwilling(contact) or _waiting(contact) or _tired(contact, kind, limits, now)


def _unwilling(contact: Contact) -> str:
    if contact.consent == Contact.Consent.WITHDRAWN:
        return _("asked not to be written to")
    if contact.left_on:
        return _("left the company")
    if not contact.email:
        return _("no e-mail address known")
    if suppressed_among([contact.email]):
        return _("nothing is sent to this address: they unsubscribed, or mail came back")
    return ""


def _waiting(contact: Contact) -> str:
    if Case.objects.open().filter(account=contact.account_id).exists():
        return _("their company waits for an open case; solve that first")
    return ""


def _tired(contact: Contact, kind: str, limits: AskingLimits, now: datetime) -> str:
    last = Ask.objects.filter(contact=contact).order_by("-sent_at").values_list("sent_at", flat=True).first()
    rested = last + timedelta(days=limits.rest_days) if last else None
    if rested and rested > now:
        return _("written to a short while ago; rests until %(day)s") % {"day": rested.date().isoformat()}
    if kind == AskKind.THANKS:
        return ""
    asks = Ask.objects.filter(sent_at__gt=now - YEAR).exclude(kind=AskKind.THANKS)
    if asks.filter(contact=contact).count() >= limits.a_contact:
        return _("asked as often as one person is in a year")
    if asks.filter(account=contact.account_id).count() >= limits.an_account:
        return _("their company was asked as often as one customer is in a year")
    return ""


def letter_for(contact: Contact, kind: str) -> PromoterLetter | None:
    """Return the approved letter in a person's language, or in our own."""
    approved = PromoterLetter.objects.filter(kind=kind).exclude(approved_at=None)
    rows = {row.language: row for row in approved}
    return rows.get(language_of(contact)) or rows.get(settings.LANGUAGE_CODE)


def filled(row: PromoterLetter, contact: Contact, said: str, product: Product | None) -> tuple[str, str]:
    """Return subject and text as the person will read them; {link} becomes theirs when it is sent."""
    given = {
        "name": contact.name,
        "said": _shortened(said),
        "product": str(product) if product else "",
        "company": environment().company,
        "link": "{link}",
    }
    return _filled(row.subject, given)[:200], _filled(row.body, given)


def _filled(text: str, given: Mapping[str, str]) -> str:
    """Fill in by name only, so that no letter can reach into what it is given."""
    parts = []
    for literal, name, _spec, _turn in string.Formatter().parse(text):
        parts += [literal, given.get(name, "") if name else ""]
    return "".join(parts)


def _shortened(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= SAID_LENGTH else words[:SAID_LENGTH].rsplit(" ", 1)[0] + "…"


def write_to(
    contact: Contact,
    kind: str,
    *,
    signal: Signal | None,
    product: Product | None = None,
    by: User,
    now: datetime,
) -> Ask:
    """Send one letter; two colleagues at once take turns, so that no cap is passed.

    Raises StepRefused when the person is no promoter, cannot be written to now, or no letter is approved.
    """
    if signal is None:
        raise StepRefused(_("%(name)s is no promoter now.") % {"name": contact})
    with transaction.atomic():
        Account.objects.select_for_update(of=("self",), no_key=True).get(pk=contact.account_id)
        reason = why_not(contact, kind, now=now)
        if reason:
            raise StepRefused(
                _("%(name)s is not written to: %(reason)s.") % {"name": contact, "reason": reason}
            )
        row = letter_for(contact, kind)
        if row is None:
            raise StepRefused(
                _("No letter “%(kind)s” is approved yet, neither in their language nor in ours.")
                % {"kind": AskKind(kind).label}
            )
        said = next((comment.text for comment in signal.comments.all()), "")
        subject, text = filled(row, contact, said, product)
        return _send(contact, kind, signal, product, row.language, subject, text, by, now)


def _send(
    contact: Contact,
    kind: str,
    signal: Signal,
    product: Product | None,
    language: str,
    subject: str,
    text: str,
    by: User,
    now: datetime,
) -> Ask:
    token = secrets.token_urlsafe(32) if kind != AskKind.THANKS else ""
    one = Ask.objects.create(
        kind=kind,
        contact=contact,
        account_id=contact.account_id,
        product=product,
        signal=signal,
        language=language,
        subject=subject,
        text=text,
        digest=digest_of(token) if token else None,
        sent_at=now,
        sent_by=by,
    )
    link = f"{environment().base_url}/act/asked/{token}/"
    mail = NewMail(
        to=contact.email, subject=subject, text=text.replace("{link}", link), dedupe_key=f"ask:{one.pk}"
    )
    queue_mails([mail], now=now)
    return one


def record_answer(ask: Ask, answer: Answer, *, now: datetime) -> Ask:
    """Write down what somebody lets us do, or that they would rather not; the last word counts.

    Raises StepRefused for a yes without saying to what, or that ends before today.
    """
    if answer.agreed and not answer.allowed:
        raise StepRefused(_("Choose what we may do."))
    unknown = sorted(set(answer.allowed) - set(Ask.Allowed.values))
    if unknown:
        raise StepRefused(_("%(name)s is nothing one can agree to.") % {"name": unknown[0]})
    if answer.agreed and answer.until and answer.until < now.date():
        raise StepRefused(_("The last day lies in the past."))
    with transaction.atomic():
        one = Ask.objects.select_for_update(of=("self",)).get(pk=ask.pk)
        one.answered_at, one.agreed, one.withdrawn_at = now, answer.agreed, None
        one.allowed = list(answer.allowed) if answer.agreed else []
        one.words = answer.words.strip()[:KEPT_WORDS]
        one.until = answer.until if answer.agreed else None
        one.save()
    return one


def withdraw(ask: Ask, *, now: datetime) -> Ask:
    """Take a yes back; raise StepRefused when there is none."""
    with transaction.atomic():
        one = Ask.objects.select_for_update(of=("self",)).get(pk=ask.pk)
        if not one.agreed or one.withdrawn_at:
            raise StepRefused(_("There is nothing to take back."))
        one.withdrawn_at = now
        one.save(update_fields=["withdrawn_at"])
    return one


def note_use(
    ask: Ask, *, opportunity: Opportunity | None, used_on: date, words: str, by: User, now: datetime
) -> AskUse:
    """Write down that a reference was used, or which opportunity came of a referral.

    Raises StepRefused without a yes in force, for a day to come, without words, and for an opportunity that
    stands there already.
    """
    if not words.strip():
        raise StepRefused(_("Say for what."))
    if used_on > now.date():
        raise StepRefused(_("That day is still to come."))
    with transaction.atomic():
        held = Ask.objects.select_for_update(of=("self",)).get(pk=ask.pk)
        # What an introduction led to may show later, when nothing new may be asked of the person any more.
        introduced = held.kind == AskKind.REFERRAL and held.agreed
        if not introduced and not Ask.objects.filter(pk=held.pk).in_force(used_on).exists():
            raise StepRefused(_("Nobody has agreed to that, or it holds no more."))
        if opportunity and held.uses.filter(opportunity=opportunity).exists():
            raise StepRefused(_("%(name)s stands here already.") % {"name": opportunity})
        return AskUse.objects.create(
            ask=held,
            opportunity=opportunity,
            used_on=used_on,
            words=words.strip()[:300],
            noted_at=now,
            noted_by=by,
        )
