"""The feedback list: everything anyone said, as far as the reader may see."""

from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from rapport.kernel.access import UserRequest, permit
from rapport.kernel.roles import Permission
from rapport.rooms.signals.selectors.choices import offered_filters
from rapport.rooms.signals.selectors.filters import Filters, read_filters
from rapport.rooms.signals.selectors.listing import COUNTED, count_signals, stretch
from rapport.rooms.signals.selectors.matching import count_unmatched
from rapport.rooms.signals.selectors.words import nearest_words
from rapport.rooms.signals.timeline import timeline_item
from rapport.ui.components import filter_bar
from rapport.ui.formats import full_day, number

KEYS = (
    *("period", "kind", "source", "region", "touchpoint", "product", "partner", "role"),
    *("metric", "band", "tier", "sector", "language"),
)


@permit(Permission.SEE_CUSTOMERS)
@require_safe
def feedback_list(request: UserRequest) -> HttpResponse:
    """List what was said, newest first; the filters are in the address."""
    asked = read_filters(request.GET, timezone.now().date())
    found = stretch(
        request.user, asked, after=request.GET.get("after", ""), before=request.GET.get("before", "")
    )
    counted = count_signals(request.user, asked)
    bar = filter_bar(request, _counted(counted), offered_filters(request.user, KEYS))
    context = {
        "asked": asked,
        "bar": bar,
        "items": [timeline_item(signal) for signal in found.rows],
        "newer": found.newer,
        "older": found.older,
        "count": counted,
        "headline": _headline(asked, counted),
        "span": _span(asked),
        "nearest": _nearest(request, asked) if asked.words and not counted else [],
        "export_url": _export_url(asked) if request.user.may(Permission.EXPORT) else "",
        "unmatched": count_unmatched(request.user) if request.user.may(Permission.EDIT_CUSTOMERS) else 0,
        "kept": [(key, value) for key, value in request.GET.lists() if key not in {"q", "after", "before"}],
        "narrowed": asked != Filters(),
    }
    return render(request, "signals/list.html", context)


def _counted(count: int) -> str:
    if count > COUNTED:
        return _("more than %(count)s answers") % {"count": number(COUNTED)}
    return ngettext("%(count)s answer", "%(count)s answers", count) % {"count": number(count)}


def _headline(asked: Filters, count: int) -> str:
    if asked == Filters():
        return _("What customers say")
    if not count:
        return _("Nobody said that")
    return _("%(count)s, newest first") % {"count": _counted(count).capitalize()}


def _span(asked: Filters) -> str:
    if asked.since and asked.until:
        return _("%(since)s to %(until)s") % {"since": full_day(asked.since), "until": full_day(asked.until)}
    if asked.since:
        return _("since %(since)s") % {"since": full_day(asked.since)}
    return _("until %(until)s") % {"until": full_day(asked.until)} if asked.until else ""


def _nearest(request: UserRequest, asked: Filters) -> list[tuple[str, str]]:
    base = reverse("signals:list")
    return [
        (words, f"{base}?{asked.changed(words=words).query()}")
        for words in nearest_words(request.user, asked.words)
    ]


def _export_url(asked: Filters) -> str:
    """Return where this list can be exported, when exports are there."""
    try:
        url = reverse("exports:list", args=["signals"])
    except NoReverseMatch:
        return ""
    return f"{url}?{asked.query()}" if asked.query() else url


def list_url(asked: Filters, **more: str) -> str:
    """Return the address of the feedback list with these filters."""
    query = "&".join(part for part in (asked.query(), urlencode(more)) if part)
    return f"{reverse('signals:list')}?{query}" if query else reverse("signals:list")
