"""Writing back: everybody who raised a trouble is found, drafted to in their language, and asked once."""

import hashlib
import secrets
import string
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from rapport.kernel.environment import environment
from rapport.kernel.mail.queue import NewMail, queue_mails
from rapport.kernel.models import User
from rapport.rooms.accounts.models import Contact
from rapport.rooms.action.models import (
    Case,
    CaseCause,
    Improvement,
    LetterTemplate,
    Recipient,
    Telling,
)
from rapport.rooms.action.selectors.problems import scores_of, unhappy
from rapport.rooms.action.services.steps import (
    StepRefused,
    confirm_fixed,
    deny_fixed,
    locked,
    tell_customer,
)
from rapport.rooms.catalog.models import Metric
from rapport.rooms.signals.api import NewComment, NewScore, NewSignal, record_signal
from rapport.rooms.signals.models import Signal

PLACEHOLDERS = frozenset({"name", "said", "changed", "link", "company"})
SAID_LENGTH = 300
METRIC = "fixed"
SOURCE = "rapport-telling"
UNTOLD = (Case.State.OPEN, Case.State.ACKNOWLEDGED, Case.State.FIXED)
KEPT_ANSWER = 4000


@dataclass(frozen=True)
class LeftOut:
    """Somebody who raised it and is not written to, and why."""

    contact: Contact
    reason: str


@dataclass(frozen=True)
class Raised:
    """Everybody who raised a trouble: who is written to, with what they said, and who is not."""

    people: tuple[Contact, ...]
    left_out: tuple[LeftOut, ...]
    said: Mapping[int, str]
    cases: Mapping[int, Case]

    @property
    def languages(self) -> list[str]:
        """Return the languages to write in."""
        return sorted({language_of(person) for person in self.people})


def language_of(contact: Contact) -> str:
    """Return a person's language, as far as we write in it."""
    known = {key for key, _name in settings.LANGUAGES}
    short = contact.language.split("-")[0].lower()
    return short if short in known else settings.LANGUAGE_CODE


def who_raised(about: Case | Improvement, user: User) -> Raised:
    """Find everybody who raised a case or an improvement, merged people as one, each address once.

    An improvement is everybody's, its customers are not: of those only the ones the user may see.
    """
    seen = _signals(about)
    if isinstance(about, Improvement):
        seen = seen.filter(pk__in=Signal.objects.visible_to(user).values("pk"))
    signals = list(seen.filter(contact__isnull=False, anonymous=False).order_by("occurred_at"))
    people: dict[int, Contact] = {}
    said: dict[int, str] = {}
    for signal in signals:
        person = _kept(signal.contact)
        people[person.pk] = person
        words = next((comment.text for comment in signal.comments.all()), "")
        said[person.pk] = words or said.get(person.pk, "")
    return _sort_out(people.values(), said, _cases(about, signals))


def _signals(about: Case | Improvement) -> QuerySet[Signal]:
    rows = Signal.objects.select_related("contact__merged_into", "contact__account")
    rows = rows.prefetch_related("comments")
    if isinstance(about, Case):
        return rows.filter(case_causes__case=about).distinct()
    scores = scores_of(about.metric, about.places).filter(unhappy(about.metric))
    if about.shipped_on:
        scores = scores.filter(occurred_at__date__lte=about.shipped_on)
    if about.baseline_from:
        scores = scores.filter(occurred_at__date__gte=about.baseline_from)
    linked = Signal.objects.filter(case_causes__case__improvements=about)
    return rows.filter(pk__in=scores.values("signal")) | rows.filter(pk__in=linked.values("pk"))


def _kept(contact: Contact | None) -> Contact:
    assert contact is not None
    return contact.merged_into or contact


def _cases(about: Case | Improvement, signals: Sequence[Signal]) -> dict[int, Case]:
    """Return the case each person stands for, so that their answer reaches it."""
    if isinstance(about, Case):
        return {_kept(signal.contact).pk: about for signal in signals}
    causes = CaseCause.objects.filter(case__in=about.cases.all(), signal__in=signals).select_related("case")
    by_signal = {cause.signal_id: cause.case for cause in causes}
    return {_kept(signal.contact).pk: by_signal[signal.pk] for signal in signals if signal.pk in by_signal}


def _sort_out(people: Iterable[Contact], said: Mapping[int, str], cases: Mapping[int, Case]) -> Raised:
    told: dict[str, Contact] = {}
    left: list[LeftOut] = []
    for person in people:
        reason = _why_not(person, told)
        if reason:
            left.append(LeftOut(person, reason))
        else:
            told[person.email.lower()] = person
    return Raised(tuple(told.values()), tuple(left), said, cases)


def why_not_written_to(person: Contact) -> str:
    """Say why a person gets no letter; nothing when they do."""
    if person.consent == Contact.Consent.WITHDRAWN:
        return _("asked not to be written to")
    if person.left_on:
        return _("left the company")
    if not person.email:
        return _("no e-mail address known")
    return ""


def _why_not(person: Contact, told: Mapping[str, Contact]) -> str:
    reason = why_not_written_to(person)
    if reason:
        return reason
    if person.email.lower() in told:
        return _("same address as %(name)s") % {"name": told[person.email.lower()]}
    return ""


def check_letter(text: str) -> None:
    """Raise StepRefused when a letter asks for something nobody fills in, or cannot be answered."""
    try:
        asked = {name for _text, name, _spec, _turn in string.Formatter().parse(text) if name is not None}
    except ValueError as error:
        raise StepRefused(_("A brace is not closed; write {{ for a brace itself.")) from error
    unknown = asked - PLACEHOLDERS
    if unknown:
        raise StepRefused(_("Nobody fills in {%(name)s}.") % {"name": sorted(unknown)[0]})
    if "link" not in asked:
        raise StepRefused(_("The letter needs {link}, where people answer."))


def approve(template: LetterTemplate, *, by: User, now: datetime) -> None:
    """Let a template be used; a changed one has to be approved again."""
    check_letter(template.body)
    template.approved_at, template.approved_by = now, by
    template.save(update_fields=["approved_at", "approved_by"])


def draft(about: Case | Improvement, *, words: Mapping[str, str], by: User, now: datetime) -> Telling:
    """Draft a letter to everybody who raised it, each in their language where that is written and approved.

    `words` say what changed, by language; the house's own language stands in for others. Raises StepRefused
    when nobody can be written to, when words or an approved template are missing.
    """
    house = settings.LANGUAGE_CODE
    given = {language: text.strip() for language, text in words.items() if text.strip()}
    if house not in given:
        raise StepRefused(_("Say what changed, at least in our own language."))
    templates = {row.language: row for row in LetterTemplate.objects.exclude(approved_at=None)}
    if house not in templates:
        raise StepRefused(_("No letter in our own language is approved yet."))
    raised = who_raised(about, by)
    if not raised.people:
        raise StepRefused(_("Nobody who raised it can be written to."))
    with transaction.atomic():
        telling = Telling.objects.create(
            case=about if isinstance(about, Case) else None,
            improvement=about if isinstance(about, Improvement) else None,
            words=given,
            drafted_at=now,
            drafted_by=by,
        )
        Recipient.objects.bulk_create(
            _letter(telling, person, raised, given, templates) for person in raised.people
        )
    return telling


def _letter(
    telling: Telling,
    person: Contact,
    raised: Raised,
    words: Mapping[str, str],
    templates: Mapping[str, LetterTemplate],
) -> Recipient:
    language = language_of(person)
    if language not in words or language not in templates:
        language = settings.LANGUAGE_CODE
    template = templates[language]
    filled = {
        "name": person.name,
        "said": _shortened(raised.said.get(person.pk, "")),
        "changed": words[language],
        "company": environment().company,
        "link": "{link}",
    }
    return Recipient(
        telling=telling,
        contact=person,
        case=raised.cases.get(person.pk),
        language=language,
        subject=_filled(template.subject, filled)[:200],
        text=_filled(template.body, filled),
    )


def _filled(text: str, filled: Mapping[str, str]) -> str:
    """Fill in by name only, so that no letter can reach into what it is given."""
    parts = []
    for literal, name, _spec, _turn in string.Formatter().parse(text):
        parts += [literal, filled.get(name, "") if name else ""]
    return "".join(parts)


def _shortened(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= SAID_LENGTH else words[:SAID_LENGTH].rsplit(" ", 1)[0] + "…"


def send(telling: Telling, *, by: User, now: datetime) -> Telling:
    """Send the drafts, each once; whoever withdrew their consent since is left out.

    The case behind a round that was not told yet is thereby told. Raises StepRefused when it was sent or
    dropped before.
    """
    with transaction.atomic():
        telling = Telling.objects.select_for_update(of=("self",)).select_related("case").get(pk=telling.pk)
        if telling.sent_at or telling.dropped_at:
            raise StepRefused(_("%(code)s was sent or dropped before.") % {"code": telling.code})
        recipients = list(telling.recipients.select_related("contact"))
        telling.recipients.filter(contact__consent=Contact.Consent.WITHDRAWN).delete()
        willing = [one for one in recipients if one.contact.consent != Contact.Consent.WITHDRAWN]
        if not willing:
            raise StepRefused(_("Everybody has asked not to be written to since."))
        queue_mails([_mail(one) for one in willing], now=now)
        Recipient.objects.bulk_update(willing, ["digest", "text"])
        telling.sent_at, telling.sent_by = now, by
        telling.save(update_fields=["sent_at", "sent_by"])
        if telling.case and locked(telling.case).state in UNTOLD:
            said = telling.words.get(settings.LANGUAGE_CODE) or next(iter(telling.words.values()))
            tell_customer(telling.case, by=by, how=Case.ToldHow.EMAIL, words=said, told_at=now, now=now)
    return telling


def _mail(one: Recipient) -> NewMail:
    """Make a person's mail with a link of their own; only a digest of it is kept."""
    token = secrets.token_urlsafe(32)
    one.digest = digest_of(token)
    link = f"{environment().base_url}/act/answer/{token}/"
    text = one.text.replace("{link}", link)
    return NewMail(
        to=one.contact.email,
        subject=one.subject,
        text=text,
        dedupe_key=key_of(one),
    )


def key_of(one: Recipient) -> str:
    """Return the key under which a letter leaves once."""
    return f"telling:{one.telling_id}:{one.contact_id}"


def note_seen(one: Recipient, *, now: datetime) -> None:
    """Note that a person has seen their letter, the first time."""
    Recipient.objects.filter(pk=one.pk, seen_at=None).update(seen_at=now)


def digest_of(token: str) -> str:
    """Hash a token for keeping; it carries 256 random bits, so a plain hash is enough."""
    return hashlib.sha256(token.encode()).hexdigest()


def drop(telling: Telling, *, now: datetime) -> None:
    """Drop drafts that are not to be sent."""
    if not Telling.objects.filter(pk=telling.pk, sent_at=None, dropped_at=None).update(dropped_at=now):
        raise StepRefused(_("%(code)s was sent or dropped before.") % {"code": telling.code})


def answer(recipient: Recipient, *, fixed: bool, words: str, now: datetime) -> Signal:
    """Record what a person answered as a new signal, once; it confirms their case or opens it again.

    Raises StepRefused when they answered before.
    """
    with transaction.atomic():
        one = (
            Recipient.objects.select_for_update(of=("self",))
            .select_related("contact", "telling__case", "telling__improvement")
            .get(pk=recipient.pk)
        )
        if one.answered_at:
            raise StepRefused(_("You have answered already. Thank you."))
        signal = _record(one, fixed, words.strip()[:KEPT_ANSWER], now)
        one.answered_at, one.fixed, one.words, one.signal = now, fixed, words.strip()[:KEPT_ANSWER], signal
        one.seen_at = one.seen_at or now
        one.save(update_fields=["answered_at", "fixed", "words", "signal", "seen_at"])
        if one.case:
            _settle(one.case, fixed, words.strip(), now)
    return signal


def _record(one: Recipient, fixed: bool, words: str, now: datetime) -> Signal:
    Metric.objects.get_or_create(
        key=METRIC,
        defaults={
            "name": _("Fixed for you"),
            "kind": Metric.Kind.INDEX,
            "scale_low": 0,
            "scale_high": 1,
            "higher_is_better": True,
        },
    )
    case, improvement = one.case, one.telling.improvement
    new = NewSignal(
        kind=Signal.Kind.SURVEY,
        source=SOURCE,
        external_reference=f"letter-{one.pk}",
        occurred_at=now,
        contact=one.contact.code,
        scores=(NewScore(METRIC, 1.0 if fixed else 0.0),),
        comments=(NewComment(words, one.language),) if words else (),
        touchpoint=case.touchpoint_id if case else _only(improvement, "touchpoint"),
        product=case.product_id if case else _only(improvement, "product"),
    )
    return Signal.objects.get(pk=record_signal(new, author=None, now=now).signal_id)


def _only(improvement: Improvement | None, place: str) -> str | None:
    keys: Sequence[str] = improvement.places.get(place, []) if improvement else []
    return keys[0] if len(keys) == 1 else None


def _settle(case: Case, fixed: bool, words: str, now: datetime) -> None:
    """Let the answer reach the case, if it still waits for one."""
    case = locked(case)
    if case.state not in (Case.State.TOLD, Case.State.CLOSED):
        return
    if not fixed:
        deny_fixed(case, by=None, words=words, now=now)
    elif case.confirmed_at is None:
        confirm_fixed(case, by=None, words=words, now=now)
