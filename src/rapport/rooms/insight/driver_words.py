"""What the page of drivers says, in words a manager reads; nothing is claimed that the ranges do not hold."""

from collections.abc import Mapping, Sequence

from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from rapport.rooms.insight.boards.words import Names
from rapport.rooms.insight.selectors.drivers import (
    Gain,
    GroupStudy,
    Study,
    proven_differences,
)
from rapport.rooms.insight.tallies import Measure
from rapport.stats.estimate import Estimate
from rapport.ui.estimates import Scale, read
from rapport.ui.formats import number

SHARE = Scale(0, 1, unit="%", factor=100)


def headline(found: Study) -> str:
    """Say what moves the outcome most, or that nothing is proven to."""
    outcome = _quoted(found.outcome)
    leading = found.leading
    if found.found.reason is not None or leading is None:
        return _("Too few answers to say what moves %(outcome)s") % {"outcome": outcome}
    if leading.p_chance >= 0.05:
        return _("No rating is proven to move %(outcome)s") % {"outcome": outcome}
    first = found.name_of(leading.name)
    if leading.is_proven:
        return _("%(first)s moves %(outcome)s most") % {"first": first, "outcome": outcome}
    return _("%(first)s leads among what moves %(outcome)s, too close to call") % {
        "first": first,
        "outcome": outcome,
    }


def deck(found: Study, names: Names) -> str:
    """Say how much is explained, from how many, and what differs by group."""
    if found.found.reason is not None:
        return reason_of(found)
    explained = read(found.found.r_squared, SHARE)
    said = [
        _("%(drivers)s explain %(value)s of what sets answers apart (95%% range %(range)s), from %(n)s.")
        % {
            "drivers": capfirst(
                ngettext("%(n)s rating", "%(n)s ratings", len(found.rated)) % {"n": number(len(found.rated))}
            ),
            "value": explained.value,
            "range": explained.range,
            "n": _answers(found.found.n),
        }
    ]
    groups = group_sentence(found, names)
    return " ".join([*said, groups] if groups else said)


def reason_of(found: Study) -> str:
    """Say why there are no drivers, and what to do about it."""
    n, needed = found.found.n, len(found.drivers) + 10
    if n < needed:
        said = _("%(n)s with every rating are too few; %(needed)s are needed.") % {
            "n": _answers(n),
            "needed": number(needed),
        }
        if found.asked.missing == "complete" and found.answers >= needed:
            said += " " + _("Choose fewer ratings, or use answers with gaps too.")
        return said
    if found.found.clusters < 10:
        return _("They come from %(n)s customers; ten are needed to see how far chance may reach.") % {
            "n": number(found.found.clusters)
        }
    return _("Everybody gave the same answer, so there is nothing to explain.")


def group_sentence(found: Study, names: Names) -> str:
    """Say what it is for whom: only where a driver is proven to lead in a group."""
    by_driver: dict[str, list[str]] = {}
    for group in found.groups:
        if group.leading is not None and group.leading.is_proven and group.key:
            by_driver.setdefault(str(group.leading.name), []).append(
                of_group(found.asked.by, group.key, names)
            )
    said = [
        _("for %(groups)s it is %(driver)s")
        % {"groups": _listed(groups), "driver": in_sentence(found.name_of(driver))}
        for driver, groups in by_driver.items()
    ]
    return capfirst("; ".join(said)) + "." if said else ""


def about_group(found: Study, group: GroupStudy) -> str:
    """Say what moves one group, or why that cannot be said."""
    if group.found.reason is not None:
        return _("Not shown: %(reason)s") % {"reason": group_reason(found, group)}
    leading = group.leading
    if leading is None or leading.p_chance >= 0.05:
        return _("No rating is proven to move it.")
    first = found.name_of(leading.name)
    if leading.is_proven:
        return _("It is %(first)s.") % {"first": in_sentence(first)}
    return _("%(first)s leads; chance could have put it before %(close)s.") % {
        "first": first,
        "close": _listed([in_sentence(found.name_of(name)) for name in leading.close]),
    }


def group_reason(found: Study, group: GroupStudy) -> str:
    """Say why a group has no drivers; its size is told only as far as it may be."""
    needed = len(found.rated) + 10
    if group.found.n < needed:
        return _("fewer than %(needed)s answers with these ratings.") % {"needed": number(needed)}
    if group.found.clusters < 10:
        return _("the answers come from fewer than ten customers.")
    return _("all answers are the same.")


def differences(found: Study, names: Names) -> list[str]:
    """Say between which groups a driver is proven to count differently, after correcting for looking much."""
    said = []
    for one in proven_differences(found):
        more, less = (one.b, one.a) if (one.share.value or 0) > 0 else (one.a, one.b)
        size = abs(one.share.value or 0.0)
        low, high = sorted((abs(one.share.low or 0.0), abs(one.share.high or 0.0)))
        said.append(
            _("%(driver)s counts more for %(more)s than for %(less)s: %(size)s of the whole (%(range)s).")
            % {
                "driver": found.name_of(one.name),
                "more": of_group(found.asked.by, str(more), names),
                "less": of_group(found.asked.by, str(less), names),
                "size": SHARE.text(size),
                "range": SHARE.range_text(low, high),
            }
        )
    return said


def of_group(by: str, key: str, names: Names) -> str:
    """Return what the people of a group are called in a sentence."""
    if by == "role":
        return _ROLES().get(key, _("people whose role is not known"))
    if not key:
        return _("the others")
    if by == "tier":
        return _("tier %(key)s customers") % {"key": key}
    return _("customers in %(name)s") % {"name": names.say(by, key)}


def _ROLES() -> Mapping[str, str]:  # noqa: N802 - a table that waits for the reader's language
    return {
        "initiator": _("initiators"),
        "user": _("users"),
        "influencer": _("influencers"),
        "decision_maker": _("decision-makers"),
        "approver": _("approvers"),
        "buyer": _("buyers"),
        "gatekeeper": _("gatekeepers"),
    }


def gain(found: Study, one: Gain) -> list[str]:
    """Say what changes would bring, on the outcome's scale and in the unit of its figure."""
    if found.found.reason is not None or one.mean.value is None:
        return [reason_of(found)]
    outcome = found.outcome
    scale = Scale(outcome.low, outcome.high, decimals=2)
    said = [
        _("If %(changes)s, the mean of %(outcome)s would go from %(before)s to %(after)s (%(range)s).")
        % {
            "changes": _changes(one),
            "outcome": _quoted(outcome),
            "before": scale.text(one.before),
            "after": scale.text(one.before + one.mean.value),
            "range": scale.range_text(one.before + (one.mean.low or 0), one.before + (one.mean.high or 0)),
        }
    ]
    if one.figure is not None and one.figure.value is not None:
        said.append(_in_figures(one.figure, one.figure_before))
    return said


def _in_figures(figure: Estimate, before: float) -> str:
    factor, unit = (1.0, "") if figure.unit == "points" else (100.0, "%")
    value, low, high = ((before + (one or 0.0)) * factor for one in (figure.value, figure.low, figure.high))
    scale = Scale(-100, 100, decimals=0, sign=not unit, unit=unit)
    name = "NPS" if not unit else _("the two best boxes")
    return _("%(name)s would go from %(before)s to %(after)s (%(range)s).") % {
        "name": name,
        "before": scale.text(before * factor),
        "after": scale.text(value),
        "range": scale.range_text(low, high),
    }


def _changes(one: Gain) -> str:
    return _listed(
        [
            (_("%(name)s rose by %(size)s") if change > 0 else _("%(name)s fell by %(size)s"))
            % {"name": in_sentence(measure.name), "size": f"{abs(change):g}"}
            for measure, change in one.changes
        ]
    )


def warnings(found: Study) -> list[str]:
    """Return what a reader must know, with the drivers' names in place of their keys."""
    said = []
    for text in found.found.warnings:
        for one in sorted(found.rated, key=lambda one: -len(one.measure.key)):
            text = text.replace(f"{one.measure.key}:", f"{one.measure.name}:")
            text = text.replace(f"most of all {one.measure.key})", f"most of all {one.measure.name})")
        said.append(text)
    return said


def how(found: Study) -> list[tuple[str, str]]:
    """Say how the figures were computed."""
    gaps = (
        _("Answers with every rating are used; %(left)s with a gap are left out.")
        if found.asked.missing == "complete"
        else _("Every pair of ratings given together is used; %(left)s without any rating are left out.")
    )
    return [
        (
            _("Importance"),
            _(
                "LMG: the gain in R² from a rating, averaged over all orders in which ratings can be added "
                "(the Shapley value; Lindeman, Merenda and Gold 1980; Grömping 2007). Shares add up to 100%. "
                "Relative weights (Johnson 2000) stand beside them as a second opinion."
            ),
        ),
        (
            _("Range"),
            _(
                "95%, percentiles of 500 bootstrap draws in which customers, not answers, are drawn anew; "
                "a rating leads only if it does so in the draws, corrected for the number of ratings."
            ),
        ),
        (
            _("Base"),
            _("%(n)s of %(all)s from %(customers)s customers or lone answers. ")
            % {
                "n": number(found.found.n),
                "all": _answers(found.answers),
                "customers": number(found.found.clusters),
            }
            + gaps % {"left": _answers(found.found.left_out)},
        ),
        (_("Weights"), _("None: every answer counts once, and a person may have answered more than once.")),
        (
            _("Groups"),
            _(
                "A group needs ten answers more than there are ratings, from ten customers. Differences "
                "between groups are corrected for all that were looked at (Holm)."
            ),
        ),
        (
            _("What if"),
            _(
                "Coefficients of the linear model of all ratings, times the change. It holds if the ratings "
                "cause the outcome and the line is straight; beyond changes you have seen it is a guess."
            ),
        ),
        (
            _("Without a name"),
            _(
                "Anonymous answers enter in whole blocks of at least five people, or not at all, and belong "
                "to no group."
            ),
        ),
        (_("Source"), _("Scores of the ledger given in the same answer; rapport.stats.key_drivers.")),
    ]


def in_sentence(name: str) -> str:
    """Return a name as it stands within a sentence; abbreviations stay as they are."""
    return name if name[1:2].isupper() else name[:1].lower() + name[1:]


def _quoted(measure: Measure) -> str:
    return f"\N{LEFT SINGLE QUOTATION MARK}{measure.name}\N{RIGHT SINGLE QUOTATION MARK}"


def _answers(n: int) -> str:
    return ngettext("%(n)s answer", "%(n)s answers", n) % {"n": number(n)}


def _listed(words: Sequence[str]) -> str:
    if len(words) < 2:
        return "".join(words)
    return _("%(first)s and %(last)s") % {"first": ", ".join(words[:-1]), "last": words[-1]}
