"""Columnar facts derived from the ledger, and the one language in which figures are asked of them."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rapport.analytics.asking import query
    from rapport.analytics.results import Base, Cell, Result
    from rapport.analytics.schema import BY, WHERE, QueryRefused
    from rapport.analytics.weighting import Weights

_HOMES = {
    "query": "asking",
    "Base": "results",
    "Cell": "results",
    "Result": "results",
    "BY": "schema",
    "WHERE": "schema",
    "QueryRefused": "schema",
    "Weights": "weighting",
}

__all__ = ["BY", "WHERE", "Base", "Cell", "QueryRefused", "Result", "Weights", "query"]


def __getattr__(name: str) -> Any:
    """Load what is asked for only then: the engine is heavy, and most processes start without it."""
    from importlib import import_module

    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
