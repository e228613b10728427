"""Pages of imports: the list, one import from file to result, its report, and saved mappings."""

from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from rapport.connectors.files import (
    FILE_KINDS,
    FileOptions,
    FileRefused,
    Mapping,
    MappingRefused,
    Table,
    check_mapping,
    dump_mapping,
    open_table,
    parse_mapping,
    suggest_mapping,
)
from rapport.connectors.files.formats.excel import ExcelTable
from rapport.connectors.imports.engine import ImportRefused
from rapport.connectors.imports.forms import FileForm, SettingsForm, UploadForm
from rapport.connectors.imports.mapping_form import chosen_mapping, lines_of, members_of
from rapport.connectors.imports.models import ImportRun, SavedMapping
from rapport.connectors.imports.preview import Preview, preview
from rapport.connectors.imports.problems import report
from rapport.connectors.imports.rows import ConstantRefused
from rapport.connectors.imports.targets import TARGETS
from rapport.connectors.imports.tasks import carry_out_import
from rapport.kernel.access import UserRequest, permit
from rapport.kernel.roles import Permission
from rapport.kernel.scope import get_visible
from rapport.ui.components import Figure
from rapport.ui.formats import number

PROBLEMS_SHOWN = 50
REFUSALS = (FileRefused, MappingRefused, ImportRefused, ConstantRefused)


@permit(Permission.IMPORT)
@require_http_methods(["GET", "HEAD", "POST"])
def imports(request: UserRequest) -> HttpResponse:
    """Show the imports so far, and take a new file in."""
    form = UploadForm(request.POST or None, request.FILES or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            return redirect("imports:one", _take_in(request, form).pk)
        except REFUSALS as refused:
            form.add_error("file", str(refused))
    page = Paginator(ImportRun.objects.visible_to(request.user).select_related("started_by"), 50).get_page(
        request.GET.get("page")
    )
    context = {
        "form": form,
        "page": page,
        "targets": TARGETS,
        "saved": SavedMapping.objects.visible_to(request.user),
    }
    return render(request, "imports/list.html", context, status=422 if form.errors else 200)


def _take_in(request: UserRequest, form: UploadForm) -> ImportRun:
    """Keep the file and write down what is found out about it; a file that cannot be read is not kept."""
    file, saved = form.cleaned_data["file"], form.cleaned_data["saved"]
    name = Path(file.name).name[:255]
    run = ImportRun(file_name=name, target=form.cleaned_data["target"], started_by=request.user)
    run.file.save(name, file, save=False)
    try:
        if saved:
            mapping = parse_mapping(saved.toml, saved.name)
            run.target = mapping.target
            table = open_table(run.location, mapping.file)
        else:
            table = open_table(run.location)
            mapping = suggest_mapping(
                table.columns, TARGETS[run.target], table.options, Path(name).stem.lower()[:60]
            )
    except REFUSALS:
        run.file.delete(save=False)
        raise
    run.source, run.mapping = mapping.source, dump_mapping(mapping)
    run.findings = "\n".join(table.findings)
    run.save()
    return run


@permit(Permission.IMPORT)
@require_http_methods(["GET", "HEAD", "POST"])
def one(request: UserRequest, pk: UUID) -> HttpResponse:
    """Show one import: its mapping while it is prepared, its progress, its result."""
    run = get_visible(ImportRun, request.user, pk=pk)
    if run.state == ImportRun.State.CHOSEN:
        return _prepare(request, run)
    if request.method == "POST":
        return redirect("imports:one", run.pk)
    return render(
        request, "imports/progress.html" if run.is_running else "imports/result.html", _state_of(run)
    )


@permit(Permission.IMPORT)
@require_safe
def progress(request: UserRequest, pk: UUID) -> HttpResponse:
    """Answer how far an import is; when it is over, the page is loaded anew."""
    run = get_visible(ImportRun, request.user, pk=pk)
    if not run.is_running:
        return HttpResponse(headers={"HX-Refresh": "true"})
    return render(request, "imports/progress.html#bar", _state_of(run))


# ------------------------------------------------------------------ preparing


def _prepare(request: UserRequest, run: ImportRun) -> HttpResponse:
    mapping = parse_mapping(run.mapping, run.file_name)
    wrong: list[str] = []
    seen: Preview | None = None
    asked = request.POST.get("do", "") if request.method == "POST" else ""
    try:
        table = open_table(run.location, mapping.file)
    except FileRefused as refused:
        # A setting that does not fit this file must not lock the person out of it.
        wrong.append(str(refused))
        table = open_table(run.location)
        mapping = replace(mapping, file=table.options)
    file_form = _file_form(request if asked else None, table)
    settings_form = SettingsForm(request.POST if asked else None, mapping=mapping)
    if asked:
        mapping, wrong = _asked_for(request, asked, run, mapping, table, file_form, settings_form)
        if not wrong and (answer := _act(request, asked, run, mapping, wrong)) is not None:
            return answer
        if asked in ("read", "text") and not wrong:
            return redirect("imports:one", run.pk)
    if "preview" in request.GET and not asked:
        seen, wrong = _seen(request, run, mapping)
    target = TARGETS[run.target]
    context = {
        "run": run,
        "target": target,
        "table": table,
        "findings": run.findings.splitlines(),
        "kind": FILE_KINDS[table.options.format or "csv"].label,
        "file_form": file_form,
        "settings_form": settings_form,
        "lines": lines_of(mapping, target, table.columns),
        "members": members_of(mapping, target, table.columns),
        "unused": [c for c in table.columns if c.name not in mapping.columns],
        "toml": dump_mapping(mapping),
        "wrong": wrong or (check_mapping(mapping, target, table.names) if not asked else []),
        "preview": seen,
    }
    return render(request, "imports/prepare.html", context, status=422 if asked and wrong else 200)


def _file_form(request: UserRequest | None, table: Table) -> FileForm:
    options = table.options
    initial = {name: getattr(options, name) for name in FileForm.base_fields if name != "missing"}
    initial["missing"] = " ".join(options.missing or ())
    sheets = table.sheets if isinstance(table, ExcelTable) else ()
    return FileForm(request.POST if request else None, options=options, sheets=sheets, initial=initial)


def _asked_for(
    request: UserRequest,
    asked: str,
    run: ImportRun,
    mapping: Mapping,
    table: Table,
    file_form: FileForm,
    settings_form: SettingsForm,
) -> tuple[Mapping, list[str]]:
    """Return the mapping as the person wants it now, and what is wrong with it."""
    target = TARGETS[mapping.target]
    if asked == "text":
        try:
            written = parse_mapping(request.POST.get("toml", ""))
        except MappingRefused as refused:
            return mapping, [str(refused)]
        return replace(written, target=mapping.target), []
    if not (file_form.is_valid() and settings_form.is_valid()):
        return mapping, [_("Something on this page cannot be read yet; it is marked there.")]
    changed = replace(mapping, **settings_form.cleaned_data)
    changed = chosen_mapping(changed, target, request.POST, frozenset(table.names))
    options = replace(table.options, **file_form.changes())
    if asked == "read" and options != table.options:
        return _read_anew(run, changed, replace(options, header_rows=mapping.file.header_rows), table)
    return replace(changed, file=options), []


def _read_anew(
    run: ImportRun, mapping: Mapping, options: FileOptions, table: Table
) -> tuple[Mapping, list[str]]:
    """Read the file with other settings; columns that are gone leave the mapping, new ones are suggested."""
    try:
        again = open_table(table.path, options)
    except FileRefused as refused:
        return mapping, [str(refused)]
    run.findings = "\n".join(again.findings)
    suggested = suggest_mapping(again.columns, TARGETS[mapping.target], again.options)
    there = set(again.names)
    kept = {name: source for name, source in mapping.fields.items() if set(source.columns) <= there}
    fields = suggested.fields if not any(s.columns for s in kept.values()) else kept
    groups = {
        name: tuple(m for m in members if all(set(s.columns) <= there for s in m.values()))
        for name, members in mapping.groups.items()
    }
    return replace(mapping, file=again.options, fields=fields, groups=groups or suggested.groups), []


def _act(
    request: UserRequest, asked: str, run: ImportRun, mapping: Mapping, wrong: list[str]
) -> HttpResponse | None:
    """Keep the mapping and do what the button says; None when the page is to be shown again."""
    run.source, run.mapping = mapping.source, dump_mapping(mapping)
    run.save(update_fields=["source", "mapping", "findings"])
    if asked == "preview":
        response = redirect("imports:one", run.pk)
        response["Location"] += "?preview#preview"
        return response
    if asked in ("trial", "import"):
        try:
            wrong += check_mapping(mapping, TARGETS[run.target], open_table(run.location, mapping.file).names)
        except FileRefused as refused:
            wrong.append(str(refused))
        if wrong:
            return None
        _start(run, dry_run=asked == "trial")
        return redirect("imports:one", run.pk)
    return None


def _start(run: ImportRun, *, dry_run: bool) -> None:
    """Put the import on the worker's list."""
    with transaction.atomic():
        run.dry_run = dry_run
        run.state, run.message, run.share, run.checkpoint = ImportRun.State.WAITING, "", 0.0, 0
        run.started_at = run.finished_at = None
        run.save()
        carry_out_import.defer(run_id=str(run.pk))


def _seen(request: UserRequest, run: ImportRun, mapping: Mapping) -> tuple[Preview | None, list[str]]:
    try:
        return preview(run.location, mapping, request.user, timezone.now()), []
    except REFUSALS as refused:
        return None, [str(refused)]


# ------------------------------------------------------------------ after


@permit(Permission.IMPORT)
@require_POST
def again(request: UserRequest, pk: UUID) -> HttpResponse:
    """After a trial: import in earnest, or go back to the mapping."""
    run = get_visible(ImportRun, request.user, pk=pk)
    if not run.is_over or not run.file:
        return redirect("imports:one", run.pk)
    if request.POST.get("do") == "import" and run.dry_run and run.state == ImportRun.State.DONE:
        _start(run, dry_run=False)
    elif run.dry_run or run.state != ImportRun.State.DONE:
        run.state = ImportRun.State.CHOSEN
        run.save(update_fields=["state"])
    return redirect("imports:one", run.pk)


@permit(Permission.IMPORT)
@require_safe
def problems(request: UserRequest, pk: UUID) -> StreamingHttpResponse:
    """Send the report of all problems."""
    run = get_visible(ImportRun, request.user, pk=pk)
    response = StreamingHttpResponse(report(run), content_type=FILE_KINDS["csv"].content_type)
    response["Content-Disposition"] = f'attachment; filename="problems-{run.created_at:%Y-%m-%d-%H%M}.csv"'
    response["Cache-Control"] = "no-store"
    return response


@permit(Permission.IMPORT)
@require_safe
def mapping_file(request: UserRequest, pk: UUID) -> HttpResponse:
    """Send the mapping of an import as TOML."""
    run = get_visible(ImportRun, request.user, pk=pk)
    response = HttpResponse(run.mapping, content_type="application/toml; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{run.target}.toml"'
    return response


@permit(Permission.IMPORT)
@require_POST
def save_mapping(request: UserRequest, pk: UUID) -> HttpResponse:
    """Keep the mapping of an import under a name; the same name replaces it."""
    run = get_visible(ImportRun, request.user, pk=pk)
    name = " ".join(request.POST.get("name", "").split())[:120]
    if name:
        kept = {
            "target": run.target,
            "toml": run.mapping,
            "saved_by": request.user,
            "saved_at": timezone.now(),
        }
        SavedMapping.objects.update_or_create(name=name, defaults=kept)
        messages.success(request, _("The mapping is saved as “%(name)s”.") % {"name": name})
    else:
        messages.error(request, _("Give the mapping a name."))
    return redirect("imports:one", run.pk)


@permit(Permission.IMPORT)
@require_POST
def forget_mapping(request: UserRequest, pk: int) -> HttpResponse:
    """Remove a saved mapping; imports made with it are untouched."""
    saved = get_visible(SavedMapping, request.user, pk=pk)
    saved.delete()
    messages.success(request, _("The mapping “%(name)s” is removed.") % {"name": saved.name})
    return redirect("imports:list")


def _state_of(run: ImportRun) -> dict[str, Any]:
    found = list(run.problems.all()[: PROBLEMS_SHOWN + 1]) if run.is_over else []
    return {
        "run": run,
        "target": TARGETS.get(run.target),
        "percent": round(run.share * 100),
        "figures": _figures(run),
        "problems": found[:PROBLEMS_SHOWN],
        "more": len(found) > PROBLEMS_SHOWN,
        "headline": _headline(run),
    }


def _headline(run: ImportRun) -> str:
    said = {"n": number(run.created + run.changed), "rejected": number(run.rejected)}
    if run.state == ImportRun.State.FAILED:
        return _("The import could not be done")
    if run.state == ImportRun.State.REFUSED:
        return _("Nothing landed")
    if run.is_running:
        return _("%(name)s is on its way in") % {"name": run.file_name}
    if run.dry_run:
        return _("%(n)s rows would land") % said if run.created + run.changed else _("Nothing would change")
    if not run.created + run.changed:
        return (
            _("Nothing is new")
            if not run.rejected
            else _("Nothing is new, and %(rejected)s rows are wrong") % said
        )
    if run.rejected:
        return _("%(n)s rows landed, %(rejected)s did not") % said
    return _("%(n)s rows landed") % said


def _figures(run: ImportRun) -> list[Figure]:
    shown = [
        (_("Rows read"), run.read, True),
        (_("Created"), run.created, True),
        (_("Changed"), run.changed, run.target != "signals"),
        (_("Unchanged"), run.unchanged, True),
        (_("Rejected"), run.rejected, True),
        (_("Repeated in the file"), run.repeated, bool(run.repeated)),
        (_("Left out by the mapping"), run.left_out, bool(run.left_out)),
        (_("On the matching list"), run.unmatched, bool(run.unmatched)),
    ]
    return [Figure(label, number(count)) for label, count, wanted in shown if wanted]
