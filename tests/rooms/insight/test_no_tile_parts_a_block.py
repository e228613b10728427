"""No filter or dimension of a tile lays bare a part of an anonymous block, or a block too small."""

from datetime import UTC, date, datetime
from itertools import combinations
from typing import Any

import pytest
from tests.cast import World
from tests.rooms.insight.answers import draw_answers, record_answers

from rapport.rooms.insight.boards.spec import DIMENSIONS, read_spec
from rapport.rooms.insight.selectors.boards import Shown, shown
from rapport.rooms.insight.selectors.counting import measures
from rapport.rooms.signals.api import Filters, NewScore, NewSignal, record_signals_in_bulk

TODAY = date(2026, 9, 17)
BLOCKS = {
    ("benelux", "survey"): 7,
    ("nordics", "survey"): 5,
    ("nordics", "remark"): 3,
    ("benelux", "mail"): 11,
}
# Whole blocks, the one of three left out, and what several of them add up to.
SUMS = {sum(chosen) for size in range(4) for chosen in combinations((7, 5, 11), size)}
NARROWINGS: list[dict[str, Any]] = [
    {},
    {"since": date(2026, 8, 3)},
    {"until": date(2026, 8, 20)},
    {"since": date(2026, 8, 1), "until": date(2026, 8, 31)},
    {"regions": ("nordics",)},
    {"regions": ("benelux", "none")},
    {"kinds": ("survey",)},
    {"sources": ("box",)},
    {"roles": ("approver",)},
    {"tiers": ("none",)},
    {"touchpoints": ("none",)},
    {"divisions": ("none",)},
    {"stages": ("none",)},
    {"partners": ("none",)},
    {"products": ("none",)},
    {"languages": ("en",)},
    {"programmes": ("L1",)},
    {"named": "no"},
    {"named": "no", "roles": ("none",)},
]


@pytest.fixture
def boxes(world: World) -> None:
    """Record answers with names, and four blocks without, one of them too small."""
    record_answers([answer for answer in draw_answers(world, 160) if not answer.anonymous])
    batch = [
        NewSignal(
            kind=kind,
            source="box",
            external_reference=f"{region}{kind}{number}",
            occurred_at=datetime(2026, 8, 1 + number, tzinfo=UTC),
            region=region,
            scores=(NewScore("nps", (number * 7) % 11),),
            anonymous=True,
        )
        for (region, kind), size in BLOCKS.items()
        for number in range(size)
    ]
    now = datetime(2026, 8, 31, 12, tzinfo=UTC)
    assert not record_signals_in_bulk(batch, author=None, now=now).refusals


def test_every_figure_holds_whole_blocks_or_none(boxes: None, cast: Any) -> None:
    user, nps = cast("cx_manager"), next(one for one in measures() if one.key == "nps")
    specs = [read_spec({"kind": kind}) for kind in ("figure", "trend")]
    specs += [read_spec({"kind": "breakdown", "by": [one]}) for one in DIMENSIONS]
    specs += [read_spec({"kind": "pivot", "by": by}) for by in (("region", "kind"), ("role", "month"))]
    seen = set()
    for narrowing in NARROWINGS:
        asked = Filters(metric="nps", **narrowing)
        whole = _counted(shown(user, specs, {"nps": nps}, asked, TODAY))
        named = {}
        if asked.named != "no":
            named = _counted(shown(user, specs, {"nps": nps}, asked.changed(named="yes"), TODAY))
        seen |= {n - named.get(key, 0) for key, n in whole.items()}
    assert seen <= SUMS, sorted(seen - SUMS)
    assert {0, 5, 7, 11, 23} <= seen, "the blocks were looked at"


def _counted(found: Shown) -> dict[Any, int]:
    """Return how many answers each figure of a page rests on."""
    counted = {}
    for number, result in enumerate(found.tiles):
        assert result is not None
        assert result.whole is not None
        for line in (result.whole, *result.lines):
            counted[number, line.key, line.anonymous] = line.tally.n
    return counted
