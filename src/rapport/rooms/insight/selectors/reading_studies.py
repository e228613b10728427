"""What the address of the drivers asks for, beside the filters of every page."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.http import QueryDict
from django.utils.translation import gettext as _

from rapport.kernel.models import User
from rapport.rooms.insight.selectors.answers import GROUPINGS
from rapport.rooms.insight.selectors.counting import measures
from rapport.rooms.insight.selectors.drivers import MOST_AT_ONCE, StudyAsked, StudyRefused
from rapport.rooms.insight.selectors.reading import read_asked
from rapport.rooms.insight.tallies import Measure
from rapport.rooms.signals.api import Filters

CHANGE = "change-"
NO_GROUPS = "none"


@dataclass(frozen=True)
class Wanted:
    """What is to be explained, for which answers, and how."""

    outcome: Measure
    filters: Filters
    study: StudyAsked


def asked_of(user: User, query: QueryDict, now: datetime) -> Wanted | None:
    """Read the whole address of the drivers; None when no metric is set up. Raises StudyRefused."""
    found = answers_asked(user, query, now)
    return None if found is None else Wanted(*found, read_study(query))


def answers_asked(user: User, query: QueryDict, now: datetime) -> tuple[Measure, Filters] | None:
    """Read which answers are asked for; None when no metric is set up."""
    known = {one.key: one for one in measures()}
    filters = read_asked(user, query, known, now)
    return None if filters is None else (known[filters.metric], filters)


def read_study(query: QueryDict) -> StudyAsked:
    """Read which drivers, groups and changes are asked for.

    Raises StudyRefused for a change that is no number, or a grouping or way with gaps that is not known.
    """
    drivers = tuple(dict.fromkeys(key for key in query.getlist("driver") if key and "\0" not in key))
    if len(drivers) > MOST_AT_ONCE:
        raise StudyRefused(
            "driver", _("At most %(most)d drivers at a time; choose fewer.") % {"most": MOST_AT_ONCE}
        )
    by = query.get("by", GROUPINGS[0])
    if by not in (*GROUPINGS, NO_GROUPS):
        raise StudyRefused(
            "by",
            _("There are no groups '%(by)s'; choose one of %(known)s.")
            % {"by": by[:60], "known": ", ".join((*GROUPINGS, NO_GROUPS))},
        )
    missing = query.get("missing", "complete")
    if missing not in {"complete", "available"}:
        raise StudyRefused("missing", _("Choose 'complete' or 'available' for answers with gaps."))
    return StudyAsked(
        drivers=drivers,
        by="" if by == NO_GROUPS else by,
        missing="complete" if missing == "complete" else "available",
        changes=tuple(_changes(query)),
    )


def _changes(query: QueryDict) -> Iterator[tuple[str, float]]:
    for key in query:
        text = query.get(key, "").strip() if key.startswith(CHANGE) else ""
        if not text:
            continue
        try:
            value = float(text.replace(",", ".").replace("\N{MINUS SIGN}", "-"))
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise StudyRefused(
                key,
                _("'%(text)s' is no number. Write by how much the rating changes, such as 0.5.")
                % {"text": text[:40]},
            )
        yield key.removeprefix(CHANGE), value
