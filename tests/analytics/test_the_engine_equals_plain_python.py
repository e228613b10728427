"""The engine against plain Python on random data, weights, filters and scopes; and attacks on the hidden."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rapport.analytics import Result, Weights, query
from rapport.analytics import ledger as port
from rapport.analytics.ledger import Changes, Metric, Narrowing, Sight, State
from rapport.analytics.refresh import refresh
from rapport.analytics.schema import RAW, WHOLE_BLOCK
from rapport.stats import nps, top_two_box
from rapport.stats.means import mean

METRICS = {
    "nps": Metric("nps", "Likely to recommend", "nps", 0, 10, True),
    "csat": Metric("csat", "Satisfaction", "csat", 1, 5, True),
    "ces": Metric("ces", "Effort", "ces", 1, 7, False),
}
REGIONS, ROLES, TIERS = ("", "north", "south"), ("", "user", "buyer"), ("A", "B", "")
FIRST = date(2025, 11, 20)
_calm = settings(deadline=None, max_examples=8, suppress_health_check=list(HealthCheck))


@dataclass(frozen=True)
class Fact:
    """One score as it was given."""

    metric: str
    value: int
    account: int
    contact: int
    day: date
    region: str
    role: str
    block: str = ""

    def get(self, name: str) -> Any:
        """Return its key in a dimension."""
        if name == "tier":
            return TIERS[self.account % 3] if self.account else ""
        if name == "month":
            return self.day.replace(day=1)
        return getattr(self, name)


@dataclass(frozen=True)
class Viewer:
    """Somebody with a scope."""

    everything: bool
    accounts: frozenset[int]
    regions: frozenset[str]

    def sees(self, fact: Fact) -> bool:
        """Say whether a fact lies in reach, blocks apart."""
        return (
            self.everything
            or fact.account in self.accounts
            or (not fact.account and fact.region in self.regions)
        )


class PlainLedger:
    """A ledger held in memory."""

    def __init__(self, facts: Sequence[Fact]) -> None:
        self.facts = facts

    def metrics(self) -> Mapping[str, Metric]:
        return METRICS

    @contextmanager
    def whole(self) -> Iterator[tuple[State, Iterator[pa.Table]]]:
        yield State("plain", "1:1:"), iter([self._table()])

    def changes(self, since: State) -> Changes:
        return Changes(since)

    def read(self, scores: Sequence[int]) -> pa.Table:
        return self._table()

    def writing(self) -> AbstractContextManager[None]:
        return nullcontext()

    def forget_changes(self) -> None:
        return

    @property
    def released(self) -> tuple[str, ...]:
        """Return the blocks of five and more people."""
        count: dict[str, int] = {}
        for fact in self.facts:
            count[fact.block] = count.get(fact.block, 0) + 1
        return tuple(sorted(block for block, people in count.items() if block and people >= 5))

    def sight(self, user: Any, narrowing: Narrowing, attributes: Sequence[str], *, nameless: bool) -> Sight:
        tiers = narrowing.attributes.get("tier")
        rows = [
            account
            for account in range(1, 13)
            if (user.everything or account in user.accounts)
            and (not tiers or (TIERS[account % 3] or "none") in tiers)
        ]
        told = {"id": pa.array(rows, pa.int64())}
        told |= {name: pa.array([TIERS[account % 3] for account in rows], pa.string()) for name in attributes}
        places = not narrowing and bool(user.everything or user.regions)
        return Sight(
            everything=user.everything,
            accounts=pa.table(told) if narrowing or attributes or not user.everything else None,
            places=places,
            regions=user.regions,
            blocks=self.released if nameless and places else (),
        )

    def _table(self) -> pa.Table:
        rows = [
            {
                "metric": fact.metric, "score": number, "account": fact.account, "contact": fact.contact,
                "day": (fact.day - date(1970, 1, 1)).days, "value": float(fact.value),
                "low": METRICS[fact.metric].low, "high": METRICS[fact.metric].high,
                "region": fact.region, "role": fact.role, "touchpoint": "", "product": "", "partner": "",
                "kind": "survey", "source": "here", "block": fact.block,
            }
            for number, fact in enumerate(self.facts)
        ]  # fmt: skip
        return pa.Table.from_pylist(rows, schema=RAW)


@st.composite
def ledgers(draw: st.DrawFn) -> PlainLedger:
    """Draw a ledger with named, unknown and anonymous answers."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    facts = []
    for _number in range(draw(st.integers(20, 160))):
        metric = str(rng.choice(list(METRICS)))
        value = int(rng.integers(METRICS[metric].low, METRICS[metric].high + 1))
        region = str(rng.choice(REGIONS))
        day = FIRST + timedelta(days=int(rng.integers(0, 90)))
        account = int(rng.integers(0, 13))
        if rng.random() < 0.25:
            month = day.replace(day=1)
            facts.append(Fact(metric, value, 0, 0, month, region, "", f"{month}{region}{metric}"))
        else:
            contact = account * 10 + int(rng.integers(0, 3)) if account else 0
            facts.append(Fact(metric, value, account, contact, day, region, str(rng.choice(ROLES))))
    return PlainLedger(facts)


viewers = st.one_of(
    st.just(Viewer(True, frozenset(), frozenset())),
    st.builds(
        Viewer,
        st.just(False),
        st.frozensets(st.integers(1, 12), max_size=6),
        st.frozensets(st.sampled_from(REGIONS[1:]), max_size=1),
    ),
)
narrowings = st.fixed_dictionaries(
    {},
    optional={
        "region": st.lists(st.sampled_from(("none", *REGIONS[1:])), min_size=1, max_size=2),
        "role": st.lists(st.sampled_from(("none", *ROLES[1:])), min_size=1, max_size=2),
        "tier": st.lists(st.sampled_from(("A", "B", "none")), min_size=1, max_size=2),
        "since": st.integers(0, 90).map(lambda days: FIRST + timedelta(days=days)),
        "until": st.integers(0, 90).map(lambda days: FIRST + timedelta(days=days)),
        "named": st.sampled_from(["yes", "no"]),
    },
)
splits = st.lists(st.sampled_from(["region", "role", "tier", "month"]), max_size=2, unique=True)
weightings = st.one_of(
    st.none(),
    st.builds(Weights.each, st.just("region"), st.just({"none": 1.0, "north": 2.5, "south": 0.5})),
    st.builds(Weights.to_population, st.just("role"), st.just({"none": 0.2, "user": 0.5, "buyer": 0.3})),
    st.builds(Weights.each, st.just("tier"), st.just({"A": 3.0, "B": 1.0})),
)


@contextmanager
def engine_over(ledger: PlainLedger, folder: Path) -> Iterator[None]:
    """Make facts of a ledger."""
    from django.conf import settings as django_settings

    before, root = port.ledger(), django_settings.FACTS_ROOT
    django_settings.FACTS_ROOT = folder / f"{id(ledger):x}-{len(list(folder.iterdir()))}"
    port.connect(ledger)
    try:
        refresh()
        yield
    finally:
        port.connect(before)
        django_settings.FACTS_ROOT = root


def reached(
    ledger: PlainLedger, viewer: Viewer, where: Mapping[str, Any], weights: Weights | None
) -> list[Fact]:
    """Return the facts a question reaches, in plain words."""
    parting = set(where) - WHOLE_BLOCK - {"named"} or where.get("named") == "yes"
    parting = parting or (weights is not None and weights.dimension not in WHOLE_BLOCK)
    found = []
    for fact in ledger.facts:
        if fact.block and (parting or fact.block not in ledger.released):
            continue
        if not viewer.sees(fact) or (where.get("named") == "no" and not fact.block):
            continue
        if "tier" in where and not fact.account:
            continue
        keys = ((name, where[name]) for name in ("region", "role", "tier") if name in where)
        since, until = where.get("since", fact.day), where.get("until", fact.day)
        if since <= fact.day <= until and all((fact.get(name) or "none") in wanted for name, wanted in keys):
            found.append(fact)
    return found


def weights_of(facts: Sequence[Fact], weights: Weights) -> list[float]:
    """Return each fact's weight."""
    told = {("" if key == "none" else key): number for key, number in weights.numbers}
    keys = [fact.get(weights.dimension) for fact in facts]
    if not weights.population:
        return [told.get(key, 0.0) for key in keys]
    return [told.get(key, 0.0) / keys.count(key) for key in keys]


def plain(measure: str, facts: Sequence[Fact], weights: Sequence[float] | None) -> Any:
    """Return the figure by the statistics package, from the answers themselves."""
    values = [fact.value for fact in facts]
    if measure == "nps":
        return nps(values, weights=weights)
    if measure == "csat":
        return top_two_box(values, weights=weights)
    return mean(values, scale=(1, 7), weights=weights)


@given(ledgers(), viewers, narrowings, splits, weightings, st.sampled_from(list(METRICS)))
@_calm
def test_every_figure_is_that_of_plain_python(
    tmp_path_factory: pytest.TempPathFactory,
    ledger: PlainLedger,
    viewer: Viewer,
    where: dict[str, Any],
    by: list[str],
    weights: Weights | None,
    measure: str,
) -> None:
    with engine_over(ledger, tmp_path_factory.mktemp("facts")):
        found = query(measure, user=viewer, by=by, where=where, weights=weights)
    facts = [fact for fact in reached(ledger, viewer, where, weights) if fact.metric == measure]
    told = weights_of(facts, weights) if weights else [1.0] * len(facts)
    counted = [(fact, weight) for fact, weight in zip(facts, told, strict=True) if weight > 0]
    groups: dict[tuple[Any, ...], list[tuple[Fact, float]]] = {}
    for fact, weight in counted:
        groups.setdefault(tuple(fact.get(name) for name in by), []).append((fact, weight))
    if by:
        assert {cell.keys: cell.figure.n for cell in found} == {
            key: len(some) for key, some in groups.items()
        }
    assert found.total.n == len(counted)
    assert found.base.accounts == len({fact.account for fact, _weight in counted if fact.account})
    assert found.base.people == len({fact.contact for fact, _weight in counted if fact.contact})
    for figure, some in [(found.total, counted), *((cell.figure, groups[cell.keys]) for cell in found)]:
        if figure.value is None:
            continue
        wanted = plain(measure, [fact for fact, _w in some], [w for _f, w in some] if weights else None)
        assert figure.value == pytest.approx(wanted.value)
        assert figure.n_effective == pytest.approx(
            wanted.n_effective / min(found.base.spread, figure.n), rel=1e-6
        )
        if found.base.spread == 1:
            assert (figure.low, figure.high) == pytest.approx((wanted.low, wanted.high))
        assert figure.low <= figure.value <= figure.high


@given(ledgers(), viewers, st.lists(st.tuples(narrowings, splits), min_size=4, max_size=10))
@_calm
def test_no_sequence_of_questions_lays_bare_what_is_hidden(
    tmp_path_factory: pytest.TempPathFactory,
    ledger: PlainLedger,
    viewer: Viewer,
    questions: list[tuple[dict[str, Any], list[str]]],
) -> None:
    """Whatever is asked, and however answers are added and taken away, anonymous people stay in their blocks.

    Named answers in reach can be read one by one, so an attacker knows them; what is left of any figure is a
    sum of whole released blocks. Nothing told changes with what lies out of reach.
    """
    with engine_over(ledger, tmp_path_factory.mktemp("facts")):
        told = [query("nps:mean", user=viewer, by=by, where=where) for where, by in questions]
    for result, (where, by) in zip(told, questions, strict=True):
        known = [
            fact for fact in reached(ledger, viewer, {**where, "named": "yes"}, None) if fact.metric == "nps"
        ]
        known = [] if where.get("named") == "no" else known
        for keys, figure in _figures(result):
            named = sum(1 for fact in known if not keys or tuple(fact.get(name) for name in by) == keys)
            assert _is_sum_of_blocks(figure.n - named, ledger)
        _nothing_by_subtraction(result)
    beyond = PlainLedger([fact for fact in ledger.facts if viewer.sees(fact)])
    with engine_over(beyond, tmp_path_factory.mktemp("less")):
        again = [query("nps:mean", user=viewer, by=by, where=where) for where, by in questions]
    assert [(one.total, one.cells, one.base) for one in again] == [
        (one.total, one.cells, one.base) for one in told
    ]


def _figures(result: Result) -> list[tuple[tuple[Any, ...], Any]]:
    return [((), result.total), *((cell.keys, cell.figure) for cell in result)]


def _is_sum_of_blocks(people: int, ledger: PlainLedger) -> bool:
    """Say whether a number can be that of whole released blocks."""
    sizes = [sum(fact.block == block for fact in ledger.facts) for block in ledger.released if "nps" in block]
    sums = {0}
    for size in sizes:
        sums |= {size + one for one in sums}
    return people in sums


def _nothing_by_subtraction(result: Result) -> None:
    """Check that the total less all cells shown leaves nobody, or five and more in two cells and more."""
    hidden = [cell.figure.n for cell in result if cell.figure.value is None]
    if result.total.value is not None and hidden:
        assert len(hidden) >= 2
        assert sum(hidden) >= 5
