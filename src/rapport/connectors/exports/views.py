"""Pages of exports: choose a format, and the file itself as a stream."""

from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from rapport.connectors.exports.lists import LISTS, ExportList
from rapport.connectors.files import FILE_KINDS, format_called, write_table
from rapport.kernel.access import UserRequest, permit
from rapport.kernel.audit import note_sighting
from rapport.kernel.roles import Permission


@permit(Permission.EXPORT)
@require_safe
def overview(request: UserRequest) -> HttpResponse:
    """Show every list that can be taken out."""
    return render(request, "exports/overview.html", {"lists": LISTS.values(), "kinds": FILE_KINDS})


@permit(Permission.EXPORT)
@require_safe
def choose(request: UserRequest, name: str) -> HttpResponse:
    """Show the formats one list can be had in, with the filters it was asked with."""
    context = {"wanted": _listed(name), "kinds": FILE_KINDS, "query": request.GET.urlencode(safe=",")}
    return render(request, "exports/choose.html", context)


@permit(Permission.EXPORT)
@require_safe
def download(request: UserRequest, name: str, kind: str) -> StreamingHttpResponse:
    """Send the list as a file while it is read; who took it out is noted."""
    wanted = _listed(name)
    try:
        file_kind = format_called(kind)
    except ValueError as error:
        raise Http404 from error
    now = timezone.now()
    label = f"{wanted.name} {kind} {request.GET.urlencode(safe=',')}".strip()
    if request.method == "GET":
        note_sighting(request, request.user, kind="export", code=wanted.name, label=label, now=now)
    pieces = write_table(file_kind, list(wanted.columns()), wanted.rows(request.user, request.GET))
    response = StreamingHttpResponse(pieces, content_type=FILE_KINDS[file_kind].content_type)
    file_name = f"{wanted.name}-{now:%Y-%m-%d}{FILE_KINDS[file_kind].suffix}"
    response["Content-Disposition"] = f'attachment; filename="{file_name}"'
    response["Cache-Control"] = "no-store"
    return response


def _listed(name: str) -> ExportList:
    if name not in LISTS:
        raise Http404
    return LISTS[name]
