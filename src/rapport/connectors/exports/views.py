"""Pages of exports: choose a format, and the file itself as a stream."""

from django.http import Http404, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from rapport.connectors.exports.lists import LISTS
from rapport.connectors.exports.shape import ExportList, ListRefused
from rapport.connectors.exports.spss import write_sav_list
from rapport.connectors.files import FILE_KINDS, Format, format_called, write_table
from rapport.connectors.files.writing import FileKind
from rapport.kernel.access import UserRequest, permit
from rapport.kernel.audit import note_sighting
from rapport.kernel.roles import Permission

KINDS: dict[str, FileKind] = {
    **{str(kind): about for kind, about in FILE_KINDS.items()},
    "spss": FileKind("SPSS", ".sav", "application/x-spss-sav"),
}


@permit(Permission.EXPORT)
@require_safe
def overview(request: UserRequest) -> HttpResponse:
    """Show every list that can be taken out."""
    return render(request, "exports/overview.html", {"lists": LISTS.values(), "kinds": KINDS})


@permit(Permission.EXPORT)
@require_safe
def choose(request: UserRequest, name: str) -> HttpResponse:
    """Show the formats one list can be had in, with the filters it was asked with."""
    context = {"wanted": _listed(name), "kinds": KINDS, "query": request.GET.urlencode(safe=",")}
    return render(request, "exports/choose.html", context)


@permit(Permission.EXPORT)
@require_safe
def download(request: UserRequest, name: str, kind: str) -> HttpResponseBase:
    """Send the list as a file while it is read; who took it out is noted."""
    wanted, now = _listed(name), timezone.now()
    file_kind = kind if kind == "spss" else _format(kind)
    try:
        wanted.check(request.user, request.GET)
    except ListRefused as refused:
        return HttpResponse(str(refused), status=400, content_type="text/plain; charset=utf-8")
    label = f"{wanted.name} {kind} {request.GET.urlencode(safe=',')}".strip()
    if request.method == "GET":
        note_sighting(request, request.user, kind="export", code=wanted.name, label=label, now=now)
    pieces = (
        write_sav_list(wanted, request.user, request.GET, now=now)
        if file_kind == "spss"
        else write_table(_format(kind), list(wanted.columns()), wanted.rows(request.user, request.GET))
    )
    response = StreamingHttpResponse(pieces, content_type=KINDS[file_kind].content_type)
    file_name = f"{wanted.name}-{now:%Y-%m-%d}{KINDS[file_kind].suffix}"
    response["Content-Disposition"] = f'attachment; filename="{file_name}"'
    response["Cache-Control"] = "no-store"
    return response


def _format(kind: str) -> Format:
    try:
        return format_called(kind)
    except ValueError as error:
        raise Http404 from error


def _listed(name: str) -> ExportList:
    if name not in LISTS:
        raise Http404
    return LISTS[name]
