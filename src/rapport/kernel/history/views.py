"""The audit pages: who saw whom, who changed what."""

from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from rapport.kernel.access import UserRequest, permit
from rapport.kernel.history.changes import all_changes, find_changes
from rapport.kernel.history.forms import CHANGED, SEEN, SearchForm
from rapport.kernel.history.search import LAST_PAGE, Search
from rapport.kernel.history.sheets import changes_sheet, seen_sheet
from rapport.kernel.history.sightings import all_sightings, find_sightings
from rapport.kernel.roles import Permission


@require_safe
@permit(Permission.ADMINISTER)
def seen(request: UserRequest) -> HttpResponse:
    """Show who looked at the pages of accounts and people."""
    form = SearchForm(request.GET, what=SEEN)
    search = form.search()
    rows, more = find_sightings(search)
    return _page(request, SEEN, form, search, more, rows=rows)


@require_safe
@permit(Permission.ADMINISTER)
def changed(request: UserRequest) -> HttpResponse:
    """Show who changed what, before and after."""
    form = SearchForm(request.GET, what=CHANGED)
    search = form.search()
    rows, more = find_changes(search)
    return _page(request, CHANGED, form, search, more, rows=rows)


@require_safe
@permit(Permission.ADMINISTER)
def export(request: UserRequest, what: str) -> HttpResponseBase:
    """Send everything that was found as CSV."""
    search = SearchForm(request.GET, what=what).search()
    lines = seen_sheet(all_sightings(search)) if what == SEEN else changes_sheet(all_changes(search))
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{what}-{timezone.localdate():%Y-%m-%d}.csv"'
    return response


def _page(
    request: UserRequest, what: str, form: SearchForm, search: Search, more: bool, *, rows: object
) -> HttpResponse:
    query = request.GET.copy()
    query.pop("page", None)
    told = {"what": what, "form": form, "rows": rows, "query": query.urlencode()}
    pages = {
        "newer": search.page - 1 if search.page > 1 else None,
        "older": search.page + 1 if more and search.page < LAST_PAGE else None,
        "page": search.page,
    }
    return render(request, f"kernel/{what}.html", {**told, **pages})
