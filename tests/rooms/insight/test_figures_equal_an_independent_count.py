"""Figures made in the database, against NumPy over the answers as they were given."""

from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np
import pytest
from tests.cast import World
from tests.rooms.insight.answers import Answer, draw_answers, record_answers

from rapport.kernel.models import User
from rapport.rooms.insight.api import Measure, base_of, cube, measures, tally
from rapport.rooms.insight.selectors.counting import add_up
from rapport.rooms.insight.selectors.dashboard import picture
from rapport.rooms.signals.selectors.filters import Filters
from rapport.stats import nps, top_two_box
from rapport.stats.designs import Design
from rapport.stats.means import mean
from rapport.stats.nps import design_nps

Given = list[Answer]


@pytest.fixture
def given(world: World) -> Given:
    """Record the answers."""
    answers = draw_answers(world)
    record_answers(answers)
    return answers


def measure(key: str) -> Measure:
    return next(one for one in measures() if one.key == key)


def close(figure: Any, wanted: Any) -> None:
    assert figure.n == wanted.n
    assert (figure.value, figure.low, figure.high) == pytest.approx((wanted.value, wanted.low, wanted.high))


def test_each_metric_over_everything(given: Given, cast: Callable[[str], User]) -> None:
    user = cast("cx_manager")
    close(measure("nps").figure(tally(user, measure("nps"), Filters())), nps([a.nps for a in given]))
    close(
        measure("csat").figure(tally(user, measure("csat"), Filters())), top_two_box([a.csat for a in given])
    )
    close(
        measure("ces").figure(tally(user, measure("ces"), Filters())),
        mean([a.ces for a in given], scale=(1, 7)),
    )


@pytest.mark.parametrize(
    ("filters", "fits"),
    [
        (Filters(regions=("nordics",)), lambda a: a.region == "nordics"),
        (Filters(roles=("approver",)), lambda a: a.role == "approver" and not a.anonymous),
        (Filters(tiers=("A",)), lambda a: a.account.startswith("Veldhuis") and not a.anonymous),
        (
            Filters(since=date(2026, 1, 1), until=date(2026, 3, 31)),
            lambda a: not a.anonymous and date(2026, 1, 1) <= a.at.date() <= date(2026, 3, 31),
        ),
        (Filters(named="no"), lambda a: a.anonymous),
        (Filters(bands=("det",)), lambda a: a.nps <= 6 and not a.anonymous),
    ],
)
def test_a_narrowed_figure(
    given: Given, cast: Callable[[str], User], filters: Filters, fits: Callable[[Answer], bool]
) -> None:
    found = measure("nps").figure(tally(cast("cx_manager"), measure("nps"), filters))
    close(found, nps([a.nps for a in given if fits(a)]))


def test_an_account_counts_with_everything_below_it(
    given: Given, world: World, cast: Callable[[str], User]
) -> None:
    found = tally(cast("cx_manager"), measure("nps"), Filters(account=world.veldhuis.code))
    wanted = [a.nps for a in given if a.account.startswith("Veldhuis") and not a.anonymous]
    close(measure("nps").figure(found), nps(wanted))


@pytest.mark.parametrize(
    ("who", "fits"),
    [
        ("account_manager", lambda a: a.account.startswith("Veldhuis") and not a.anonymous),
        ("champion", lambda a: a.region == "benelux"),
        ("partner_user", lambda a: a.account == "Kestrel Pharma" and not a.anonymous),
    ],
)
def test_nobody_counts_more_than_lies_in_reach(
    given: Given, cast: Callable[[str], User], who: str, fits: Callable[[Answer], bool]
) -> None:
    close(
        measure("nps").figure(tally(cast(who), measure("nps"), Filters())),
        nps([a.nps for a in given if fits(a)]),
    )


def test_months_regions_and_roles_add_up_to_the_whole(given: Given, cast: Callable[[str], User]) -> None:
    cells = cube(cast("cx_manager"), measure("nps"), Filters())
    by_month = add_up(cells, lambda cell: cell.month)
    for month, found in by_month.items():
        scores = [a.nps for a in given if a.at.date().replace(day=1) == month]
        assert found.n == len(scores)
        assert found.detractors == sum(score <= 6 for score in scores)
    assert sum(found.n for found in by_month.values()) == len(given)


def test_ranges_allow_for_answers_of_one_account_being_alike(
    given: Given, cast: Callable[[str], User]
) -> None:
    user, named = cast("cx_manager"), [a for a in given if not a.anonymous]
    asked = Filters(named="yes")
    base = base_of(user, measure("nps"), asked)
    wanted = design_nps([a.nps for a in named], Design(clusters=[a.account for a in named]))
    figure = measure("nps").figure(tally(user, measure("nps"), asked), base.spread)
    lone = nps([a.nps for a in named])
    assert base.accounts == len({a.account for a in named})
    assert base.people == len({a.contact for a in named if a.contact})
    assert lone.standard_error is not None
    assert wanted.standard_error is not None
    expected = max(1.0, (wanted.standard_error / np.sqrt(lone.n / (lone.n - 1)) / lone.standard_error) ** 2)
    assert base.spread == pytest.approx(expected, rel=1e-6)
    assert figure.n_effective == pytest.approx(figure.n / base.spread)


def test_the_dashboards_parts_are_of_one_piece(given: Given, cast: Callable[[str], User]) -> None:
    shown = picture(cast("cx_manager"), measure("nps"), Filters(metric="nps"))
    assert shown.tally.n == len(given)
    assert shown.named.n + shown.nameless.n == shown.tally.n
    assert sum(found.n for found in shown.by_role_and_region.values()) == shown.named.n
    assert sum(found.n for found in shown.regions.values()) == shown.tally.n
