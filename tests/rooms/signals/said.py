"""What the tests of the ledger say: remarks by named people and by nobody."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from rapport.rooms.signals.api import NewComment, NewScore, NewSignal

NOW = datetime(2026, 9, 17, 10, 41, tzinfo=UTC)


def remark(**changes: Any) -> NewSignal:
    """Return a detractor's remark, with changes."""
    given = NewSignal(
        kind="remark",
        source="capture",
        external_reference="r-1",
        occurred_at=NOW,
        scores=(NewScore("nps", 3),),
        comments=(NewComment("Nobody rang.", "en"),),
    )
    return replace(given, **changes)
