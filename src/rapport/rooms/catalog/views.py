"""Pages of the reference tables."""

from typing import Any

from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from rapport.kernel.access import UserRequest, permit
from rapport.kernel.roles import Permission
from rapport.kernel.scope import get_visible
from rapport.rooms.catalog.forms import HolidayForm, reference_form
from rapport.rooms.catalog.models import Holiday, Reference, Region
from rapport.rooms.catalog.services import (
    CatalogRefused,
    move_reference,
    remove_reference,
    retire_reference,
    save_reference,
)
from rapport.rooms.catalog.tables import TABLES, ReferenceTable

get_or_post = require_http_methods(["GET", "HEAD", "POST"])


@require_safe
@permit(Permission.SEE_CUSTOMERS)
def index(request: UserRequest) -> HttpResponse:
    """Show which tables there are."""
    counted = [(table, len(table.rows_for(request.user))) for table in TABLES.values()]
    return render(request, "catalog/index.html", {"tables": counted})


@require_safe
@permit(Permission.SEE_CUSTOMERS)
def rows(request: UserRequest, table: str) -> HttpResponse:
    """List a table's rows in their order."""
    found = _table(table)
    told = [(row, _cells(found, row)) for row in found.rows_for(request.user)]
    edits = request.user.may(Permission.EDIT_CATALOG)
    return render(
        request, "catalog/table.html", {"table": found, "rows": told, "heads": found.heads, "edits": edits}
    )


@get_or_post
@permit(Permission.EDIT_CATALOG)
def add(request: UserRequest, table: str) -> HttpResponse:
    """Add a row."""
    return _edit(request, _table(table), None)


@get_or_post
@permit(Permission.EDIT_CATALOG)
def edit(request: UserRequest, table: str, key: str) -> HttpResponse:
    """Change a row."""
    found = _table(table)
    return _edit(request, found, _row(request, found, key))


@require_POST
@permit(Permission.EDIT_CATALOG)
def act(request: UserRequest, table: str, key: str) -> HttpResponse:
    """Move a row up or down, retire it, bring it back, or remove it."""
    found = _table(table)
    row = _row(request, found, key)
    wanted = request.POST.get("act")
    try:
        if wanted in {"up", "down"}:
            move_reference(found, row, up=wanted == "up")
        elif wanted in {"retire", "return"}:
            retire_reference(row, retired=wanted == "retire")
        elif wanted == "remove":
            remove_reference(found, row)
            messages.success(request, _("%(name)s is removed.") % {"name": row.name})
        else:
            raise Http404
    except CatalogRefused as refusal:
        messages.error(request, str(refusal))
    return redirect("catalog:table", table=table)


@require_POST
@permit(Permission.EDIT_CATALOG)
def add_holiday(request: UserRequest, key: str) -> HttpResponse:
    """Add a day on which a region does not work."""
    region = get_visible(Region, request.user, key=key)
    form = HolidayForm(request.POST)
    if not form.is_valid():
        return _page(
            request, TABLES["regions"], region, reference_form(TABLES["regions"])(instance=region), form
        )
    form.instance.region = region
    try:
        with transaction.atomic():
            form.save()
    except IntegrityError:
        messages.error(request, _("That day is a holiday already."))
    return redirect("catalog:edit", table="regions", key=key)


@require_POST
@permit(Permission.EDIT_CATALOG)
def remove_holiday(request: UserRequest, key: str, pk: int) -> HttpResponse:
    """Make a holiday a working day again."""
    get_object_or_404(Holiday, pk=pk, region=get_visible(Region, request.user, key=key)).delete()
    return redirect("catalog:edit", table="regions", key=key)


def _edit(request: UserRequest, table: ReferenceTable, row: Reference | None) -> HttpResponse:
    form = reference_form(table)(request.POST or None, instance=row)
    if request.method == "POST" and form.is_valid():
        values = {name: _plain(value) for name, value in form.cleaned_data.items() if name != "key"}
        try:
            saved, _new = save_reference(table, row.key if row else form.cleaned_data["key"], values)
        except CatalogRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("%(name)s is saved.") % {"name": saved.name})
            return redirect("catalog:table", table=table.name)
    return _page(request, table, row, form, HolidayForm() if isinstance(row, Region) else None)


def _page(request: UserRequest, table: ReferenceTable, row: Any, form: Any, holiday: Any) -> HttpResponse:
    days = row.holidays.all() if isinstance(row, Region) else []
    told = {"table": table, "row": row, "form": form, "holiday": holiday, "days": days}
    return render(request, "catalog/row.html", told)


def _plain(value: Any) -> Any:
    return value.key if isinstance(value, Reference) else value


def _table(name: str) -> ReferenceTable:
    if name not in TABLES:
        raise Http404
    return TABLES[name]


def _row(request: UserRequest, table: ReferenceTable, key: str) -> Reference:
    return get_visible(table.model, request.user, key=key)


def _cells(table: ReferenceTable, row: Any) -> list[str]:
    return [_cell(row, name) for name in table.columns]


def _cell(row: Any, name: str) -> str:
    value = getattr(row, name)
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, float):
        return f"{value:g}"
    shown = getattr(row, f"get_{name}_display", None)
    return str(shown()) if shown else str(value or "")
