"""Facts and the figures made of them, against what the database itself counts."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tests.cast import World
from tests.rooms.insight.answers import draw_answers, record_answers

from rapport.analytics import query
from rapport.analytics.refresh import refresh
from rapport.kernel.models import User
from rapport.rooms.insight.api import base_of, cube, measures, tally
from rapport.rooms.insight.selectors.counting import add_up, total
from rapport.rooms.signals.selectors.filters import Filters


@pytest.fixture
def facts(world: World, settings: Any, tmp_path: Path) -> None:
    """Record answers and make facts of them."""
    settings.FACTS_ROOT = tmp_path / "facts"
    record_answers(draw_answers(world, 400))
    refresh()


WHO = ["cx_manager", "account_manager", "champion", "partner_user"]


@pytest.mark.parametrize("metric", ["nps", "csat", "ces"])
def test_the_cube_is_that_of_the_database(facts: None, cast: Callable[[str], User], metric: str) -> None:
    measure = next(one for one in measures() if one.key == metric)
    for who in WHO:
        user = cast(who)
        cells, base = cube(user, measure, Filters()), base_of(user, measure, Filters())
        found = query(metric, user=user, by=["region", "role", "month"])
        wanted = {
            key: measure.figure(tally, base.spread)
            for key, tally in add_up(cells, lambda c: (c.region, c.role, c.month)).items()
        }
        assert {key: figure.n for key, figure in found.by_key.items()} == {k: f.n for k, f in wanted.items()}
        for key, figure in found.by_key.items():
            if figure.value is not None:
                assert (figure.value, figure.low, figure.high) == pytest.approx(
                    (wanted[key].value, wanted[key].low, wanted[key].high)
                )
        assert (found.base.accounts, found.base.people) == (base.accounts, base.people)
        assert found.base.spread == pytest.approx(base.spread)
        whole = measure.figure(total(c.tally for c in cells), base.spread).hidden_below()
        assert (found.total.n, found.total.value) == (whole.n, pytest.approx(whole.value))
        assert found.total.method == whole.method


@pytest.mark.parametrize(
    ("where", "filters"),
    [
        ({"region": ["nordics"]}, Filters(regions=("nordics",))),
        ({"role": ["approver", "none"]}, Filters(roles=("approver", "none"))),
        ({"tier": "A"}, Filters(tiers=("A",))),
        (
            {"since": "2026-01-01", "until": date(2026, 3, 31)},
            Filters(since=date(2026, 1, 1), until=date(2026, 3, 31)),
        ),
        ({"named": "no"}, Filters(named="no")),
        ({"named": "yes"}, Filters(named="yes")),
        ({"band": ["det", "pas"]}, Filters(bands=("det", "pas"))),
        ({"kind": "survey", "source": ["relationship"]}, Filters(kinds=("survey",))),
        ({"region": "nowhere"}, Filters(regions=("nowhere",))),
    ],
)
@pytest.mark.parametrize("who", ["cx_manager", "champion"])
def test_a_narrowed_figure_is_that_of_the_database(
    facts: None, cast: Callable[[str], User], where: dict[str, Any], filters: Filters, who: str
) -> None:
    for measure in measures():
        user = cast(who)
        found = query(measure.key, user=user, where=where).total
        wanted = measure.figure(
            tally(user, measure, filters), base_of(user, measure, filters).spread
        ).hidden_below()
        assert (found.n, found.value, found.low, found.high) == (
            wanted.n, *(pytest.approx(x) for x in (wanted.value, wanted.low, wanted.high)),
        )  # fmt: skip
