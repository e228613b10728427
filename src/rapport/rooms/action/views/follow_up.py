"""How well cases are followed up, for those who answer for a team."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from rapport.kernel.access import UserRequest, permit
from rapport.kernel.roles import Permission
from rapport.rooms.action.selectors.follow_up import FollowUp, follow_up
from rapport.rooms.action.views.lists import tabs_of
from rapport.ui.components import Figure

PERIODS = {"30": 30, "90": 90, "365": 365}
USUAL = "90"


@permit(Permission.SEE_FIGURES)
@require_safe
def page(request: UserRequest) -> HttpResponse:
    """Show the figures by team; the period lives in the address."""
    period = request.GET.get("days", USUAL)
    period = period if period in PERIODS else USUAL
    found = follow_up(request.user, days=PERIODS[period], now=timezone.now())
    context = {
        "found": found,
        "headline": _headline(found),
        "figures": _figures(found),
        "periods": [(key, key == period) for key in PERIODS],
        "tabs": tabs_of(request, "follow-up"),
    }
    return render(request, "action/follow_up.html", context)


def _headline(found: FollowUp) -> str:
    total = found.total
    if not total.opened:
        return _("No case was opened in this time")
    if total.overdue:
        text = ngettext(
            "%(count)d customer should have been told by now",
            "%(count)d customers should have been told by now",
            total.overdue,
        )
        return text % {"count": total.overdue}
    return _("Every customer was told in time, or still will be")


def _figures(found: FollowUp) -> list[Figure]:
    total = found.total
    return [
        Figure(_("Open"), str(total.open), _("of %(count)d opened") % {"count": total.opened}),
        Figure(_("Overdue"), str(total.overdue), _("not told, and the time has passed")),
        Figure(_("Told in time"), estimate=total.in_time, scale="share", hidden_below=1),
        Figure(
            _("Hours to first contact"),
            note=_("median, working hours"),
            estimate=total.contact_hours,
            scale="scale",
            hidden_below=1,
        ),
        Figure(_("Fixed at the first try"), estimate=total.first_try, scale="share", hidden_below=1),
        Figure(_("Opened again"), estimate=total.reopened, scale="share", hidden_below=1),
    ]
