"""Figures made in the database, against NumPy over the answers as they were given."""

from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np
import pytest
from tests.cast import World
from tests.rooms.insight.answers import NOW, Answer, draw_answers, record_answers

from rapport.kernel.models import User
from rapport.rooms.accounts.models import Account, Contract
from rapport.rooms.insight.api import Measure, base_of, cube, measures, tally
from rapport.rooms.insight.boards.spec import read_spec
from rapport.rooms.insight.selectors import customers
from rapport.rooms.insight.selectors.boards import shown
from rapport.rooms.insight.selectors.counting import add_up
from rapport.rooms.signals.selectors.filters import Filters
from rapport.stats import nps, top_two_box
from rapport.stats.designs import Design
from rapport.stats.means import mean
from rapport.stats.nps import design_nps

Given = list[Answer]
TODAY = date(2026, 9, 17)


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


def test_who_may_see_nothing_is_told_of_nobody(given: Given, cast: Callable[[str], User]) -> None:
    user = cast("employee")
    assert tally(user, measure("nps"), Filters()).n == 0
    assert base_of(user, measure("nps"), Filters()).people == 0


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


def test_the_parts_of_a_tile_are_of_one_piece(given: Given, cast: Callable[[str], User]) -> None:
    nps, specs = (
        measure("nps"),
        [{"kind": "grid", "by": ["role", "region"]}, {"kind": "breakdown", "by": ["region"]}],
    )
    found = shown(
        cast("cx_manager"), [read_spec(spec) for spec in specs], {"nps": nps}, Filters(metric="nps"), TODAY
    )
    grid, regions = found.tiles
    assert found.lead is not None
    assert found.lead.whole is not None
    assert grid is not None
    assert regions is not None
    assert found.lead.whole.tally.n == len(given)
    named = sum(line.tally.n for line in grid.lines if not line.anonymous)
    assert named == sum(not answer.anonymous for answer in given)
    assert sum(line.tally.n for line in grid.lines) == len(given)
    assert {line.key[0]: line.tally.n for line in regions.lines} == {
        region: sum(answer.region == region for answer in given) for region in ("benelux", "nordics")
    }


SIX = {"Veldhuis": 300, "Tarnhelm Chemicals": 100, "Kestrel Pharma": 50, "Osier": 20, "Lumen": 10, "Brill": 0}


@pytest.mark.parametrize("key", ["nps", "csat", "ces"])
def test_customers_have_one_vote_each_and_revenue_weighs_them(
    given: Given, world: World, cast: Callable[[str], User], key: str
) -> None:
    more = [
        Answer(NOW, name, "", "", "", *scores)
        for name, scores in [
            ("Osier", (3, 2, 5)),
            ("Osier", (9, 4, 2)),
            ("Lumen", (10, 5, 1)),
            ("Brill", (7, 3, 4)),
        ]
    ]
    for name in ("Osier", "Lumen", "Brill"):
        Account.objects.create(name=name)
    record_answers(more, source="more")
    for account in Account.objects.filter(parent=None):
        if value := SIX[account.name.split(" Dairy")[0]]:
            Contract.objects.create(account=account, starts_on=TODAY, annual_value=value, currency="EUR")
    found = customers.views_of(cast("cx_manager"), measure(key), Filters(metric=key))
    by_customer: dict[str, list[float]] = {}
    for one in [*given, *more]:
        if not one.anonymous:
            customer = "Veldhuis" if one.account.startswith("Veldhuis") else one.account
            by_customer.setdefault(customer, []).append(_worth_of(key, getattr(one, key)))
    factor = 100 if key == "nps" else 1
    scores = {name: factor * float(np.mean(values)) for name, values in by_customer.items()}
    votes = np.array(list(scores.values()))
    assert found.customers.value == pytest.approx(votes.mean())
    assert found.customers.standard_error == pytest.approx(votes.std(ddof=1) / np.sqrt(6))
    worth = np.array([SIX[name] for name in scores])
    assert found.revenue.value == pytest.approx((worth * votes).sum() / worth.sum())
    assert found.revenue.n_effective == pytest.approx(worth.sum() ** 2 / (worth**2).sum())
    assert (found.customers.n, found.revenue.n, found.currency, found.left_out) == (6, 5, "EUR", 1)


def _worth_of(key: str, value: int) -> float:
    if key == "nps":
        return float(value >= 9) - float(value <= 6)
    return float(value >= 4) if key == "csat" else float(value)


def test_fewer_than_five_customers_have_no_score_of_customers(
    given: Given, cast: Callable[[str], User]
) -> None:
    found = customers.views_of(cast("cx_manager"), measure("nps"), Filters(metric="nps"))
    assert (found.customers.value, found.pooled.value, found.revenue.value) == (None, None, None)
    assert found.customers.reason == "Fewer than 5 customers."
