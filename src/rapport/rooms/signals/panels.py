"""What the ledger adds to the pages of an account and of a person: words on the timeline, answers, moods."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from rapport.rooms.accounts.panels import (
    Entry,
    EntryKind,
    Heard,
    Look,
    TabPage,
    account_page,
    contact_page,
    set_mood_source,
)
from rapport.rooms.signals.models import Signal
from rapport.rooms.signals.selectors.latest import last_heard
from rapport.rooms.signals.selectors.listing import read_signals
from rapport.rooms.signals.timeline import timeline_item

SHOWN = 50
COUNTED = 10_000
SAID = EntryKind("signal", _("Said"))


def signals_of(look: Look) -> "QuerySet[Signal]":
    """Return what was said at the accounts, or by the person, looked at."""
    rows = Signal.objects.visible_to(look.user)
    if look.contact:
        return rows.filter(contact__in=look.contact_ids)
    return rows.filter(account__in=look.account_ids)


@account_page.timeline(SAID)
@contact_page.timeline(SAID)
def said(look: Look, before: datetime, most: int) -> Sequence[Entry]:
    """Return what was said, for the timeline."""
    rows = signals_of(look).filter(occurred_at__lte=before).order_by("-occurred_at", "-id")
    read = read_signals(list(rows.values_list("pk", flat=True)[:most]))
    return [Entry(signal.at, "signal", timeline_item(signal)) for signal in read]


@set_mood_source
def moods(look: Look, contact_ids: Sequence[int]) -> Mapping[int, Heard]:
    """Return what each person last told us."""
    return last_heard(look.user, contact_ids)


def answers(look: Look) -> Mapping[str, Any]:
    """Return the newest answers of a customer and the address of all of them."""
    rows = signals_of(look).order_by("-occurred_at", "-id")
    key, code = ("contact", look.contact.code) if look.contact else ("account", look.account.code)
    read = read_signals(list(rows.values_list("pk", flat=True)[:SHOWN]))
    return {
        "items": [timeline_item(signal) for signal in read],
        "query": f"{key}={code}",
        "code": code,
        "key": key,
    }


def count_answers(look: Look) -> int:
    """Count what was said, up to COUNTED."""
    return signals_of(look).order_by()[:COUNTED].count()


for page in (account_page, contact_page):
    page.tab(TabPage("answers", _("Answers"), "signals/answers.html", answers, count_answers, order=40))
