"""Capture: what a customer just said, in half a minute, on a phone."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from rapport.kernel.access import UserRequest, permit
from rapport.kernel.models import User
from rapport.kernel.roles import Permission
from rapport.rooms.accounts.api import search_accounts
from rapport.rooms.accounts.models import Account, BuyingRole, Contact
from rapport.rooms.signals.emotions import CLUSTERS
from rapport.rooms.signals.forms import TONES, CaptureForm
from rapport.rooms.signals.services.capture import capture
from rapport.rooms.signals.services.record import SignalRefused

MATCHES = 6
PEOPLE = 30
FIELD_OF = {"comments": "words", "scores": "words", "files": "uploads", "external_reference": None}


@dataclass(frozen=True)
class PickedAccount:
    """A customer that can be picked."""

    code: str
    name: str
    detail: str


@dataclass(frozen=True)
class PickedPerson:
    """A person that can be picked."""

    code: str
    name: str
    title: str
    role: str


@permit(Permission.CAPTURE)
@require_http_methods(["GET", "HEAD", "POST"])
def capture_page(request: UserRequest) -> HttpResponse:
    """Show the form; keep what was filled in, once."""
    if request.method != "POST":
        return _page(request, CaptureForm(initial=_given(request)))
    form = CaptureForm(request.POST, request.FILES)
    if form.is_valid():
        unclear = _unclear(request.user, form)
        if unclear:
            return _page(request, form, choices=unclear, status=422)
        kept = _keep(request, form)
        if kept:
            return kept
    return _page(request, form, status=422)


@permit(Permission.CAPTURE)
@require_safe
def find_customer(request: UserRequest) -> HttpResponse:
    """Return the customers in scope that fit what is being typed."""
    found = _matches(request.user, request.GET.get("account_name", ""))
    return render(request, "signals/capture_found.html", {"found": found})


@permit(Permission.CAPTURE)
@require_safe
def find_people(request: UserRequest) -> HttpResponse:
    """Return the people of the customer that was picked."""
    people = _people(request.user, request.GET.get("account", ""))
    return render(request, "signals/capture_people.html", {"people": people, "picked_person": ""})


def _given(request: HttpRequest) -> dict[str, Any]:
    """Read who spoke from the address, as links on the pages of accounts and people give it."""
    account, contact = (request.GET.get(key, "").replace("\0", "") for key in ("account", "contact"))
    user: Any = request.user
    if contact:
        person = Contact.objects.visible_to(user).select_related("account").filter(code=contact).first()
        return {"contact": person.code, "account": person.account.code} if person else {}
    known = Account.objects.visible_to(user).filter(code=account).first() if account else None
    return {"account": known.code} if known else {}


def _page(
    request: UserRequest, form: CaptureForm, *, choices: tuple[PickedAccount, ...] = (), status: int = 200
) -> HttpResponse:
    picked = _picked(request.user, str(form["account"].value() or ""))
    context = {
        "form": form,
        "tones": TONES,
        "tone": str(form["tone"].value() or ""),
        "clusters": CLUSTERS,
        "feelings": set(form["feelings"].value() or []),
        "picked": picked,
        "people": _people(request.user, picked.code if picked else ""),
        "picked_person": str(form["contact"].value() or ""),
        "choices": choices,
        "may_search": request.user.scope.everything or request.user.may(Permission.SEE_CUSTOMERS),
    }
    return render(request, "signals/capture.html", context, status=status)


def _unclear(user: User, form: CaptureForm) -> tuple[PickedAccount, ...]:
    """Return the customers in scope a typed name could mean, when it is not clearly one of them."""
    data = form.cleaned_data
    name = data["account_name"].strip()
    if data["account"] or data["contact"] or not name or data["anonymous"] or "as_typed" in form.data:
        return ()
    if Account.objects.filter(name=name, merged_into=None).exists():
        return ()
    return _matches(user, name)


def _keep(request: UserRequest, form: CaptureForm) -> HttpResponse | None:
    now = timezone.now()
    talk = form.talk(now)
    try:
        recorded = capture(talk, author=request.user, now=now)
    except SignalRefused as refused:
        field = FIELD_OF.get(refused.field, refused.field)
        form.add_error(field if field in form.fields else None, str(refused))
        return None
    if talk.anonymous:
        said = _("Kept without a name. It counts once enough others have spoken too.")
    elif recorded.created:
        said = _("Kept. Thank you for listening.")
    else:
        said = _("That was kept already; nothing was recorded twice.")
    messages.success(request, said)
    return redirect(reverse("signals:capture"))


def _matches(user: User, name: str) -> tuple[PickedAccount, ...]:
    if len(name.strip()) < 2 or "\0" in name:
        return ()
    rows = Account.objects.visible_to(user).unmerged()
    ids = search_accounts(rows, name[:100], most=MATCHES)
    found = {account.pk: account for account in rows.filter(pk__in=ids).select_related("parent")}
    return tuple(_pick(found[pk]) for pk in ids if pk in found)


def _picked(user: User, code: str) -> PickedAccount | None:
    if not code or "\0" in code:
        return None
    account = Account.objects.visible_to(user).select_related("parent").filter(code=code).first()
    return _pick(account) if account else None


def _pick(account: Account) -> PickedAccount:
    above = account.parent.name if account.parent else ""
    return PickedAccount(
        account.code, account.name, ", ".join(part for part in (above, account.city) if part)
    )


def _people(user: User, code: str) -> tuple[PickedPerson, ...]:
    if not code or "\0" in code:
        return ()
    rows = Contact.objects.visible_to(user).unmerged().filter(account__code=code, left_on=None)
    rows = rows.order_by("name", "pk")[:PEOPLE]
    held = BuyingRole.objects.filter(contact__in=[row.pk for row in rows], decision=None, valid_to=None)
    roles = {role.contact_id: role.role for role in held}
    return tuple(PickedPerson(row.code, row.name, row.title, roles.get(row.pk, "")) for row in rows)
