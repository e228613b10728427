"""Measures as expressions: what is counted of an answer, written once for every engine there is."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import ibis
from ibis import _

from rapport.analytics.ledger import Metric
from rapport.analytics.schema import CODED, FACTS

_TYPES = {"int64": "int64", "int32": "int32", "int16": "int16", "int8": "int8", "double": "float64"}
_COLUMNS = {f.name: _TYPES[str(f.type)] for f in FACTS if f.name != "metric"}
HAPPY_FROM: Final = 2 / 3 - 1e-9
UNHAPPY_BELOW: Final = 0.5 - 1e-9


@dataclass(frozen=True)
class Shape:
    """Everything about a question that its SQL depends on; what is the same has the same SQL."""

    metric: Metric
    statistic: str
    by: tuple[str, ...] = ()
    joined: tuple[str, ...] = ()
    """Attributes of accounts that the table of accounts carries."""
    accounts: bool = False
    """Only these accounts."""
    unknown: bool = True
    """Signals of unknown accounts too."""
    nameless: bool = True
    bounded: bool = False
    """Unknown accounts only in some regions or of some partners."""
    narrowed: tuple[str, ...] = ()
    """Columns whose codes must be among those of the table named like it."""
    since: bool = False
    until: bool = False
    bands: tuple[str, ...] = ()
    only_nameless: bool = False
    weight: str = ""


def value_of(metric: Metric, statistic: str) -> Any:
    """Return what the figure is the mean of, as an expression over one fact."""
    if statistic == "net":
        return _.sign
    if statistic == "mean":
        return metric.low + (_.value - _.low) / (_.high - _.low) * (metric.high - metric.low)
    happy, unhappy = bands_of(metric)
    marked = {"top_two_box": _top(metric), "happy": happy, "unhappy": unhappy}[statistic]
    return marked.cast("int8")


def bands_of(metric: Metric) -> tuple[Any, Any]:
    """Return whether an answer is happy, and whether it is unhappy: the rule of lists and pages."""
    if metric.kind == "nps":
        return _.sign > 0, _.sign < 0
    span = _.high - _.low
    if metric.higher_is_better:
        unhappy = _.value < _.low + span * UNHAPPY_BELOW
        happy = _.value > _.high - 2 if metric.kind == "csat" else _.value >= _.low + span * HAPPY_FROM
    else:
        unhappy = _.value > _.high - span * UNHAPPY_BELOW
        happy = _.value <= _.high - span * HAPPY_FROM
    return happy & ~unhappy, unhappy


def _top(metric: Metric) -> Any:
    return _.value > _.high - 2 if metric.higher_is_better else _.value < _.low + 2


@lru_cache(maxsize=512)
def cells_sql(shape: Shape, dialect: str = "duckdb") -> str:
    """Return the SQL that adds up the answers of each cell."""
    rows = _rows(shape)
    sums = _sums(shape)
    return _sql(
        rows.group_by(list(shape.by)).aggregate(**sums) if shape.by else rows.aggregate(**sums), dialect
    )


@lru_cache(maxsize=512)
def base_sql(shape: Shape, dialect: str = "duckdb") -> str:
    """Return the SQL that adds answers up to accounts, and these to what the spread is made of."""
    rows, one = _rows(shape), ibis.literal(1, "int64")
    known = rows.filter(_.account > 0).group_by("account").aggregate(**_unit_sums(shape))
    known = known.mutate(unit_xx=_.wx * _.wx, unit_xw=_.wx * _.w, unit_ww=_.w * _.w, units=one, accounts=one)
    parts = [known]
    if shape.unknown:
        lone = rows.filter(_.account == 0).aggregate(**_unit_sums(shape))
        # An answer without an account is a unit of its own: its squares are those of answers.
        lone = lone.mutate(
            account=ibis.literal(0, "int64"),
            unit_xx=_.wwxx,
            unit_xw=_.wwx,
            unit_ww=_.ww,
            units=_.n,
            accounts=ibis.literal(0, "int64"),
        ).filter(_.n > 0)
        parts.append(lone.select(*known.columns))
    whole = ibis.union(*parts) if len(parts) > 1 else parts[0]
    names = [
        "n",
        "w",
        "wx",
        "ww",
        "wwx",
        "wwxx",
        "units",
        "unit_xx",
        "unit_xw",
        "unit_ww",
        "accounts",
        "people",
    ]
    return _sql(whole.aggregate(**{name: _[name].sum() for name in names}), dialect)


@lru_cache(maxsize=128)
def counts_sql(shape: Shape, dialect: str = "duckdb") -> str:
    """Return the SQL that counts the answers of each key a weight is given for."""
    rows = _rows(shape)
    return _sql(rows.group_by("weight_key").aggregate(n=_.count()), dialect)


def _sums(shape: Shape) -> dict[str, Any]:
    found = {"n": _.count(), "x": _.x.sum(), "xx": (_.x * _.x).sum()}
    if shape.weight:
        found |= {
            "w": _.weight.sum(),
            "wx": (_.weight * _.x).sum(),
            "wxx": (_.weight * _.x * _.x).sum(),
            "ww": (_.weight * _.weight).sum(),
        }
    return found


def _unit_sums(shape: Shape) -> dict[str, Any]:
    x, people = _.x.cast("float64"), _.contact.nunique(where=_.contact > 0)
    if not shape.weight:
        n, once, squared = _.count().cast("float64"), x.sum(), (x * x).sum()
        return {"n": _.count(), "w": n, "wx": once, "ww": n, "wwx": once, "wwxx": squared, "people": people}
    w = _.weight
    return {
        "n": _.count(),
        "w": w.sum(),
        "wx": (w * x).sum(),
        "ww": (w * w).sum(),
        "wwx": (w * w * x).sum(),
        "wwxx": (w * w * x * x).sum(),
        "people": people,
    }


def _rows(shape: Shape) -> Any:
    """Return the facts a question reaches, with x and what they are grouped and weighted by.

    Facts of known accounts are joined with the accounts in sight: scope is a condition inside the engine.
    """
    parts = [] if shape.only_nameless else [_known(shape)]
    if shape.unknown:
        parts.append(_unknown(shape))
    rows = ibis.union(*parts) if len(parts) > 1 else parts[0]
    rows = rows.mutate(x=value_of(shape.metric, shape.statistic))
    return _weighted(rows, shape) if shape.weight else rows


def _known(shape: Shape) -> Any:
    rows = _narrowed(ibis.table(_COLUMNS, name="facts").filter(_.account > 0), shape)
    if not (shape.accounts or shape.joined):
        return rows
    given = {"account_id": "int64"} | {f"account_{name}": "string" for name in shape.joined}
    accounts = ibis.table(given, name="accounts")
    if not shape.joined:
        return rows.semi_join(accounts, rows.account == accounts.account_id)
    joined = rows.inner_join(accounts, rows.account == accounts.account_id)
    return joined.select(*_COLUMNS, *_attributes(shape))


def _attributes(shape: Shape) -> list[str]:
    return [f"account_{name}" for name in shape.joined]


def _unknown(shape: Shape) -> Any:
    rows = _narrowed(ibis.table(_COLUMNS, name="facts").filter(_.account == 0), shape)
    if shape.nameless:
        released = rows.block.isin(ibis.table({"code": "int32"}, name="blocks").code)
        rows = rows.filter(released if shape.only_nameless else (rows.block == 0) | released)
    else:
        rows = rows.filter(_.block == 0)
    if shape.bounded:
        regions, partners = (
            ibis.table({"code": "int32"}, name=f"scope_{name}") for name in ("region", "partner")
        )
        rows = rows.filter(rows.region.isin(regions.code) | rows.partner.isin(partners.code))
    return rows.mutate(**{name: ibis.literal("") for name in _attributes(shape)}) if shape.joined else rows


def _narrowed(rows: Any, shape: Shape) -> Any:
    for name in shape.narrowed:
        wanted = ibis.table({"code": "int32"}, name=f"where_{name}")
        rows = rows.filter(rows[name].isin(wanted.code))
    days = ibis.table({"since": "int32", "until": "int32"}, name="days")
    if shape.since:
        rows = rows.filter(rows.day >= days.since.max().as_scalar())
    if shape.until:
        rows = rows.filter(rows.day <= days.until.max().as_scalar())
    if shape.bands:
        happy, unhappy = bands_of(shape.metric)
        rules = {"pro": happy, "det": unhappy, "pas": ~happy & ~unhappy}
        chosen: Sequence[Any] = [rules[band] for band in shape.bands]
        condition = chosen[0]
        for rule in chosen[1:]:
            condition = condition | rule
        rows = rows.filter(condition)
    return rows


def _weighted(rows: Any, shape: Shape) -> Any:
    key = rows[shape.weight].cast("int32") if shape.weight in CODED else rows[shape.weight]
    weights = ibis.table(
        {"weighted": "int32" if shape.weight in CODED else "string", "weight": "float64"}, name="weights"
    )
    rows = rows.mutate(weight_key=key)
    return rows.inner_join(weights, rows.weight_key == weights.weighted)


def _sql(expression: Any, dialect: str) -> str:
    """Compile for DuckDB; sqlglot writes other dialects from that, with no other engine installed."""
    import sqlglot

    written = str(ibis.to_sql(expression, dialect="duckdb"))
    return written if dialect == "duckdb" else sqlglot.transpile(written, read="duckdb", write=dialect)[0]
