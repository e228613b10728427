"""Where higher rooms add to the pages of an account and a person: figures, panels, tabs, findings, moods."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, Generic, Literal, TypeVar

import structlog
from django.db import DatabaseError
from django.utils.functional import Promise

from rapport.kernel.access import UserRequest
from rapport.kernel.models import User
from rapport.rooms.accounts.models import Account, Contact
from rapport.rooms.accounts.selectors.tree import (
    itself,
    merged_contact_ids,
    merged_people,
    visible_part_ids,
)
from rapport.ui.components import Figure, TimelineItem

Text = str | Promise
SILENT_AFTER = timedelta(days=365)
log = structlog.get_logger("rapport.accounts.panels")


@dataclass(frozen=True)
class Look:
    """What a page looks at: a whole customer, one site of it, or one person there; and who looks, and when.

    Start every query from `account_ids` or `contact_ids`: they hold only what the user may see, with whatever
    was merged in.
    """

    account: Account
    user: User
    request: UserRequest
    now: datetime
    whole: bool = True
    contact: Contact | None = None

    @cached_property
    def account_ids(self) -> list[int]:
        """Return the ids of the accounts looked at."""
        return visible_part_ids(self.account, self.user) if self.whole else itself(self.account)

    @cached_property
    def contact_ids(self) -> list[int]:
        """Return the ids of the person looked at; empty on an account's page."""
        return merged_contact_ids(self.contact) if self.contact else []


@dataclass(frozen=True)
class Panel:
    """A section of a page. `main` is the wide column, `side` the narrow one, `top` above both."""

    title: Text
    template: str
    context: Mapping[str, Any]
    slot: Literal["top", "main", "side"] = "side"
    order: int = 100
    base: Text = ""
    anchor: str = ""


@dataclass(frozen=True)
class Finding:
    """Something a colleague would say about this customer in one sentence; the weightiest come first."""

    text: Text
    weight: int = 50


@dataclass(frozen=True)
class Entry:
    """One dated thing on the timeline; `kind` is the key it can be filtered by."""

    at: datetime
    kind: str
    item: TimelineItem


@dataclass(frozen=True)
class EntryKind:
    """A kind of entry that the timeline can be narrowed to."""

    key: str
    label: Text


@dataclass(frozen=True)
class Heard:
    """What a person last told us: a score from 0 to 10 where one was given, when, and in which words."""

    at: datetime
    score: float | None = None
    words: str = ""
    language: str = ""

    def is_silent(self, now: datetime) -> bool:
        """Say whether that was too long ago to still count as heard."""
        return now - self.at > SILENT_AFTER


@dataclass(frozen=True)
class TabPage:
    """A tab that a higher room adds; `content` gives the context of its template."""

    key: str
    label: Text
    template: str
    content: Callable[[Look], Mapping[str, Any]]
    count: Callable[[Look], int | None] | None = None
    order: int = 100


@dataclass(frozen=True)
class ListColumn:
    """A column of the account list that a higher room adds; it is asked once a page, for all its rows."""

    key: str
    label: Text
    cells: Callable[[User, Sequence[Account], datetime], Mapping[int, object]]
    numeric: bool = False


T = TypeVar("T")
Source = Callable[[Look], Iterable[T]]
# Entries at or before a moment, newest first, at most so many.
TimelineSource = Callable[[Look, datetime, int], Sequence[Entry]]
MoodSource = Callable[[Look, Sequence[int]], Mapping[int, Heard]]
F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Collected(Generic[T]):
    """What the sources gave, and whether one of them failed."""

    found: list[T]
    failed: bool


@dataclass
class Page:
    """What rooms registered for one kind of page."""

    figure_sources: dict[str, tuple[int, Source[Figure]]] = field(default_factory=dict)
    panel_sources: dict[str, Source[Panel]] = field(default_factory=dict)
    finding_sources: dict[str, Source[Finding]] = field(default_factory=dict)
    timeline_sources: dict[str, tuple[tuple[EntryKind, ...], TimelineSource]] = field(default_factory=dict)
    tab_pages: dict[str, TabPage] = field(default_factory=dict)

    def figures(self, *, order: int = 50) -> Callable[[Source[Figure]], Source[Figure]]:
        """Register figures for the row under the headline."""

        def register(source: Source[Figure]) -> Source[Figure]:
            self.figure_sources[_name(source)] = (order, source)
            return source

        return register

    def panels(self, source: Source[Panel]) -> Source[Panel]:
        """Register sections of the overview."""
        self.panel_sources[_name(source)] = source
        return source

    def findings(self, source: Source[Finding]) -> Source[Finding]:
        """Register sentences for the deck."""
        self.finding_sources[_name(source)] = source
        return source

    def timeline(self, *kinds: EntryKind) -> Callable[[TimelineSource], TimelineSource]:
        """Register entries of the timeline, naming the kinds they can be."""

        def register(source: TimelineSource) -> TimelineSource:
            self.timeline_sources[_name(source)] = (kinds, source)
            return source

        return register

    def tab(self, page: TabPage) -> None:
        """Register a tab."""
        self.tab_pages[page.key] = page

    def collect_figures(self, look: Look) -> Collected[Figure]:
        """Ask every source for its figures, in order."""
        ordered = [
            source for _order, source in sorted(self.figure_sources.values(), key=lambda pair: pair[0])
        ]
        return _collect(ordered, look)

    def collect_panels(self, look: Look) -> Collected[Panel]:
        """Ask every source for its sections, in order."""
        collected = _collect(self.panel_sources.values(), look)
        return Collected(sorted(collected.found, key=lambda panel: panel.order), collected.failed)

    def collect_findings(self, look: Look) -> Collected[Finding]:
        """Ask every source for its sentences, the weightiest first."""
        collected = _collect(self.finding_sources.values(), look)
        return Collected(sorted(collected.found, key=lambda finding: -finding.weight), collected.failed)


account_page = Page()
contact_page = Page()
list_columns: dict[str, ListColumn] = {}
_moods: list[MoodSource] = []


def add_column(column: ListColumn) -> None:
    """Offer a column of the account list."""
    list_columns[column.key] = column


def set_mood_source(source: MoodSource) -> MoodSource:
    """Name the function that says what each person last told us; it is asked once a page, by contact ids."""
    _moods[:] = [source]
    return source


def has_mood_source() -> bool:
    """Say whether anybody can tell what people told us."""
    return bool(_moods)


def hear(look: Look, contact_ids: Sequence[int]) -> Mapping[int, Heard]:
    """Return what each of these people last told us, also as a row merged into them."""
    if not _moods or not contact_ids:
        return {}
    same_as = merged_people(contact_ids)
    latest: dict[int, Heard] = {}
    for pk, heard in _moods[0](look, [*contact_ids, *same_as]).items():
        person = same_as.get(pk, pk)
        if person not in latest or heard.at > latest[person].at:
            latest[person] = heard
    return latest


def _name(source: Callable[..., Any]) -> str:
    return f"{source.__module__}.{source.__qualname__}"


def _collect(sources: Iterable[Source[T]], look: Look) -> Collected[T]:
    """Ask each source; one that fails is logged and left out, and the page says so."""
    found: list[T] = []
    failed = False
    for source in sources:
        try:
            found += source(look)
        except (ArithmeticError, AttributeError, DatabaseError, LookupError, TypeError, ValueError):
            log.exception("panel failed", source=_name(source))
            failed = True
    return Collected(found, failed)
