"""What a list that can be taken out is: its columns, its rows, and what its columns mean in words."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict
from django.utils.functional import Promise

from rapport.rooms.accounts.models import BuyingRole
from rapport.rooms.catalog.models import Metric
from rapport.rooms.signals.models import Signal

Rows = Iterator[Sequence[object]]


class ListRefused(Exception):
    """A list is asked for in a way that cannot be given; the message says what to change."""


@dataclass(frozen=True)
class Told:
    """What a column is called in words, and what its values mean, for formats that keep such labels."""

    label: str
    values: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class ExportList:
    """One list: its name in addresses and commands, its label, columns and rows, and words for them."""

    name: str
    label: str | Promise
    columns: Callable[[], Sequence[str]]
    rows: Callable[[Any, QueryDict], Rows]
    told: Callable[[], Mapping[str, Told]] = dict
    check: Callable[[Any, QueryDict], None] = lambda user, asked: None
    """Raises ListRefused when what is asked for cannot be given; called before the first row."""


def signal_words(metrics: Sequence[str]) -> dict[str, Told]:
    """Return what the columns of signals mean; `metrics` have a column `score KEY` each."""
    known = Metric.objects.in_bulk(list(metrics))
    words = {
        "buying_role": Told("Buying role held then", _pairs(BuyingRole.Role.choices)),
        "kind": Told("How it reached us", _pairs(Signal.Kind.choices)),
    }
    for key in metrics:
        one = known[key]
        words[f"score {key}"] = Told(f"{one.name}, {one.scale_low:g} to {one.scale_high:g}")
    return words


def _pairs(choices: Sequence[tuple[Any, Any]]) -> tuple[tuple[str, str], ...]:
    return tuple((str(value), str(label)) for value, label in choices)
