"""Plain data that pages hand to the components: figures, tabs, filters, tables, timelines, results."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from django.http import HttpRequest, QueryDict
from django.utils.functional import Promise

from rapport.ui.estimates import EstimateLike

Text = str | Promise
Mood = Literal["det", "pas", "pro", "silent", ""]
PAGE_KEYS = ("page", "after", "before")


@dataclass(frozen=True)
class Figure:
    """One key number of a figures row. Give either a `value` or an `estimate` with its `scale`."""

    label: Text
    value: Text = ""
    note: Text = ""
    estimate: EstimateLike | None = None
    scale: str = ""
    mood: Mood = ""
    mood_text: Text = ""
    url: str = ""
    hidden_below: int = 5


@dataclass(frozen=True)
class Tab:
    """One part of a page."""

    label: Text
    url: str
    count: int | None = None
    current: bool = False


@dataclass(frozen=True)
class Crumb:
    """One step of the way to this page, shown in the overline."""

    label: Text
    url: str = ""


@dataclass(frozen=True)
class Choice:
    """One value a filter can take."""

    value: str
    label: Text


@dataclass(frozen=True)
class Filter:
    """Something a list can be filtered by; its state lives in the URL under `key`."""

    key: str
    label: Text
    choices: Sequence[Choice]
    multiple: bool = False


@dataclass(frozen=True)
class ActiveFilter:
    """A chosen value and the URL without it."""

    label: Text
    value: Text
    remove_url: str


@dataclass(frozen=True)
class FilterOption:
    """A value that can be chosen and the URL with it."""

    label: Text
    url: str


@dataclass(frozen=True)
class OpenFilter:
    """A filter that still offers values."""

    label: Text
    options: Sequence[FilterOption]


@dataclass(frozen=True)
class FilterBar:
    """The filters of a page: what is chosen, what can be added, and the URL without any."""

    summary: Text
    active: Sequence[ActiveFilter]
    open: Sequence[OpenFilter]
    clear_url: str


def _url(path: str, query: QueryDict) -> str:
    for key in PAGE_KEYS:
        query.pop(key, None)
    text = query.urlencode(safe=",")
    return f"{path}?{text}" if text else path


def _without(request: HttpRequest, key: str, value: str) -> str:
    query = request.GET.copy()
    query.setlist(key, [kept for kept in query.getlist(key) if kept != value])
    return _url(request.path, query)


def _with(request: HttpRequest, wanted: Filter, value: str) -> str:
    query = request.GET.copy()
    kept = query.getlist(wanted.key) if wanted.multiple else []
    query.setlist(wanted.key, [*kept, value])
    return _url(request.path, query)


def filter_bar(request: HttpRequest, summary: Text, filters: Sequence[Filter]) -> FilterBar:
    """Read the state of the filters from the URL; values nobody offers are ignored."""
    active: list[ActiveFilter] = []
    offered: list[OpenFilter] = []
    clear = request.GET.copy()
    for wanted in filters:
        labels = {choice.value: choice.label for choice in wanted.choices}
        chosen = [value for value in request.GET.getlist(wanted.key) if value in labels]
        clear.pop(wanted.key, None)
        active += [
            ActiveFilter(wanted.label, labels[value], _without(request, wanted.key, value))
            for value in chosen
        ]
        rest = [choice for choice in wanted.choices if choice.value not in chosen]
        if rest and (wanted.multiple or not chosen):
            options = [FilterOption(choice.label, _with(request, wanted, choice.value)) for choice in rest]
            offered.append(OpenFilter(wanted.label, options))
    return FilterBar(summary, active, offered, _url(request.path, clear))


def chosen_values(request: HttpRequest, wanted: Filter) -> list[str]:
    """Return the chosen values of a filter, only those it offers."""
    offered = {choice.value for choice in wanted.choices}
    return [value for value in request.GET.getlist(wanted.key) if value in offered]


@dataclass(frozen=True)
class Column:
    """One column of a table; `sort` is the value of ?sort= that orders by it."""

    label: Text
    numeric: bool = False
    sort: str = ""


@dataclass(frozen=True)
class Row:
    """One row of a table: the first cell is its heading; cells are text or safe HTML."""

    cells: Sequence[object]
    url: str = ""


@dataclass(frozen=True)
class Table:
    """A plain table with links that sort it."""

    label: Text
    columns: Sequence[Column]
    rows: Sequence[Row]
    total: Sequence[object] = ()
    empty: Text = ""


@dataclass(frozen=True)
class TimelineItem:
    """One entry of a timeline. `text` is what we say, `voice` what a customer said."""

    when: date | datetime
    kind: Text
    title: Text
    icon: str = "note"
    mood: Mood = ""
    text: Text = ""
    voice: str = ""
    language: str = ""
    note: Text = ""
    url: str = ""
    tag: Text = ""
    tag_tone: str = ""
    score: Text = ""


@dataclass(frozen=True)
class PaletteResult:
    """One thing the palette found."""

    label: str
    url: str
    icon: str = "right"
    detail: Text = ""


@dataclass(frozen=True)
class PaletteGroup:
    """Results of one kind."""

    title: Text
    results: Sequence[PaletteResult]


def sort_state(request: HttpRequest, default: str = "", key: str = "sort") -> tuple[str, bool]:
    """Return the column a list is sorted by and whether descending (?sort=name or ?sort=-name)."""
    value = request.GET.get(key, default)
    return value.lstrip("-"), value.startswith("-")


def query_with(request: HttpRequest, changes: Mapping[str, str | None]) -> str:
    """Return this page's URL with some parameters changed, None removing one; the page number is dropped."""
    query = request.GET.copy()
    for key in PAGE_KEYS:
        query.pop(key, None)
    for key, value in changes.items():
        if value is None:
            query.pop(key, None)
        else:
            query[key] = value
    text = query.urlencode(safe=",")
    return f"{request.path}?{text}" if text else request.path
