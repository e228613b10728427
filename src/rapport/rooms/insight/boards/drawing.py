"""Tiles as drawn: a chart with its table, its base, where its figures lead, and how they came about."""

import calendar
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from rapport.rooms.accounts.models import BuyingRole
from rapport.rooms.insight.boards import words
from rapport.rooms.insight.boards.words import Names
from rapport.rooms.insight.selectors.people import SilentPerson
from rapport.rooms.insight.selectors.tiles import Line, Result
from rapport.rooms.signals.api import Filters, ReadSignal
from rapport.stats.estimate import Difference, Estimate
from rapport.ui.charts import (
    Bar,
    Caption,
    Cell,
    Chart,
    ChartTable,
    Counts,
    Heading,
    Point,
    bars_with_whiskers,
    columns,
    heat_grid,
    line_with_band,
)
from rapport.ui.components import Mood
from rapport.ui.estimates import Reading, read
from rapport.ui.formats import number

MOST_MONTHS = 24
MOST_COLUMNS = 6
# A chart is drawn for the width its tile has, of twelve columns on a desk.
WIDTH_OF = {3: 270, 4: 385, 5: 487, 6: 590, 7: 692, 8: 795, 12: 1200}
Link = Callable[[Filters], str]


@dataclass(frozen=True)
class Change:
    """A change in words; only a proven one has a shape."""

    label: str
    text: str
    mood: Mood = ""


@dataclass(frozen=True)
class Narrowing:
    """A way further down: the same dashboard for one group alone."""

    label: str
    filters: Filters


@dataclass(frozen=True)
class Drawn:
    """A tile, ready for the page."""

    kind: str
    title: str
    width: int
    base: str
    reading: Reading | None
    changes: tuple[Change, ...]
    chart: Chart | None
    table: ChartTable
    how: tuple[tuple[str, str], ...]
    answers: str
    narrowing: Narrowing | None = None
    unhappy: tuple[ReadSignal, ...] = ()
    silent: tuple[SilentPerson, ...] = ()
    note: str = ""

    @property
    def table_text(self) -> str:
        """Return the table as text that spreadsheets take when it is pasted."""
        rows = [self.table.columns, *self.table.rows]
        return "\n".join("\t".join(str(cell) for cell in row) for row in rows)


def draw(
    result: Result, names: Names, link: Link, unhappy: Sequence[ReadSignal], silent: Sequence[SilentPerson]
) -> Drawn:
    """Draw one tile; `link` returns where the answers behind a narrowing are read, or nothing."""
    return Drawn(
        kind=result.spec.kind,
        title=words.title_of(result, names),
        width=result.spec.width,
        base=_base(result),
        reading=_reading(result),
        changes=_changes(result, names),
        chart=_chart(result, names, link),
        table=table(result, names),
        how=tuple(words.how(result)),
        answers=link(result.filters) if result.spec.kind not in {"silent", "asked"} else "",
        narrowing=_narrowing(result, names),
        unhappy=tuple(unhappy),
        silent=tuple(silent),
        note=_note(result),
    )


def _base(result: Result) -> str:
    if result.whole is None:
        return words.period(result.filters) if result.spec.kind != "silent" else _("a year or more")
    return _("n %(n)s") % {"n": number(result.whole.tally.n)}


def _reading(result: Result) -> Reading | None:
    if result.whole is None or result.spec.kind != "figure":
        return None
    return read(result.whole.estimate, result.measure.scale)


def _note(result: Result) -> str:
    if result.spec.kind == "asked" and result.asked.reason:
        return result.asked.reason
    if result.left_out:
        return _("Not shown: %(count)d smaller groups.") % {"count": result.left_out}
    return ""


def _changes(result: Result, names: Names) -> tuple[Change, ...]:
    """Return what moved: of a single figure in any case, of groups only what is proven."""
    whole = result.whole
    if whole is None or not result.spec.compare.against:
        return ()
    if not result.lines or result.spec.kind == "figure":
        if whole.change is None:
            return (Change("", words.against(result)),)
        return (_change(result, whole, words.against(result)),)
    moved = [line for line in result.lines if line.is_proven and line.change is not None]
    if not moved:
        return (Change("", _("no change is proven, %(said)s") % {"said": words.against(result)}),)
    return tuple(_change(result, line, names.of_line(result, line)) for line in moved)


def _change(result: Result, line: Line, label: str) -> Change:
    assert line.change is not None
    text = words.change_text(result.measure, line.change)
    mood = words.change_mood(result.measure, line)
    if not mood and line.change.value is not None:
        text = _("%(change)s: noise") % {"change": text}
    return Change(label, text, mood)


# -- Pictures ----------------------------------------------------------------------


def _chart(result: Result, names: Names, link: Link) -> Chart | None:
    makers = {
        "figure": _one_bar,
        "trend": _over_time,
        "mix": _mix,
        "breakdown": _side_by_side,
        "grid": _grid,
        "views": _views,
        "pivot": _side_by_side,
    }
    maker = makers.get(result.spec.kind)
    if maker is None or result.whole is None:
        return None
    if not result.whole.tally.n and result.spec.kind != "figure":
        return None
    if result.spec.kind == "pivot" and len(result.lines) > 24:
        return None
    chart = maker(result, names, link)
    return None if chart is None else replace(chart, table=table(result, names))


def _width(result: Result) -> float:
    return WIDTH_OF[result.spec.width]


def _caption(result: Result, said: str) -> Caption:
    assert result.whole is not None
    return Caption("", said % {"words": result.measure.words}, result.whole.estimate.method)


def _one_bar(result: Result, names: Names, link: Link) -> Chart:
    whole = result.whole
    assert whole is not None
    bars = [Bar(_("Now"), whole.estimate, "accent", link(result.filters))]
    if whole.before is not None and result.compared is not None:
        label = _("Other group") if result.spec.compare.against == "group" else _("Then")
        bars.append(Bar(label, whole.before, "pas", link(result.compared)))
    caption = _caption(result, _("%(words)s with 95%% range"))
    return bars_with_whiskers(caption, bars, scale=result.measure.scale, width=_width(result))


def _over_time(result: Result, names: Names, link: Link) -> Chart:
    points = [
        Point(
            words_month(line),
            line.estimate,
            link(line_filters(result, line) or result.filters) if line.tally.n else "",
        )
        for line in _last_months(result)
    ]
    caption = _caption(result, _("%(words)s with 95%% range; n is answers"))
    return line_with_band(caption, points, scale=result.measure.scale, width=_width(result))


def _last_months(result: Result) -> Sequence[Line]:
    return [line for line in result.lines if not line.anonymous][-MOST_MONTHS:]


def words_month(line: Line) -> str:
    """Return the name of a line's month."""
    return Names({}).say("month", line.key[0])


def _mix(result: Result, names: Names, link: Link) -> Chart:
    items = [
        Counts(words_month(line), line.tally.detractors, line.tally.passives, line.tally.promoters)
        for line in _last_months(result)
    ]
    return columns(Caption("", _("Answers by month: unhappy, passive, happy")), items, width=_width(result))


def _side_by_side(result: Result, names: Names, link: Link) -> Chart:
    worst = result.contrast.key if result.contrast else None
    bars = []
    for line in result.lines:
        filters = line_filters(result, line)
        tone = "accent" if worst is not None and line.key == (worst,) and not line.anonymous else "pas"
        url = link(filters) if filters is not None and line.tally.n else ""
        bars.append(Bar(names.of_line(result, line), line.estimate, tone, url))  # type: ignore[arg-type]
    caption = _caption(result, _("%(words)s with 95%% range"))
    return bars_with_whiskers(caption, bars, scale=result.measure.scale, width=_width(result))


def _grid(result: Result, names: Names, link: Link) -> Chart | None:
    by = result.spec.by
    named = [line for line in result.lines if not line.anonymous]
    nameless = [line for line in result.lines if line.anonymous]
    if not named:
        return None
    sizes: dict[Any, int] = {}
    for line in named:
        sizes[line.key[1]] = sizes.get(line.key[1], 0) + line.tally.n
    across = sorted(sizes, key=lambda key: (-sizes[key], str(key)))[:MOST_COLUMNS]
    down = _in_house_order(by[0], dict.fromkeys(line.key[0] for line in named))
    at = {line.key: line for line in named}
    headings = [Heading(names.say(by[0], key), _glyph(by[0], key)) for key in down]
    cells = [[_cell(result, at.get((row, column)), link) for column in across] for row in down]
    if nameless and nameless[0].key[1] is not None:
        by_column = {line.key[1]: line for line in nameless}
        headings.append(Heading(_("Without a name")))
        cells.append([_cell(result, by_column.get(column), link) for column in across])
    assert result.whole is not None
    said = _("Coloured where the range excludes the whole's %(value)s") % {
        "value": read(result.whole.estimate, result.measure.scale).value or "–"
    }
    return heat_grid(
        Caption("", said, result.whole.estimate.method),
        headings,
        [Heading(names.say(by[1], key)) for key in across],
        cells,
        reference=result.whole.estimate.value or 0.0,
        scale=result.measure.scale,
        width=_width(result),
    )


def _in_house_order(dimension: str, keys: dict[Any, None]) -> list[Any]:
    if dimension != "role":
        return list(keys)
    return [role for role in [*BuyingRole.Role.values, ""] if role in keys]


def _glyph(dimension: str, key: str) -> str:
    if dimension != "role":
        return ""
    return "decision" if key == "decision_maker" else key


def _cell(result: Result, line: Line | None, link: Link) -> Cell:
    if line is None or not line.tally.n:
        return Cell()
    filters = line_filters(result, line)
    return Cell(line.estimate, link(filters) if filters is not None else "")


def _views(result: Result, names: Names, link: Link) -> Chart:
    assert result.whole is not None
    assert result.views is not None
    bars = [Bar(_("People"), result.whole.estimate, "pas", link(result.filters))]
    bars += [Bar(label, estimate) for label, estimate in _of_customers(result)]
    caption = _caption(result, _("%(words)s with 95%% range; n is answers, then customers"))
    return bars_with_whiskers(caption, bars, scale=result.measure.scale, width=_width(result))


def _of_customers(result: Result) -> list[tuple[str, Estimate]]:
    views = result.views
    assert views is not None
    return [
        (_("Customers"), views.customers),
        (_("Customers, drawn together"), views.pooled),
        (_("Revenue"), views.revenue),
    ]


# -- Where figures lead -------------------------------------------------------------

_FILTER_OF = {
    "region": "regions", "role": "roles", "touchpoint": "touchpoints", "stage": "stages",
    "product": "products", "division": "divisions", "partner": "partners", "tier": "tiers",
    "sector": "sectors", "kind": "kinds", "source": "sources",
}  # fmt: skip
_ALWAYS_GIVEN = {"sector", "kind", "source"}


def line_filters(result: Result, line: Line) -> Filters | None:
    """Return the narrowing that holds just the answers of a line; None where no filter says it."""
    changes: dict[str, Any] = {"named": "no"} if line.anonymous else {}
    for name, key in zip(words.dimensions_of(result), line.key, strict=True):
        if key is None:
            continue
        if name in {"month", "quarter"}:
            changes |= _days(result.filters, key, 1 if name == "month" else 3)
        elif not key and name in _ALWAYS_GIVEN:
            return None
        else:
            changes[_FILTER_OF[name]] = (key or "none",)
    return result.filters.changed(**changes)


def _days(asked: Filters, first: date, months: int) -> dict[str, date]:
    month = first.month + months - 1
    last = date(first.year, month, calendar.monthrange(first.year, month)[1])
    return {
        "since": max(first, asked.since) if asked.since else first,
        "until": min(last, asked.until) if asked.until else last,
    }


def _narrowing(result: Result, names: Names) -> Narrowing | None:
    if result.contrast is None:
        return None
    dimension, key = result.spec.by[0], result.contrast.key
    changed = result.filters.changed(**{_FILTER_OF[dimension]: (key,)})
    return Narrowing(_("Only %(group)s") % {"group": names.say(dimension, key)}, changed)


# -- Tables ------------------------------------------------------------------------


def table(result: Result, names: Names) -> ChartTable:
    """Return a tile's figures as a table, to be read, copied and downloaded."""
    if result.spec.kind == "asked":
        return _asked_table(result)
    if result.whole is None:
        return ChartTable([_("What")], [])
    if result.spec.kind == "mix":
        return _mix_table(result)
    compared = bool(result.spec.compare.against) and any(
        line.before is not None for line in [result.whole, *result.lines]
    )
    heads = [_("What"), _("Value"), _("95% range"), _("n"), _("n eff")]
    if compared:
        heads += [_("Compared with"), _("its n"), _("Change (95% range)"), _("Tested")]
    rows = [_row(result, line, names.of_line(result, line), compared) for line in result.lines]
    rows.append(_row(result, result.whole, _("All"), compared))
    if result.views is not None:
        rows += [_estimate_cells(result, label, estimate) for label, estimate in _of_customers(result)]
    return ChartTable(heads, rows)


def _estimate_cells(result: Result, label: str, estimate: Estimate) -> list[str]:
    reading = read(estimate, result.measure.scale)
    if reading.hidden:
        return [label, reading.hidden, "", number(estimate.n), ""]
    return [label, reading.value, reading.range, number(estimate.n), number(estimate.n_effective, 1)]


def _row(result: Result, line: Line, label: str, compared: bool) -> list[str]:
    cells = _estimate_cells(result, label, line.estimate)
    if not compared:
        return cells
    if line.before is None or line.change is None:
        return [*cells, "", "", "", ""]
    before = read(line.before, result.measure.scale)
    return [
        *cells,
        before.hidden or before.value,
        number(line.before.n),
        words.change_text(result.measure, line.change),
        _tested(line, line.change),
    ]


def _tested(line: Line, change: Difference) -> str:
    if change.value is None:
        return ""
    return _("proven") if line.is_proven else _("noise")


def _mix_table(result: Result) -> ChartTable:
    rows = []
    for line in _last_months(result):
        tally = line.tally
        if line.estimate.is_hidden and tally.n:
            rows.append([words_month(line), _("hidden"), "", ""])
        else:
            rows.append(
                [words_month(line), *map(number, (tally.detractors, tally.passives, tally.promoters))]
            )
    return ChartTable([_("Month"), _("Unhappy"), _("Passive"), _("Happy")], rows)


def _asked_table(result: Result) -> ChartTable:
    asked = result.asked
    if asked.reason:
        return ChartTable([_("What"), _("People")], [])
    counted = [
        (_("Asked"), asked.asked),
        (_("Saw the questions"), asked.shown),
        (_("Answered"), asked.answered),
    ]
    return ChartTable([_("What"), _("People")], [[label, number(count)] for label, count in counted])
