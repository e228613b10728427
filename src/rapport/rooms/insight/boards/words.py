"""What dashboards say in words: names of keys, findings, periods, and how a figure was computed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from rapport.rooms.accounts.models import BuyingRole
from rapport.rooms.catalog.models import Division, Partner, Product, Region, Stage, Touchpoint
from rapport.rooms.insight.boards.spec import dimension_name
from rapport.rooms.insight.selectors.comparing import rising_is_good
from rapport.rooms.insight.selectors.tiles import Line, Result
from rapport.rooms.insight.tallies import Measure
from rapport.rooms.signals.api import Filters
from rapport.rooms.signals.models import Signal
from rapport.stats.estimate import HIDDEN_BELOW, Difference
from rapport.ui.components import Mood
from rapport.ui.estimates import SCALES, Scale, read
from rapport.ui.formats import full_day, number

_TABLES: Mapping[str, Any] = {
    "region": Region,
    "touchpoint": Touchpoint,
    "stage": Stage,
    "product": Product,
    "division": Division,
    "partner": Partner,
}


@dataclass(frozen=True)
class Names:
    """Names of the keys that stand in figures, read once a page."""

    known: Mapping[str, Mapping[str, str]]

    @classmethod
    def of(cls, dimensions: Sequence[str]) -> "Names":
        """Read the names of the catalogue's keys for these dimensions."""
        return cls(
            {
                name: dict(_TABLES[name].objects.values_list("key", "name"))
                for name in dict.fromkeys(dimensions)
                if name in _TABLES
            }
        )

    def say(self, dimension: str, key: Any) -> str:
        """Return what a key of a dimension is called."""
        if dimension == "month":
            return date_format(key, "M y")
        if dimension == "quarter":
            return f"Q{(key.month + 2) // 3} {key:%y}"
        if not key:
            return _("%(dimension)s not known") % {"dimension": dimension_name(dimension)}
        if dimension == "role":
            return str(BuyingRole.Role(key).label)
        if dimension == "kind":
            return str(Signal.Kind(key).label)
        return self.known.get(dimension, {}).get(key, str(key))

    def of_line(self, result: Result, line: Line) -> str:
        """Return what a line of a tile is called."""
        said = zip(dimensions_of(result), line.key, strict=True)
        named = [self.say(name, key) for name, key in said if not (line.anonymous and key is None)]
        return " · ".join([_("Without a name"), *named] if line.anonymous else named)


def dimensions_of(result: Result) -> tuple[str, ...]:
    """Return the dimensions a tile's lines are keyed by."""
    return ("month",) if result.spec.kind in {"trend", "mix"} else tuple(result.spec.by)


def title_of(result: Result, names: Names) -> str:
    """Return a tile's heading: the finding where there is one, otherwise what it shows."""
    spec, name = result.spec, short_name(result.measure)
    if spec.title:
        return spec.title
    if spec.kind == "breakdown":
        if result.contrast is not None:
            return _("%(group)s stands out") % {"group": names.say(spec.by[0], result.contrast.key)}
        return _("By %(dimension)s") % {"dimension": dimension_name(spec.by[0]).lower()}
    if spec.kind in {"grid", "pivot"}:
        joint = _(" and ").join(dimension_name(one).lower() for one in spec.by)
        return _("By %(dimension)s") % {"dimension": joint}
    return {
        "figure": _("%(name)s of all who answered"),
        "trend": _("%(name)s by month"),
        "mix": _("How many said what"),
        "views": _("%(name)s of people, of customers, of revenue"),
        "asked": _("Asked, shown, answered"),
        "unhappy": _("Who is unhappy"),
        "silent": _("Who is silent"),
    }[spec.kind] % {"name": name}


def short_name(measure: Measure) -> str:
    """Return what a metric is called in a sentence."""
    return "NPS" if measure.kind == "nps" else measure.name


def headline(lead: Result) -> str:
    """Say the finding in one sentence; a change is only claimed when its range excludes zero."""
    whole = lead.whole
    if whole is None or whole.estimate.is_hidden:
        return _("Too few answers to say anything yet")
    name, scale = short_name(lead.measure), lead.measure.scale
    now = read(whole.estimate, scale).value
    if whole.before is None or whole.change is None or whole.change.value is None:
        return _("%(name)s stands at %(now)s") % {"name": name, "now": now}
    said = {"name": name, "was": read(whole.before, scale).value, "now": now}
    if not (whole.change.is_proven and whole.is_proven):
        return _("%(name)s holds at %(now)s") % said
    if whole.change.value > 0:
        return _("%(name)s rose from %(was)s to %(now)s") % said
    return _("%(name)s fell from %(was)s to %(now)s") % said


def deck(lead: Result, found: Sequence[Result], names: Names) -> str:
    """Say how sure that is, and which group stands out."""
    whole = lead.whole
    if whole is None or whole.estimate.is_hidden:
        return _("A figure needs at least %(count)d answers.") % {"count": HIDDEN_BELOW}
    reading = read(whole.estimate, lead.measure.scale)
    said = [_("95%% range %(range)s, from %(n)s.") % {"range": reading.range, "n": answers(whole.tally.n)}]
    if whole.change is not None and whole.change.value is not None and not whole.is_proven:
        said.append(_("The difference to the time before could be chance."))
    said += [contrast_sentence(one, names) for one in found if one.contrast and one.measure == lead.measure]
    return " ".join(dict.fromkeys(said))


def contrast_sentence(result: Result, names: Names) -> str:
    """Say which group stands out, and against what."""
    one, scale = result.contrast, result.measure.scale
    assert one is not None
    return _("%(group)s stands out: %(figure)s, against %(elsewhere)s elsewhere.") % {
        "group": names.say(result.spec.by[0], one.key),
        "figure": read(one.figure, scale).value,
        "elsewhere": read(one.elsewhere, scale).value,
    }


def answers(n: int) -> str:
    """Say how many answers."""
    return ngettext("%(n)s answer", "%(n)s answers", n) % {"n": number(n)}


def period(asked: Filters) -> str:
    """Say which days."""
    if asked.since and asked.until:
        return f"{full_day(asked.since)} – {full_day(asked.until)}"
    return full_day(asked.since) if asked.since else full_day(asked.until) if asked.until else _("all time")


def change_text(measure: Measure, change: Difference) -> str:
    """Write a change with its range."""
    if change.value is None or change.low is None or change.high is None:
        return str(change.reason)
    scale = difference_scale(measure)
    return f"{scale.text(change.value, unit=False)} ({scale.range_text(change.low, change.high)})"


def difference_scale(measure: Measure) -> Scale:
    """Return how differences of a metric are written: with a sign, shares in points of a hundred."""
    of = scale_of_measure(measure)
    span = (of.high - of.low) or 1.0
    return Scale(-span, span, decimals=of.decimals, sign=True, factor=of.factor)


def scale_of_measure(measure: Measure) -> Scale:
    """Return how a metric's figures are written."""
    return measure.scale if isinstance(measure.scale, Scale) else SCALES[measure.scale]


def change_mood(measure: Measure, line: Line) -> Mood:
    """Return the shape of a change: only a proven one has any."""
    if line.change is None or line.change.value is None or not line.is_proven:
        return ""
    return "pro" if (line.change.value > 0) == rising_is_good(measure) else "det"


def against(result: Result) -> str:
    """Say what a tile is compared with."""
    kind, other = result.spec.compare.against, result.compared
    if not kind:
        return ""
    if other is None:
        return _("nothing to compare with: choose a period")
    if kind == "group":
        return _("against another group")
    said = _("the stretch before") if kind == "before" else _("a year ago")
    return _("against %(said)s, %(days)s") % {"said": said, "days": period(other)}


def how(result: Result) -> list[tuple[str, str]]:
    """Say how a tile's figures were computed."""
    measure, base = result.measure, result.base
    said = [(_("Measure"), _meant(measure))]
    whole = result.whole
    if whole is not None:
        said.append((_("Range"), _range(result, whole)))
        people = ngettext("%(n)s person", "%(n)s people", base.people) % {"n": number(base.people)}
        accounts = ngettext("%(n)s account", "%(n)s accounts", base.accounts) % {"n": number(base.accounts)}
        said.append(
            (
                _("Base"),
                _("%(answers)s; known by name: %(people)s at %(accounts)s.")
                % {"answers": answers(whole.tally.n), "people": people, "accounts": accounts},
            )
        )
        said.append((_("Asked"), asked_text(result)))
        said.append((_("Weights"), _weights(result)))
    if result.spec.compare.against:
        said.append((_("Compared"), _compared(result)))
    if result.contrast is not None or result.spec.kind == "breakdown":
        said.append(
            (
                _("Stands out"),
                _(
                    "A group is named only if it rests on 30 answers and differs from all others after "
                    "correcting for the number of groups (Holm)."
                ),
            )
        )
    said.append(
        (
            _("Hidden"),
            _(
                "Fewer than %(count)d answers are grey, and a neighbour where it would give them away. "
                "Answers without a name enter in whole blocks of at least %(count)d people or not at all, "
                "whatever the filters."
            )
            % {"count": HIDDEN_BELOW},
        )
    )
    said.append((_("Days"), _("%(days)s, in UTC.") % {"days": period(result.filters)}))
    return said


def asked_text(result: Result) -> str:
    """Say how many were asked, were shown the questions, and answered."""
    asked = result.asked
    if asked.reason:
        return asked.reason
    return _("%(asked)s asked, %(shown)s saw the questions, %(answered)s answered (%(programmes)s).") % {
        "asked": number(asked.asked),
        "shown": number(asked.shown),
        "answered": number(asked.answered),
        "programmes": ", ".join(asked.programmes),
    }


def _meant(measure: Measure) -> str:
    if measure.kind == "nps":
        return _("NPS: the share of 9 and 10 less the share of 0 to 6, in points.")
    if measure.kind == "csat":
        return _("%(name)s: the share of answers in the two best boxes.") % {"name": measure.name}
    return _("%(name)s: the mean of the answers, %(low)s to %(high)s.") % {
        "name": measure.name, "low": number(measure.low), "high": number(measure.high),
    }  # fmt: skip


def _range(result: Result, whole: Line) -> str:
    said = _("95%% range: %(method)s.") % {"method": whole.estimate.method}
    if result.base.spread > 1.05:
        said += " " + _("Answers of one account are alike: each is as telling as 1 in %(spread)s.") % {
            "spread": number(result.base.spread, 1)
        }
    return said


def _weights(result: Result) -> str:
    if result.views is None:
        return _("None: every answer counts once, and a person may have answered more than once.")
    said = _(
        "People: every answer counts once. Customers: every customer one vote, its score the mean of its "
        "named answers, everything below it included."
    )
    if result.views.currency:
        said += " " + _(
            "Revenue: the same scores weighted by the yearly value of running contracts in %(currency)s."
        ) % {"currency": result.views.currency}
    if result.views.left_out:
        said += " " + ngettext(
            "%(n)s customer without such a contract has no weight.",
            "%(n)s customers without such a contract have no weight.",
            result.views.left_out,
        ) % {"n": number(result.views.left_out)}
    return said


def _compared(result: Result) -> str:
    said = against(result)
    return _(
        "%(said)s. Difference with its range: limits squared and added. An arrow only where 30 answers stand "
        "on both sides and the change holds after correcting for all %(count)s changes on this dashboard "
        "(Holm)."
    ) % {"said": said[:1].upper() + said[1:], "count": number(result.comparisons)}
