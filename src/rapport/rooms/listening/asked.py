"""Who stands behind a figure besides those who answered: how many were asked and saw the questions."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from rapport.kernel.models import User
from rapport.rooms.listening.models import Invitation, Programme, Response
from rapport.rooms.listening.services.passing_on import source_of_survey
from rapport.rooms.signals.api import Filters, find_signals_of_programmes, offer_filter
from rapport.stats.estimate import HIDDEN_BELOW
from rapport.ui.components import Choice, Filter

MOST = 60
# What was noted of each asking; whoever narrows by anything else cannot be told how many were asked.
_NOTED = {
    "regions": "account__region",
    "roles": "buying_role",
    "tiers": "account__tier",
    "sectors": "account__sector",
}
_ANY = {"since", "until", "metric", "programmes", "sources", "kinds", "named"}


@dataclass(frozen=True)
class AskedBase:
    """How many were asked by name, saw the questions, and answered; or the reason why that cannot be said."""

    asked: int = 0
    shown: int = 0
    answered: int = 0
    programmes: tuple[str, ...] = ()
    reason: str = ""


def asked_base(user: User, filters: Filters) -> AskedBase:
    """Count who was asked by the programmes the filters name, as far as the user may see.

    Of an anonymous programme only the whole is told: narrowed, or with few asked, it would tell who answered.
    """
    programmes = _programmes(user, filters)
    if not programmes:
        return AskedBase(reason=_("Not asked by a programme, or these filters name none."))
    names = tuple(one.name for one in programmes)
    anonymous = any(one.anonymous for one in programmes)
    narrowing = {name for name in filters.__dataclass_fields__ if name not in _ANY and getattr(filters, name)}
    if narrowing - _NOTED.keys():
        return AskedBase(programmes=names, reason=_("Who was asked is not noted by all of these filters."))
    if anonymous and (len(programmes) > 1 or narrowing or filters.since or filters.until):
        return AskedBase(
            programmes=names, reason=_("Of an anonymous programme only the whole is told, not a part of it.")
        )
    rows = _asked(user, programmes, filters)
    responses = Response.objects.filter(invitation=OuterRef("pk"), test=False)
    found = rows.annotate(begun=Exists(responses), done=Exists(responses.exclude(state="open"))).aggregate(
        asked=Count("pk"),
        shown=Count("pk", filter=Q(begun=True) | Q(state__in=("started", "answered"))),
        answered=Count("pk", filter=Q(done=True) | Q(state="answered")),
    )
    if anonymous and found["asked"] < HIDDEN_BELOW:
        return AskedBase(programmes=names, reason=_("Too few were asked to say how many answered."))
    return AskedBase(programmes=names, **found)


def _programmes(user: User, filters: Filters) -> list[Programme]:
    rows = Programme.objects.visible_to(user).select_related("survey")
    if filters.programmes:
        return list(rows.filter(code__in=filters.programmes))
    if not filters.sources:
        return []
    return [one for one in rows if source_of_survey(one.survey_id) in filters.sources]


def _asked(user: User, programmes: list[Programme], filters: Filters) -> "QuerySet[Invitation]":
    rows = (
        Invitation.objects.visible_to(user)
        .filter(programme__in=programmes, open_link=False, contact__isnull=False)
        .exclude(state=Invitation.State.WITHDRAWN)
    )
    for name, column in _NOTED.items():
        keys = getattr(filters, name)
        if keys:
            given = Q((f"{column}__in", ["" if key == "none" else key for key in keys]))
            rows = rows.filter(given | Q((column, None)) if "none" in keys else given)
    if filters.since:
        rows = rows.filter(sent_at__gte=datetime.combine(filters.since, time(), UTC))
    if filters.until:
        rows = rows.filter(sent_at__lt=datetime.combine(filters.until + timedelta(days=1), time(), UTC))
    return rows


@find_signals_of_programmes
def signals_of(codes: tuple[str, ...]) -> "QuerySet[Any, Any]":
    """Return the ids of the signals that answers to these programmes became; anonymous ones have no tie."""
    found: QuerySet[Any, Any] = Response.objects.filter(
        invitation__programme__code__in=codes,
        invitation__programme__anonymous=False,
        test=False,
        signal_id__isnull=False,
    ).values("signal_id")
    return found


def programme_filter(user: User) -> Filter:
    """Offer the programmes whose answers have a tie to them."""
    rows = Programme.objects.visible_to(user).filter(anonymous=False).values_list("code", "name")[:MOST]
    return Filter("programme", _("Programme"), [Choice(code, name) for code, name in rows], multiple=True)


offer_filter("programme", programme_filter)
