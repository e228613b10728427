"""How a lower room tells the higher ones what happened, without knowing them."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar


@dataclass(frozen=True)
class Event:
    """Something that happened; rooms announce their own kinds."""


E = TypeVar("E", bound=Event)
_listeners: dict[type[Event], list[Callable[[Any], None]]] = defaultdict(list)


def listen_to(kind: type[E]) -> Callable[[Callable[[E], None]], Callable[[E], None]]:
    """Register a function to be called when an event of this kind is announced.

    It runs inside the announcer's transaction: it should only defer jobs, so that the change and
    its follow-up work are committed together or not at all.
    """

    def register(function: Callable[[E], None]) -> Callable[[E], None]:
        if function not in _listeners[kind]:
            _listeners[kind].append(function)
        return function

    return register


def announce(event: Event) -> None:
    """Tell every listener, in the transaction of the change."""
    for function in _listeners[type(event)]:
        function(event)
