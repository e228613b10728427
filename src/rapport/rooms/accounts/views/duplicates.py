"""Duplicates: the pairs found, two rows side by side, merging, and undoing it."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from procrastinate.exceptions import AlreadyEnqueued

from rapport.kernel.access import UserRequest, permit
from rapport.kernel.roles import Permission
from rapport.kernel.scope import get_visible
from rapport.rooms.accounts.models import Account, Contact, Merge
from rapport.rooms.accounts.selectors.candidates import (
    MODELS,
    candidates_for,
    merge_for,
    pairs_of,
    side_by_side,
)
from rapport.rooms.accounts.services.finding import dismiss_candidate
from rapport.rooms.accounts.services.merging import CannotMerge, merge_accounts, merge_contacts, undo_merge
from rapport.rooms.accounts.tasks import look_for_duplicates
from rapport.ui.components import Tab

EDIT = Permission.EDIT_CUSTOMERS
PAIRS = 25


@permit(EDIT)
def duplicates(request: UserRequest) -> HttpResponse:
    """Show pairs that look like the same customer or person."""
    kind = "contact" if request.GET.get("of") == "people" else "account"
    waiting = {one: candidates_for(request.user, one).count() for one in MODELS}
    page = Paginator(candidates_for(request.user, kind), PAIRS).get_page(request.GET.get("page"))
    url = reverse("accounts:duplicates")
    context = {
        "kind": kind,
        "page": page,
        "pairs": pairs_of(kind, list(page.object_list)),
        "tabs": [
            Tab(_("Customers"), url, waiting["account"], kind == "account"),
            Tab(_("People"), f"{url}?of=people", waiting["contact"], kind == "contact"),
        ],
        "recent": _recent(request, kind),
    }
    return render(request, "accounts/duplicates.html", context)


def _recent(request: UserRequest, kind: str) -> list[tuple[Merge, Any, Any]]:
    """Return the last merges that can be undone, with both rows."""
    model: Any = MODELS[kind]
    seen = model.objects.visible_to(request.user)
    merges = list(Merge.objects.filter(kind=kind, undone_at=None, kept_id__in=seen.values("pk"))[:10])
    rows = model.objects.in_bulk([pk for merge in merges for pk in (merge.kept_id, merge.merged_id)])
    return [(merge, rows[merge.kept_id], rows[merge.merged_id]) for merge in merges]


@permit(EDIT)
@require_POST
def look_again(request: UserRequest) -> HttpResponse:
    """Have duplicates looked for now."""
    try:
        with transaction.atomic():
            look_for_duplicates.defer()
    except AlreadyEnqueued:
        messages.info(request, _("The search is waiting to start already."))
    else:
        messages.success(request, _("The search begins. What it finds appears here within minutes."))
    return redirect("accounts:duplicates")


@permit(EDIT)
@require_POST
def put_aside(request: UserRequest, pk: int) -> HttpResponse:
    """Say that two rows are not the same."""
    for kind, address in (("account", ""), ("contact", "?of=people")):
        candidate = candidates_for(request.user, kind).filter(pk=pk).first()
        if candidate:
            dismiss_candidate(candidate, by=request.user, now=timezone.now())
            messages.success(request, _("Put aside as two different rows."))
            return redirect(reverse("accounts:duplicates") + address)
    raise Http404


@permit(EDIT)
def merge(request: UserRequest, kind: str, kept: str, merged: str) -> HttpResponse:
    """Show two rows side by side, and make them one."""
    model: Any = MODELS.get({"customers": "account", "people": "contact"}.get(kind, ""))
    if model is None:
        raise Http404
    left = get_visible(model, request.user, code=kept)
    right = get_visible(model, request.user, code=merged)
    if request.method == "POST":
        try:
            return _merged(request, left, right)
        except CannotMerge as error:
            messages.error(request, str(error))
    choices = side_by_side(left, right)
    context = {
        "kind": kind,
        "kept": left,
        "merged": right,
        "differing": [choice for choice in choices if choice.differs],
        "same": [choice for choice in choices if not choice.differs and choice.kept],
        "turned": reverse("accounts:merge", args=[kind, merged, kept]),
        "back": reverse("accounts:duplicates") + ("?of=people" if kind == "people" else ""),
    }
    return render(request, "accounts/merge.html", context)


def _merged(request: UserRequest, left: Account | Contact, right: Account | Contact) -> HttpResponse:
    take = [name.removeprefix("value-") for name, value in request.POST.items() if value == "merged"]
    if isinstance(left, Account) and isinstance(right, Account):
        merge_accounts(left, right, take, by=request.user, now=timezone.now())
        page = reverse("accounts:account", args=[left.code])
    else:
        assert isinstance(left, Contact)
        assert isinstance(right, Contact)
        merge_contacts(left, right, take, by=request.user, now=timezone.now())
        page = reverse("accounts:person", args=[left.code])
    said = _("%(merged)s is now one with %(kept)s. It can be undone from the list of duplicates.")
    messages.success(request, said % {"merged": right, "kept": left})
    return redirect(page)


@permit(EDIT)
@require_POST
def merge_undone(request: UserRequest, pk: int) -> HttpResponse:
    """Let two rows stand apart again."""
    found = merge_for(request.user, pk)
    if found is None:
        raise Http404
    try:
        undo_merge(found, by=request.user, now=timezone.now())
    except CannotMerge as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The two stand apart again, as they were."))
    of = "?of=people" if found.kind == "contact" else ""
    return redirect(reverse("accounts:duplicates") + of)
