"""A signal as one entry of a timeline or list."""

from django.utils.translation import gettext as _

from rapport.rooms.signals.selectors.listing import ReadSignal
from rapport.ui.components import TimelineItem

ICONS = {
    "survey": "listen",
    "interview": "people",
    "check_in": "phone",
    "ticket": "case",
    "complaint": "flag",
    "review": "star",
    "social": "share",
    "mail": "mail",
    "chat": "quote",
    "lost_sale": "euro",
}


def timeline_item(signal: ReadSignal) -> TimelineItem:
    """Return a signal as an entry of a timeline."""
    first = signal.first_score
    others = [f"{score.name} {score.text}" for score in signal.scores if score != first]
    where = signal.account if signal.account != _title(signal) else ""
    place = signal.region if signal.anonymous else ""
    parts = (signal.role_label, where, place, signal.touchpoint, signal.product, *others)
    note = ", ".join(part for part in parts if part)
    return TimelineItem(
        when=signal.at,
        kind=signal.kind_label,
        title=_title(signal),
        icon=f"m-{signal.mood}" if signal.mood else ICONS.get(signal.kind, "quote"),
        mood=signal.mood,
        text=_text(signal),
        voice=" ".join(words.text for words in signal.words),
        language=signal.words[0].language if signal.words else "",
        note=note,
        url=signal.url,
        score=first.text if first else "",
    )


def _title(signal: ReadSignal) -> str:
    if signal.anonymous:
        return _("Somebody, without a name")
    return signal.who or signal.kind_label


def _text(signal: ReadSignal) -> str:
    if signal.words_hidden:
        return _("Words hidden until eight people have spoken.")
    return "" if signal.words else ", ".join(signal.feelings)
