"""The score of people, of customers, and weighted by revenue: a score of people is not one of customers."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np
from django.db.models import F, Func, Sum, TextField, Value
from django.db.models.functions import Cast
from django.utils.translation import gettext as _

from rapport.kernel.models import User
from rapport.rooms.accounts.models import Contract
from rapport.rooms.insight.selectors.counting import CustomerSums, sums_by_customer
from rapport.rooms.insight.tallies import Measure
from rapport.rooms.signals.api import Filters
from rapport.stats.designs import Design, design_mean
from rapport.stats.estimate import HIDDEN_BELOW, Estimate
from rapport.stats.intervals import normal_quantile
from rapport.stats.shrinkage import pool_random_effects


@dataclass(frozen=True)
class Views:
    """The customers behind a score: one vote each, drawn together, and weighted by yearly contract value."""

    customers: Estimate
    pooled: Estimate
    revenue: Estimate
    currency: str
    left_out: int
    """Customers without a running contract in that currency, who have no weight by revenue."""


def views_of(user: User, measure: Measure, filters: Filters) -> Views:
    """Return the score of customers and of revenue, from named answers of customers the user may see.

    A customer is the account at the top of its tree, and its score the mean of its answers.
    """
    sums = sums_by_customer(user, measure, filters)
    worth, currency = _worth(user)
    weights = [float(worth.get(one.customer, 0)) for one in sums]
    return Views(
        customers=one_vote_each(measure, sums),
        pooled=drawn_together(measure, sums),
        revenue=_weighted(measure, sums, weights),
        currency=currency,
        left_out=sum(weight == 0 for weight in weights),
    )


def one_vote_each(measure: Measure, sums: Sequence[CustomerSums]) -> Estimate:
    """Return the mean of the customers' scores; the range is that of customers, however much each said."""
    method = "mean of customers' scores, one vote each, t interval over customers"
    return _mean(measure, sums, None, method)


def _weighted(measure: Measure, sums: Sequence[CustomerSums], weights: Sequence[float]) -> Estimate:
    method = "mean of customers' scores weighted by yearly contract value, linearised, t interval"
    known = [(one, weight) for one, weight in zip(sums, weights, strict=True) if weight > 0]
    return _mean(measure, [one for one, _weight in known], [weight for _one, weight in known], method)


def _mean(
    measure: Measure, sums: Sequence[CustomerSums], weights: Sequence[float] | None, method: str
) -> Estimate:
    if len(sums) < HIDDEN_BELOW:
        return _too_few(measure, len(sums), method)
    scores = [one.total / one.n for one in sums]
    design = Design(weights=None if weights is None else np.asarray(weights, dtype=np.float64))
    found = design_mean(scores, design)
    if found.value is None:
        return replace(found, method=method, unit=_unit(measure))
    if weights is not None:
        squares = float(np.sum(np.square(weights)))
        found = replace(found, n_effective=float(np.sum(weights)) ** 2 / squares)
    return _in_unit(measure, replace(found, method=method))


def drawn_together(measure: Measure, sums: Sequence[CustomerSums]) -> Estimate:
    """Return what customers have in common, those with few answers counting for less (partial pooling)."""
    method = "random effects over customers (DerSimonian and Laird), 95% interval"
    n, within = sum(one.n for one in sums), _within(sums)
    if len(sums) < HIDDEN_BELOW or within is None:
        return _too_few(measure, len(sums), method)
    errors = [(within / one.n) ** 0.5 for one in sums]
    pooled = pool_random_effects([one.total / one.n for one in sums], errors)
    reach = normal_quantile(0.95) * pooled.standard_error
    precision = 1 / (np.square(errors) + pooled.between_variance)
    found = Estimate(
        value=pooled.value,
        low=pooled.value - reach,
        high=pooled.value + reach,
        n=len(sums),
        n_effective=min(float(n), float(np.sum(precision)) ** 2 / float(np.sum(np.square(precision)))),
        standard_error=pooled.standard_error,
        method=method,
    )
    return _in_unit(measure, found)


def _within(sums: Sequence[CustomerSums]) -> float | None:
    """Return the variance of answers within customers; None where no customer answered twice or all alike."""
    free = sum(one.n - 1 for one in sums)
    if free < 1:
        return None
    variance = sum(one.squares - one.total * one.total / one.n for one in sums) / free
    return variance if variance > 1e-9 else None


def _too_few(measure: Measure, customers: int, method: str) -> Estimate:
    reason = _("Fewer than %(count)d customers.") % {"count": HIDDEN_BELOW}
    if customers >= HIDDEN_BELOW:
        reason = _("No customer answered twice, so nothing shows how far their answers differ.")
    return Estimate.without_value(reason, method=method, n=customers, unit=_unit(measure))


def _unit(measure: Measure) -> str:
    return {"nps": "points", "csat": "share"}.get(measure.kind, "scale")


def _in_unit(measure: Measure, found: Estimate) -> Estimate:
    """Move a mean of signs to points; cut the range where the scale ends."""
    if found.value is None or found.low is None or found.high is None:
        return replace(found, unit=_unit(measure))
    factor = 100.0 if measure.kind == "nps" else 1.0
    ends = {"nps": (-100.0, 100.0), "csat": (0.0, 1.0)}.get(measure.kind, (measure.low, measure.high))
    error = found.standard_error
    return replace(
        found,
        value=factor * found.value,
        low=max(ends[0], factor * found.low),
        high=min(ends[1], factor * found.high),
        standard_error=None if error is None else factor * error,
        unit=_unit(measure),
    )


def _worth(user: User) -> tuple[Mapping[int, Decimal], str]:
    """Return the yearly value of each customer's running contracts, in the currency most of it is in."""
    top = Cast(
        Func(F("account__path"), Value(0), Value(1), function="subpath", output_field=TextField()),
        TextField(),
    )
    rows = (
        Contract.objects.visible_to(user)
        .filter(status=Contract.Status.ACTIVE, annual_value__gt=0)
        .annotate(top=top)
        .order_by()
        .values("top", "currency")
        .annotate(worth=Sum("annual_value"))
    )
    by_currency: dict[str, dict[int, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for row in rows:
        by_currency[row["currency"] or "EUR"][int(row["top"])] += row["worth"]
    if not by_currency:
        return {}, ""
    currency, _total = Counter({key: sum(found.values()) for key, found in by_currency.items()}).most_common(
        1
    )[0]
    return dict(by_currency[currency]), currency
