"""Small tags of the surveys' pages."""

from typing import Any

from django.template import Library
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from rapport.kernel.roles import Permission
from rapport.rooms.listening.models import Survey
from rapport.ui.components import Tab

register = Library()


@register.simple_tag(takes_context=True)
def survey_tabs(context: Any, survey: Survey, current: str) -> SafeString:
    """Write the parts of a survey."""
    parts = [
        ("design", _("Design"), "surveys:designer", False),
        ("languages", _("Languages"), "surveys:languages", False),
        ("theme", _("Look"), "surveys:theme", True),
        ("preview", _("Preview"), "surveys:preview", True),
        ("versions", _("Versions"), "surveys:versions", False),
    ]
    manages = context["request"].user.may(Permission.MANAGE_SURVEYS)
    tabs = [
        Tab(label, reverse(name, args=[survey.code]), None, key == current)
        for key, label, name, only_managers in parts
        if manages or not only_managers
    ]
    return render_to_string("surveys/tabs.html", {"tabs": tabs, "label": _("Parts of the survey")})


@register.simple_tag
def designer_url(drawn: Any, name: str, value: str) -> str:
    """Return the designer's address with something selected."""
    found: str = drawn.url(**({name: value} if name else {}))
    return found
