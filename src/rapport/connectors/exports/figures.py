"""The figures of pages, and the answers behind them, as lists: full digits where the page rounds."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from rapport.connectors.exports.shape import ExportList, ListRefused, Rows, Told, signal_words
from rapport.rooms.insight.api import (
    ExplorerRefused,
    Study,
    StudyRefused,
    answer_columns,
    answer_rows,
    answers_asked,
    asked_of,
    explore,
    measures,
    study,
)
from rapport.stats.drivers import Drivers
from rapport.stats.estimate import Estimate

_RANGE = ("", " low", " high")
_DRIVER_COLUMNS = (
    "group", "driver", "driver name", *(f"share{end}" for end in _RANGE),
    *(f"importance{end}" for end in _RANGE), *(f"coefficient{end}" for end in _RANGE),
    *(f"mean rating{end}" for end in _RANGE), "relative weight", "correlation", "variance inflation",
    "n", "left out", "customers", "r squared", "r squared low", "r squared high", "method", "reason",
)  # fmt: skip


def _driver_figures(user: Any, asked: QueryDict) -> Rows:
    """Yield every driver of all answers, then of each group; a group without drivers says why."""
    found = _study(user, asked)
    if found is None:
        return
    rating = {one.measure.key: one.performance for one in found.rated}
    yield from _driver_rows(found, "", found.found, rating)
    for group in found.groups:
        yield from _driver_rows(found, group.key or "not known", group.found, {})


def _study(user: Any, asked: QueryDict) -> Study | None:
    wanted = asked_of(user, asked, timezone.now())
    return None if wanted is None else study(user, wanted.outcome, wanted.filters, wanted.study, measures())


def _driver_rows(
    study: Study, group: str, found: Drivers, rating: dict[str, Estimate]
) -> Iterator[Sequence[object]]:
    whole = (found.n, found.left_out, found.clusters, *_ends(found.r_squared), found.method, found.reason)
    if found.reason is not None:
        yield (group, *[None] * (len(_DRIVER_COLUMNS) - 9), None, *whole[1:])
        return
    for driver in found.drivers:
        yield (
            group,
            str(driver.name),
            study.name_of(driver.name),
            *_ends(driver.share),
            *_ends(driver.importance),
            *_ends(driver.coefficient),
            *_ends(rating.get(str(driver.name))),
            driver.relative_weight,
            driver.correlation,
            driver.variance_inflation if np.isfinite(driver.variance_inflation) else None,
            driver.n,
            *whole[1:],
        )


def _ends(figure: Estimate | None) -> tuple[float | None, float | None, float | None]:
    return (None, None, None) if figure is None else (figure.value, figure.low, figure.high)


# -- The answers behind the drivers -------------------------------------------------


def _answer_words() -> dict[str, Told]:
    words = signal_words([one.key for one in measures()])
    words["role"] = words.pop("buying_role")
    words.pop("kind")
    words["cluster"] = Told("Customer, numbered; an answer without one has a number of its own")
    return words


def _driver_answers(user: Any, asked: QueryDict) -> Rows:
    """Yield the answers with the outcome, each with all scores given in it, as the analysis reads them."""
    wanted = answers_asked(user, asked, timezone.now())
    if wanted is not None:
        yield from answer_rows(user, *wanted)


def _check(user: Any, asked: QueryDict) -> None:
    try:
        _study(user, asked)
    except StudyRefused as refused:
        raise ListRefused(f"{refused.field}: {refused.message}") from refused


_EXPLORER_COLUMNS = (
    "by 1", "by 2", "by 3", "without a name", "value", "low", "high", "unit", "n", "n effective",
    "letter", "higher than", "method", "reason",
)  # fmt: skip


def _explorer_figures(user: Any, asked: QueryDict) -> Rows:
    """Yield every figure of the explorer; a key that is not known is empty."""
    found = explore(user, asked, timezone.now())
    for panel in found.panels if found else ():
        for one in panel.lines:
            figure = one.line.estimate
            keys = [None if key is None else str(key) for key in one.line.key]
            yield (
                *[*keys, None, None][:3],
                one.line.anonymous,
                *_ends(figure),
                figure.unit,
                figure.n,
                figure.n_effective,
                one.letter,
                one.higher_than,
                figure.method,
                figure.reason,
            )


def _check_explorer(user: Any, asked: QueryDict) -> None:
    try:
        explore(user, asked, timezone.now())
    except ExplorerRefused as refused:
        raise ListRefused(f"{refused.field}: {refused.message}") from refused


FIGURE_LISTS = (
    ExportList(
        "explorer_figures",
        _("Explorer: the figures"),
        lambda: _EXPLORER_COLUMNS,
        _explorer_figures,
        check=_check_explorer,
    ),
    ExportList(
        "driver_figures",
        _("Drivers: the figures"),
        lambda: _DRIVER_COLUMNS,
        _driver_figures,
        check=_check,
    ),
    ExportList(
        "driver_answers",
        _("Drivers: the answers behind them"),
        answer_columns,
        _driver_answers,
        _answer_words,
    ),
)
