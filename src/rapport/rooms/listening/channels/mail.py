"""An invitation as mail: plain and HTML, the first question inside as links, and a way to be left alone."""

import datetime as clock
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import formataddr, parseaddr
from functools import lru_cache
from urllib.parse import urlencode
from uuid import UUID

from babel.dates import format_date
from django.conf import settings
from django.template.loader import render_to_string

from rapport.kernel.environment import environment
from rapport.kernel.mail.queue import NewMail
from rapport.rooms.listening.channels.links import unsubscribe_link_of
from rapport.rooms.listening.channels.words import MailWords, words_in
from rapport.rooms.listening.definition import Choice, Definition, Scale, SingleChoice
from rapport.rooms.listening.definition.piping import fill, say
from rapport.rooms.listening.definition.texts import Text, words
from rapport.rooms.listening.definition.walking import Shown, Way, walk
from rapport.rooms.listening.models import Invitation, SurveyVersion
from rapport.rooms.listening.programmes.plan import Plan
from rapport.rooms.listening.services.inviting import link_of

MOST_CHOICES = 11
OUR_COLOR = "#0F5A66"
RIGHT_TO_LEFT = frozenset({"ar", "he", "fa", "ur"})


def key_of(invitation_id: UUID, number: int) -> str:
    """Return the key under which a message is queued: 0 for the invitation, then the reminders."""
    return f"invitation:{invitation_id}:{number}"


def invitation_of_key(key: str) -> str:
    """Return the id of the invitation a queued message belongs to."""
    return key.split(":")[1]


@dataclass(frozen=True)
class Offer:
    """One answer to the first question, as a link that opens the page with it chosen."""

    url: str
    label: str
    spoken: str


@dataclass(frozen=True)
class Letter:
    """What the templates say."""

    language: str
    direction: str
    color: str
    sender: str
    subject: str
    greeting: str
    intro: str
    about: str
    question: str
    offers: tuple[Offer, ...]
    low_label: str
    high_label: str
    link: str
    stop_link: str
    words: MailWords
    why: str
    expires: str
    anonymous: str

    @property
    def wide(self) -> bool:
        """Say whether the offers are words and stand below one another."""
        return any(len(offer.label) > 2 for offer in self.offers)


def compose(invitation: Invitation, plan: Plan, *, anonymous: bool) -> NewMail:
    """Write the message that an invitation calls for now: the first, or a reminder."""
    letter = _letter(invitation, plan, anonymous=anonymous)
    stop = letter.stop_link
    assert invitation.contact is not None
    return NewMail(
        to=invitation.contact.email,
        subject=letter.subject,
        text=render_to_string("listening/mail/invitation.txt", {"letter": letter}),
        html=render_to_string("listening/mail/invitation.html", {"letter": letter}),
        dedupe_key=key_of(invitation.pk, invitation.reminders if invitation.sent_at else 0),
        headers=_headers(letter, plan, stop),
    )


def _headers(letter: Letter, plan: Plan, stop: str) -> dict[str, str]:
    _name, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    headers = {
        "From": formataddr((letter.sender, address)),
        "List-Unsubscribe": f"<{stop}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "Content-Language": letter.language,
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "OOF, AutoReply",
    }
    return headers | ({"Reply-To": plan.mail.reply_to} if plan.mail.reply_to else {})


@lru_cache(maxsize=64)
def _definition(version_id: int) -> Definition:
    return SurveyVersion.objects.get(pk=version_id).definition()


def _letter(invitation: Invitation, plan: Plan, *, anonymous: bool) -> Letter:
    definition = _definition(invitation.version_id)
    language = invitation.language or definition.language
    ours = words_in(language)
    way = walk(definition, {}, invitation.facts, str(invitation.pk))
    sender = plan.mail.sender_name or str(invitation.facts.get("sender.name") or environment().company)
    company = definition.theme.name or environment().company
    again = bool(invitation.sent_at)
    named = {
        "us": company,
        "name": str(invitation.facts.get("contact.first_name") or ""),
        "account": str(invitation.facts.get("account.name") or ""),
        "occasion": invitation.occasion and str(invitation.facts.get("occasion") or ""),
    }

    def told(own: Text, usual: str) -> str:
        written = words(own, language, definition.language)
        return fill(written, way.known, language, definition.language) if written else usual.format(**named)

    own_subject, own_intro = (
        (plan.mail.reminder_subject, plan.mail.reminder_intro)
        if again
        else (plan.mail.subject, plan.mail.intro)
    )
    link = link_of(invitation)
    question, offers, low, high = first_question(way, definition, plan, language, link)
    return Letter(
        language=language,
        direction="rtl" if language.split("-")[0] in RIGHT_TO_LEFT else "ltr",
        color=definition.theme.color or OUR_COLOR,
        sender=sender,
        subject=told(own_subject, ours.reminder_subject if again else ours.subject),
        greeting=ours.greeting.format(**named).replace(" ,", ","),
        intro=told(own_intro, ours.reminder_intro if again else ours.intro),
        about=ours.about.format(**named) if named["occasion"] else "",
        question=question,
        offers=offers,
        low_label=low,
        high_label=high,
        link=link,
        stop_link=unsubscribe_link_of(invitation.pk),
        words=ours,
        why=ours.why.format(**named),
        expires=ours.expires.format(day=_day(invitation, language)) if invitation.expires_at else "",
        anonymous=ours.anonymous if anonymous else "",
    )


def _day(invitation: Invitation, language: str) -> str:
    assert invitation.expires_at is not None
    # The last hours of a link are not promised: the day before is a whole day everywhere.
    day = invitation.expires_at.date() - clock.timedelta(days=1)
    locale = language.replace("-", "_") if language.split("-")[0] in {"en", "de", "fr", "nl"} else "en"
    return format_date(day, "d MMMM", locale=locale.split("_")[0])


def first_question(
    way: Way, definition: Definition, plan: Plan, language: str, link: str
) -> tuple[str, tuple[Offer, ...], str, str]:
    """Return the first question in words, its answers as links, and the names of its ends.

    Nothing, where the plan wants none in messages or the question is not one that can be answered by a click.
    """
    nothing: tuple[str, tuple[Offer, ...], str, str] = ("", (), "", "")
    if not plan.mail.first_question:
        return nothing
    shown = way.steps[0].questions[0] if way.steps and way.steps[0].questions else None
    if shown is None or not isinstance(shown.question, Scale | SingleChoice):
        return nothing

    def tell(text: Text) -> str:
        return say(text, way.known, language, definition.language)

    offers = tuple(
        Offer(f"{link}?{urlencode({shown.question.key: value})}", label, spoken)
        for value, label, spoken in _values(shown, tell)
    )
    if not offers or len(offers) > MOST_CHOICES:
        return nothing
    question = shown.question
    low, high = (question.low_label, question.high_label) if isinstance(question, Scale) else ({}, {})
    return tell(question.text), offers, tell(low) if low else "", tell(high) if high else ""


def _values(shown: Shown, tell: Callable[[Text], str]) -> list[tuple[str, str, str]]:
    question = shown.question
    if isinstance(question, Scale):
        return [(str(at), str(at), str(at)) for at in range(question.low, question.high + 1)]
    choices: tuple[Choice, ...] = shown.choices
    return [(choice.key, tell(choice.text), tell(choice.text)) for choice in choices]
