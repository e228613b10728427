"""The explorer: a metric by up to three dimensions, with the letters of what each group is proven above."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import permutations
from string import ascii_uppercase
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _

from rapport.kernel.models import User
from rapport.rooms.insight.boards.spec import MOST_DIMENSIONS, TileRefused, TileSpec, read_spec
from rapport.rooms.insight.selectors.comparing import is_comparable, proven
from rapport.rooms.insight.selectors.counting import COLUMNS, measures
from rapport.rooms.insight.selectors.reading import read_asked
from rapport.rooms.insight.selectors.tiles import Line, Result, results
from rapport.rooms.insight.tallies import difference
from rapport.rooms.signals.api import Filters

DIMENSIONS = tuple(COLUMNS)
USUAL = ("region",)


@dataclass(frozen=True)
class Lettered:
    """A figure with the letter it goes by among those beside it, and the letters it is proven to be above."""

    line: Line
    letter: str = ""
    higher_than: str = ""


@dataclass(frozen=True)
class Panel:
    """Figures by the first dimension, for one combination of the others."""

    key: tuple[Any, ...]
    lines: tuple[Lettered, ...]


@dataclass(frozen=True)
class Explored:
    """Everything the explorer says."""

    result: Result
    panels: tuple[Panel, ...]
    tested: int
    """How many pairs were compared; the letters are corrected for all of them."""


class ExplorerRefused(Exception):
    """What is asked for cannot be shown; says which field and what to choose instead."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.message = message


def read_dimensions(query: QueryDict) -> tuple[str, ...]:
    """Read the dimensions of an address; raise ExplorerRefused for one that is not known, or too many."""
    asked = tuple(dict.fromkeys(name for name in query.getlist("by") if name))
    for name in asked:
        if name not in DIMENSIONS:
            raise ExplorerRefused(
                "by",
                _("There is no dimension '%(name)s'. Choose one of %(known)s.")
                % {"name": name[:60], "known": ", ".join(DIMENSIONS)},
            )
    if {"month", "quarter"} <= set(asked):
        raise ExplorerRefused("by", _("Choose month or quarter, not both."))
    if len(asked) > MOST_DIMENSIONS:
        raise ExplorerRefused("by", _("Choose at most %(most)d dimensions.") % {"most": MOST_DIMENSIONS})
    return asked or USUAL


def spec_of(asked: Filters, dimensions: Sequence[str], where: Any = None) -> TileSpec:
    """Return what is explored as the tile it can be saved as; raises ExplorerRefused."""
    try:
        return read_spec(
            {
                "kind": "pivot",
                "metric": asked.metric,
                "by": list(dimensions),
                "where": where or {},
                "width": 12,
            }
        )
    except TileRefused as refused:
        raise ExplorerRefused(refused.field or "by", refused.message) from refused


def explore(user: User, query: QueryDict, now: datetime) -> Explored | None:
    """Count what an address asks for, as far as the user may see; None when no metric is set up.

    Raises ExplorerRefused.
    """
    dimensions = read_dimensions(query)
    known = {one.key: one for one in measures()}
    asked = read_asked(user, query, known, now)
    if asked is None:
        return None
    (result,) = results(user, [spec_of(asked, dimensions)], known, asked, now.date())
    assert result is not None
    return lettered(result)


def lettered(result: Result) -> Explored:
    """Put figures side by side, and say which of them are proven to be higher than which.

    Every pair within a panel that rests on 30 answers on both sides is compared; all pairs together are
    corrected (Holm).
    """
    panels: dict[tuple[Any, ...], list[Line]] = {}
    for line in result.lines:
        panels.setdefault((*line.key[1:], line.anonymous), []).append(line)
    if result.spec.by[0] in {"month", "quarter"}:
        panels = {key: sorted(lines, key=lambda line: str(line.key[0])) for key, lines in panels.items()}
    differences = {}
    for key, lines in panels.items():
        for a, b in permutations(range(len(lines[: len(ascii_uppercase)])), 2):
            one, other = lines[a].estimate, lines[b].estimate
            if a < b and is_comparable(one) and is_comparable(other):
                differences[key, a, b] = difference(one, other)
    sure = proven(differences)
    above: dict[tuple[Any, int], str] = {}
    for key, a, b in sorted(sure, key=str):
        higher, lower = (b, a) if (differences[key, a, b].value or 0) > 0 else (a, b)
        above[key, higher] = above.get((key, higher), "") + ascii_uppercase[lower]
    return Explored(
        result=result,
        panels=tuple(
            Panel(
                key[:-1],
                tuple(
                    Lettered(
                        line,
                        ascii_uppercase[at] if len(lines) > 1 and at < len(ascii_uppercase) else "",
                        "".join(sorted(above.get((key, at), ""))),
                    )
                    for at, line in enumerate(lines)
                ),
            )
            for key, lines in panels.items()
        ),
        tested=len(differences),
    )
