"""The registry of the shell: what the rail, the palette and the person's menu offer; rooms register."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise

Text = str | Promise
Allowed = Callable[[Any], bool]


def everyone(user: Any) -> bool:
    """Allow every signed-in person."""
    return bool(user.is_authenticated)


@dataclass(frozen=True)
class Entry:
    """One place to go: `key` follows "g" on the keyboard; URLs of `sections` light the entry up."""

    label: Text
    url_name: str
    icon: str = "right"
    key: str = ""
    order: int = 100
    allowed: Allowed = everyone
    sections: tuple[str, ...] = ()

    @property
    def namespaces(self) -> tuple[str, ...]:
        """Return the URL namespaces this entry stands for."""
        if self.sections or ":" not in self.url_name:
            return self.sections
        return (self.url_name.rsplit(":", 1)[0],)


@dataclass(frozen=True)
class Link:
    """An entry resolved for one request."""

    label: Text
    url: str
    icon: str
    key: str
    current: bool


@dataclass
class Registry:
    """Everything rooms told the shell about."""

    rail: dict[str, Entry] = field(default_factory=dict)
    menu: dict[str, Entry] = field(default_factory=dict)
    capture: Entry | None = None
    search: Entry | None = None
    organisation: Callable[[], str] | None = None


registry = Registry()


def register(entry: Entry) -> None:
    """Put an entry on the rail; registering the same URL name again replaces it."""
    registry.rail[entry.url_name] = entry


def register_menu(entry: Entry) -> None:
    """Put an entry into the signed-in person's menu."""
    registry.menu[entry.url_name] = entry


def set_capture(url_name: str, allowed: Allowed = everyone) -> None:
    """Name the page behind "Capture feedback" and its key c."""
    registry.capture = Entry(label="", url_name=url_name, icon="plus", key="c", allowed=allowed)


def set_search(url_name: str, allowed: Allowed = everyone) -> None:
    """Name the view that answers the palette; see `rapport.ui.palette`."""
    registry.search = Entry(label="", url_name=url_name, icon="search", allowed=allowed)


def set_organisation(name: Callable[[], str]) -> None:
    """Name the function that returns the company's name for the foot of the rail."""
    registry.organisation = name


def _is_current(entry: Entry, request: HttpRequest) -> bool:
    match = getattr(request, "resolver_match", None)
    if match is None:
        return False
    return match.view_name == entry.url_name or any(space in entry.namespaces for space in match.namespaces)


def _link(entry: Entry, request: HttpRequest) -> Link | None:
    try:
        url = reverse(entry.url_name)
    except NoReverseMatch:
        return None
    return Link(entry.label, url, entry.icon, entry.key, _is_current(entry, request))


def links(entries: dict[str, Entry], request: HttpRequest) -> list[Link]:
    """Return the entries this request's user may see, in order."""
    user = getattr(request, "user", None)
    if user is None:
        return []
    chosen = sorted((e for e in entries.values() if e.allowed(user)), key=lambda e: (e.order, str(e.label)))
    return [link for e in chosen if (link := _link(e, request)) is not None]


def single(entry: Entry | None, request: HttpRequest) -> Link | None:
    """Return one entry as a link, when it is set and allowed."""
    found = links({entry.url_name: entry}, request) if entry else []
    return found[0] if found else None
