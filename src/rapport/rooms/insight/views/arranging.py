"""Arranging a dashboard: an own copy, tiles moved, made wider, taken off and added, sharing, by mail."""

from collections.abc import Callable, Mapping
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from rapport.kernel.access import UserRequest, permit
from rapport.kernel.roles import Permission
from rapport.rooms.insight.boards.defaults import BOARDS
from rapport.rooms.insight.boards.spec import (
    DIMENSIONS,
    KINDS,
    WIDTHS,
    TileRefused,
    dimension_name,
    kept_spec,
    kind_name,
)
from rapport.rooms.insight.models import Dashboard, DashboardMail, Tile
from rapport.rooms.insight.selectors.boards import open_board, own_dashboard
from rapport.rooms.insight.selectors.counting import measures
from rapport.rooms.insight.services import dashboards
from rapport.rooms.insight.services.dashboards import DashboardRefused
from rapport.rooms.insight.services.mailing import mail_dashboard, stop_mailing
from rapport.rooms.signals.api import filter_keys, offered_filters

NARROWING = ("region", "tier", "sector", "role", "touchpoint", "product", "partner", "kind")
DIMENSIONS_OF = {"breakdown": 1, "grid": 2, "pivot": 3}
AGAINST = ("", "before", "last_year")


@permit(Permission.SEE_FIGURES)
@require_POST
def copy(request: UserRequest, board: str) -> HttpResponse:
    """Make an own copy of a dashboard, with the filters of the page, and open it to be arranged."""
    user, found = request.user, open_board(request.user, board)
    based_on = found.key if found.key in BOARDS else ""
    if based_on and Dashboard.objects.filter(owner=user, based_on=based_on).exists():
        based_on = ""
    name = request.POST.get("name") or _("My %(name)s") % {"name": found.name}
    try:
        made = dashboards.create_dashboard(
            user, name, found.specs, query=_kept(request.POST.get("query", "")), based_on=based_on
        )
    except (DashboardRefused, TileRefused) as refused:
        messages.error(request, refused.message)
        return redirect("insight:board", board=board)
    return redirect("insight:arrange", board=made.code)


def _kept(query: str) -> str:
    """Return the filters of an address without anything else it says."""
    read, kept = QueryDict(query), QueryDict(mutable=True)
    for key, values in read.lists():
        if key in filter_keys():
            kept.setlist(key, values)
    return kept.urlencode(safe=",")


@permit(Permission.SEE_FIGURES)
@require_http_methods(["GET", "HEAD", "POST"])
def arrange(request: UserRequest, board: str) -> HttpResponse:
    """Show the tiles of an own dashboard in their order, and carry out one change."""
    dashboard = own_dashboard(request.user, board)
    if request.method == "POST":
        try:
            _change(request, dashboard)
        except (DashboardRefused, TileRefused) as refused:
            messages.error(request, refused.message)
        return redirect("insight:arrange", board=board)
    return render(request, "insight/arrange.html", _context(request, dashboard))


def _change(request: UserRequest, dashboard: Dashboard) -> None:
    changes: Mapping[str, Callable[[UserRequest, Dashboard], None]] = {
        "up": lambda req, board: dashboards.move_tile(req.user, _tile(req, board), -1),
        "down": lambda req, board: dashboards.move_tile(req.user, _tile(req, board), 1),
        "width": _width,
        "title": _title,
        "remove": lambda req, board: dashboards.remove_tile(req.user, _tile(req, board)),
        "order": _order,
        "add": _add,
        "settings": _settings,
    }
    change = changes.get(request.POST.get("do", ""))
    if change is None:
        raise Http404
    change(request, dashboard)


def _tile(request: UserRequest, dashboard: Dashboard) -> Tile:
    number = request.POST.get("tile", "")
    found = dashboard.tiles.filter(pk=number).first() if number.isdecimal() and len(number) < 19 else None
    if found is None:
        raise DashboardRefused("tile", _("That tile is gone; here is how the dashboard stands now."))
    return found


def _width(request: UserRequest, dashboard: Dashboard) -> None:
    given = request.POST.get("width", "")
    width = int(given) if given.isdecimal() and len(given) < 3 else 0
    dashboards.change_tile(request.user, _tile(request, dashboard), width=width)


def _title(request: UserRequest, dashboard: Dashboard) -> None:
    dashboards.change_tile(request.user, _tile(request, dashboard), title=request.POST.get("title", ""))


def _order(request: UserRequest, dashboard: Dashboard) -> None:
    given = request.POST.get("order", "").split(",")
    wanted = [int(one) for one in given if one.isdecimal() and len(one) < 19]
    dashboards.order_tiles(request.user, dashboard, wanted)


def _add(request: UserRequest, dashboard: Dashboard) -> None:
    asked = request.POST
    kind = asked.get("kind", "")
    by = [value for value in asked.getlist("by") if value][: DIMENSIONS_OF.get(kind, 0)]
    where: dict[str, list[str]] = {}
    for pair in asked.getlist("where"):
        key, _colon, value = pair.partition(":")
        if value:
            where.setdefault(key, []).append(value)
    spec: dict[str, Any] = {
        "kind": kind,
        "title": asked.get("title", ""),
        "metric": asked.get("metric", ""),
        "by": by,
        "where": where,
        "compare": {"against": asked.get("against", "")},
    }
    dashboards.save_tile(request.user, dashboard, spec)
    messages.success(request, _("Added at the end."))


def _settings(request: UserRequest, dashboard: Dashboard) -> None:
    changes = {field: request.POST[field] for field in ("name", "sharing") if field in request.POST}
    dashboards.change_dashboard(request.user, dashboard, **changes)
    messages.success(request, _("Saved."))


def _context(request: UserRequest, dashboard: Dashboard) -> dict[str, Any]:
    return {
        "dashboard": dashboard,
        "tiles": [_listed(tile) for tile in dashboard.tiles.all()],
        "widths": [(width, _("%(n)d of 12 columns") % {"n": width}) for width in WIDTHS],
        "kinds": [(kind, kind_name(kind)) for kind in KINDS],
        "dimensions": [(one, dimension_name(one)) for one in DIMENSIONS],
        "metrics": [(one.key, one.name) for one in measures()],
        "against": [
            ("", _("nothing")),
            ("before", _("the stretch before")),
            ("last_year", _("a year ago")),
        ],
        "narrowing": offered_filters(request.user, NARROWING),
        "sharings": Dashboard.Sharing.choices,
        "address": request.build_absolute_uri(reverse("insight:board", args=[dashboard.code])),
    }


def _listed(tile: Tile) -> dict[str, Any]:
    spec = kept_spec(tile.spec)
    if spec is None:
        return {"pk": tile.pk, "spec": None}
    by = [dimension_name(one) for one in spec.by]
    return {"pk": tile.pk, "spec": spec, "kind": kind_name(spec.kind), "by": by}


@permit(Permission.SEE_FIGURES)
@require_POST
def delete(request: UserRequest, board: str) -> HttpResponse:
    """Delete an own dashboard; where it stood for one's role, the role's own stands again."""
    dashboard = own_dashboard(request.user, board)
    dashboards.delete_dashboard(request.user, dashboard)
    messages.success(request, _("%(name)s is deleted.") % {"name": dashboard.name})
    return redirect("insight:boards")


@permit(Permission.SEE_FIGURES)
@require_POST
def mail(request: UserRequest, board: str) -> HttpResponse:
    """Send a dashboard's figures by mail every week or month, or stop sending them."""
    found, every = open_board(request.user, board), request.POST.get("every", "")
    if every in DashboardMail.Every.values:
        query = _kept(request.POST.get("query", ""))
        mail_dashboard(request.user, found.key, every, query=query, now=timezone.now())
        messages.success(request, _("It comes by mail from now on, with the figures you may see."))
    else:
        stop_mailing(request.user, found.key)
        messages.success(request, _("No more mail of this dashboard."))
    return redirect("insight:board", board=board)
