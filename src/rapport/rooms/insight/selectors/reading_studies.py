"""What the address of the drivers asks for, beside the filters of every page."""

import math
from collections.abc import Iterator

from django.http import QueryDict
from django.utils.translation import gettext as _

from rapport.rooms.insight.selectors.answers import GROUPINGS
from rapport.rooms.insight.selectors.drivers import MOST_AT_ONCE, StudyAsked, StudyRefused

CHANGE = "change-"
NO_GROUPS = "none"


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
        text = query[key].strip() if key.startswith(CHANGE) else ""
        if not text:
            continue
        try:
            value = float(text.replace(",", ".").replace("\N{MINUS SIGN}", "-"))
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise StudyRefused(
                key, _("'%(text)s' is no number. Write by how much the rating changes, such as 0.5.")
                % {"text": text[:40]}
            )
        yield key.removeprefix(CHANGE), value
