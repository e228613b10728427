"""What a stream's messages say: to a person by mail or chat, to a program as JSON."""

from collections.abc import Sequence
from datetime import UTC
from typing import Any

from django.template.loader import render_to_string
from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from rapport.kernel.environment import environment
from rapport.kernel.mail.queue import NewMail
from rapport.rooms.action.conditions import load_names, read_all, said
from rapport.rooms.action.models import Stream, StreamMessage
from rapport.rooms.action.services.mails import _As
from rapport.rooms.signals.api import ReadSignal

MOST_SHOWN = 20
LONGEST_WORDS = 400


def sentence_of(stream: Stream) -> str:
    """Say a stream back, so that whoever made it can see whether it is what was meant."""
    conditions = read_all(stream.conditions)
    names = load_names(stream.conditions.get("account", ()))
    asked = said(conditions, names)
    what = _("Feedback where %(conditions)s") % {"conditions": asked} if asked else _("All feedback")
    parts = {
        "what": what,
        "where": stream.get_channel_display(),
        "when": stream.get_rhythm_display(),
    }
    return _("%(what)s that I may see. %(when)s. %(where)s.") % parts


def mail(message: StreamMessage, signals: Sequence[ReadSignal]) -> NewMail:
    """Write the mail of a message."""
    stream = message.stream
    with _As(stream.owner):
        text = render_to_string("action/mail/stream.txt", _context(message, signals))
        subject = _headline(stream, signals, trial=message.trial)
        return NewMail(to=stream.owner.email, subject=subject, text=text, dedupe_key=f"stream:{message.pk}")


def chat(message: StreamMessage, signals: Sequence[ReadSignal]) -> tuple[str, str]:
    """Write the title and the text for a channel."""
    with _As(message.stream.owner):
        text = render_to_string("action/mail/stream_chat.txt", _context(message, signals))
        return _headline(message.stream, signals, trial=message.trial), text.strip()


def failure(message: StreamMessage, error: str) -> NewMail:
    """Tell the owner that a message was given up and the stream paused."""
    stream = message.stream
    with _As(stream.owner):
        context = {"stream": stream, "message": message, "error": error, "address": _page(stream)}
        text = render_to_string("action/mail/stream_failed.txt", context)
        subject = _("%(name)s is paused: a message could not be delivered") % {"name": stream.name}
        key = f"stream-failed:{message.pk}:{int(message.tried_since.timestamp())}"
        return NewMail(to=stream.owner.email, subject=subject, text=text, dedupe_key=key)


def payload(message: StreamMessage, signals: Sequence[ReadSignal]) -> dict[str, Any]:
    """Return what a program is told, as JSON can hold it."""
    stream = message.stream
    return {
        "type": "stream.trial" if message.trial else "feedback.recorded",
        "timestamp": message.made_at.astimezone(UTC).isoformat(),
        "data": {
            "stream": stream.code,
            "name": stream.name,
            "signals": [_signal(signal) for signal in signals],
        },
    }


def _signal(signal: ReadSignal) -> dict[str, Any]:
    return {
        "id": str(signal.id),
        "url": f"{environment().base_url}{signal.url}",
        "occurred_at": signal.at.astimezone(UTC).isoformat(),
        "kind": signal.kind,
        "account": signal.account_code,
        "account_name": signal.account,
        "contact": signal.contact_code,
        "contact_name": signal.contact,
        "touchpoint": signal.touchpoint,
        "product": signal.product,
        "region": signal.region,
        "partner": signal.partner,
        "scores": [
            {"metric": score.metric, "value": score.value, "mood": score.mood} for score in signal.scores
        ],
        "comments": [{"text": words.text, "language": words.language} for words in signal.words],
    }


def _headline(stream: Stream, signals: Sequence[ReadSignal], *, trial: bool) -> str:
    if trial:
        return _("%(name)s: a trial message") % {"name": stream.name}
    if len(signals) == 1:
        [one] = signals
        what = {"name": stream.name, "who": one.account or one.who or _("somebody")}
        return _("%(name)s: %(who)s told us something") % what
    text = ngettext("%(name)s: %(count)d new", "%(name)s: %(count)d new", len(signals))
    return text % {"name": stream.name, "count": len(signals)}


def _context(message: StreamMessage, signals: Sequence[ReadSignal]) -> dict[str, Any]:
    stream = message.stream
    return {
        "stream": stream,
        "to": stream.owner,
        "trial": message.trial,
        "sentence": sentence_of(stream),
        "lines": [_line(signal) for signal in signals[:MOST_SHOWN]],
        "more": max(len(signals) - MOST_SHOWN, 0),
        "address": _page(stream),
        "message": message,
    }


def _page(stream: Stream) -> str:
    return f"{environment().base_url}/act/streams/{stream.code}/"


def _line(signal: ReadSignal) -> dict[str, str]:
    where = [signal.touchpoint, signal.product, signal.region]
    return {
        "who": ", ".join(filter(None, [signal.account, signal.contact or signal.hint])) or signal.kind_label,
        "when": formats.date_format(signal.at, "SHORT_DATETIME_FORMAT"),
        "scores": ", ".join(f"{score.name}: {score.text}" for score in signal.scores),
        "where": ", ".join(filter(None, where)),
        "words": _shortened(" / ".join(words.text for words in signal.words)),
        "url": f"{environment().base_url}{signal.url}",
    }


def _shortened(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= LONGEST_WORDS else words[:LONGEST_WORDS].rsplit(" ", 1)[0] + "…"
