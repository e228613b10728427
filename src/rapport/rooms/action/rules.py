"""A rule read back in plain words."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from rapport.kernel.models import User
from rapport.rooms.action.conditions import Names, read_all, read_back
from rapport.rooms.action.models import Rule


def sentence_of(rule: Rule | Any, names: Names) -> str:
    """Say what a rule does, so that whoever wrote it can see whether it is what was meant."""
    parts = [read_back(read_all(rule.conditions), names), _goes_to(rule), _due(rule.due_hours)]
    said = _("%(when)s for %(who)s, due %(due)s.") % dict(zip(("when", "who", "due"), parts, strict=True))
    return " ".join([said, *_joins(rule.joins_days), *_plays(rule), *_complains(rule)])


def _goes_to(rule: Rule | Any) -> str:
    return _("%(first)s (otherwise %(fallback)s)") % {"first": _first(rule), "fallback": rule.fallback}


def _first(rule: Rule | Any) -> str:
    if rule.assign_to == Rule.AssignTo.USER:
        return str(rule.assignee)
    if rule.assign_to == Rule.AssignTo.PLACE:
        return _("whoever looks after the touchpoint, product or region")
    if rule.assign_to == Rule.AssignTo.TURN:
        people = User.objects.in_bulk(rule.colleagues)
        named = ", ".join(str(people[pk]) for pk in rule.colleagues if pk in people)
        return _("one of %(names)s in turn") % {"names": named}
    return _("the account's owner")


def _due(hours: int) -> str:
    text = ngettext("in %(hours)d working hour", "in %(hours)d working hours", hours)
    return text % {"hours": hours}


def _plays(rule: Rule | Any) -> list[str]:
    return [_("The playbook %(name)s is started.") % {"name": rule.playbook}] if rule.playbook else []


def _complains(rule: Rule | Any) -> list[str]:
    return [_("It is handled as a complaint.")] if rule.as_complaint else []


def _joins(days: int) -> list[str]:
    if not days:
        return []
    text = ngettext(
        "More of the same trouble within %(days)d day joins the open case.",
        "More of the same trouble within %(days)d days joins the open case.",
        days,
    )
    return [text % {"days": days}]
