"""A rule read back in plain words."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from rapport.rooms.action.conditions import Names, read_all, read_back
from rapport.rooms.action.models import Rule


def sentence_of(rule: Rule, names: Names) -> str:
    """Say what a rule does, so that whoever wrote it can see whether it is what was meant."""
    parts = [read_back(read_all(rule.conditions), names), _goes_to(rule), _due(rule.due_hours)]
    return _("%(when)s for %(who)s, due %(due)s.") % dict(zip(("when", "who", "due"), parts, strict=True))


def _goes_to(rule: Rule) -> str:
    first = str(rule.assignee) if rule.assign_to == Rule.AssignTo.USER else _("the account's owner")
    return _("%(first)s (otherwise %(fallback)s)") % {"first": first, "fallback": rule.fallback}


def _due(hours: int) -> str:
    text = ngettext("in %(hours)d working hour", "in %(hours)d working hours", hours)
    return text % {"hours": hours}
