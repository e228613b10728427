"""Adding and changing customers, people, roles and dealings."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.forms import Form
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from rapport.kernel.access import UserRequest, permit
from rapport.kernel.roles import Permission
from rapport.kernel.scope import get_visible
from rapport.rooms.accounts.dealings import KINDS, Kind
from rapport.rooms.accounts.forms import (
    AccountForm,
    ContactForm,
    MilestoneForm,
    RoleForm,
    ValuesForm,
    dealing_form,
)
from rapport.rooms.accounts.models import Account, BuyingRole, Contact, Milestone, Project
from rapport.rooms.accounts.services.accounts import change_account, create_account, set_external_ids
from rapport.rooms.accounts.services.changing import Conflict
from rapport.rooms.accounts.services.contacts import change_contact, create_contact, set_contact_external_ids
from rapport.rooms.accounts.services.dealings import (
    add_dealing,
    change_dealing,
    remove_dealing,
    remove_milestone,
    set_milestone,
)
from rapport.rooms.accounts.services.roles import change_role, confirm_role, end_role, give_role

EDIT = Permission.EDIT_CUSTOMERS


def _saved(form: ValuesForm, save: Callable[[], Any], conflict_field: str = "external_ids") -> Any:
    """Let the service save; put its complaints on the form and return None when it refuses."""
    if not form.is_valid():
        return None
    try:
        return save()
    except ValidationError as error:
        form.complain(error.message_dict if hasattr(error, "error_dict") else {"": error.messages})
    except Conflict as error:
        form.complain({conflict_field: [str(error)]})
    return None


def _page(request: UserRequest, form: Form | ValuesForm, **context: Any) -> HttpResponse:
    wrong = form.is_bound and not form.is_valid()
    return render(request, "accounts/edit.html", {"form": form, **context}, status=422 if wrong else 200)


# -- Customers ---------------------------------------------------------------------


@permit(EDIT)
def add_account(request: UserRequest) -> HttpResponse:
    """Add a customer, or a part of one."""
    parent = None
    if request.GET.get("below"):
        parent = get_visible(Account, request.user, code=request.GET["below"])
    first: dict[str, Any] = (
        {"parent": parent, "kind": Account.Kind.SITE} if parent else {"owner": request.user.pk}
    )
    form = AccountForm(request.POST or None, user=request.user, initial=first)
    if request.method == "POST":
        done = _saved(
            form,
            lambda: create_account(
                form.values,
                external_ids=form.cleaned_data["external_ids"],
                by=request.user,
                now=timezone.now(),
            ),
        )
        if done:
            messages.success(request, _("%(name)s was added.") % {"name": done.name})
            return redirect("accounts:account", code=done.code)
    back = reverse("accounts:account", args=[parent.code]) if parent else reverse("accounts:list")
    title = _("A new part of %(name)s") % {"name": parent.name} if parent else _("A new customer")
    return _page(
        request, form, title=title, action=_("Add the customer"), back=back, back_name=_("Customers")
    )


@permit(EDIT)
def edit_account(request: UserRequest, code: str) -> HttpResponse:
    """Change a customer."""
    account = get_visible(Account, request.user, code=code)
    ids = [(row.system, row.value) for row in account.external_ids.all()]
    first = {"external_ids": ids, "parent": account.parent}
    form = AccountForm(request.POST or None, instance=account, user=request.user, initial=first)
    if request.method == "POST":

        def save() -> Account:
            set_external_ids(account, form.cleaned_data["external_ids"])
            below = form.cleaned_data.get("below", [])
            return change_account(account, form.values, below=below, by=request.user, now=timezone.now())

        done = _saved(form, save)
        if done:
            messages.success(request, _("%(name)s was changed.") % {"name": done.name})
            still = Account.objects.visible_to(request.user).filter(pk=done.pk).exists()
            return redirect("accounts:account", code=done.code) if still else redirect("accounts:list")
    return _page(
        request,
        form,
        title=_("Change %(name)s") % {"name": account.name},
        action=_("Save the customer"),
        back=reverse("accounts:account", args=[account.code]),
        back_name=account.name,
    )


# -- People ------------------------------------------------------------------------


@permit(EDIT)
def add_person(request: UserRequest) -> HttpResponse:
    """Add a person to a customer."""
    account = None
    if request.GET.get("account"):
        account = get_visible(Account, request.user, code=request.GET["account"])
    form = ContactForm(request.POST or None, user=request.user, initial={"account": account})
    if request.method == "POST":
        done = _saved(
            form,
            lambda: create_contact(
                form.values,
                external_ids=form.cleaned_data["external_ids"],
                by=request.user,
                now=timezone.now(),
            ),
        )
        if done:
            messages.success(request, _("%(name)s was added.") % {"name": done.name})
            return redirect("accounts:person", code=done.code)
    back = reverse("accounts:account", args=[account.code]) if account else reverse("accounts:people")
    return _page(
        request,
        form,
        title=_("A new person"),
        action=_("Add the person"),
        back=back,
        back_name=account.name if account else _("People"),
    )


@permit(EDIT)
def edit_person(request: UserRequest, code: str) -> HttpResponse:
    """Change what is known of a person."""
    person = get_visible(Contact, request.user, code=code)
    ids = [(row.system, row.value) for row in person.external_ids.all()]
    first = {"external_ids": ids, "account": person.account}
    form = ContactForm(request.POST or None, instance=person, user=request.user, initial=first)
    if request.method == "POST":

        def save() -> Contact:
            set_contact_external_ids(person, form.cleaned_data["external_ids"])
            return change_contact(person, form.values, by=request.user, now=timezone.now())

        done = _saved(form, save)
        if done:
            messages.success(request, _("%(name)s was changed.") % {"name": done.name})
            return redirect("accounts:person", code=done.code)
    return _page(
        request,
        form,
        title=_("Change %(name)s") % {"name": person.name},
        action=_("Save the person"),
        back=reverse("accounts:person", args=[person.code]),
        back_name=person.name,
    )


# -- Buying roles ------------------------------------------------------------------


@permit(EDIT)
def add_role(request: UserRequest, code: str) -> HttpResponse:
    """Note that a person plays a part."""
    person = get_visible(Contact, request.user, code=code)
    first = {"valid_from": timezone.localdate()}
    form = RoleForm(request.POST or None, account=person.account, user=request.user, initial=first)
    if request.method == "POST" and _saved(form, lambda: give_role(person, form.values, now=timezone.now())):
        messages.success(request, _("The role of %(name)s was noted.") % {"name": person.name})
        return redirect("accounts:person", code=person.code)
    return _role_page(request, form, person, _("A role of %(name)s"), _("Add the role"))


@permit(EDIT)
def edit_role(request: UserRequest, code: str, pk: int) -> HttpResponse:
    """Change what is known of a role."""
    role = get_visible(BuyingRole, request.user, contact__code=code, pk=pk)
    person = role.contact
    form = RoleForm(request.POST or None, instance=role, account=person.account, user=request.user)
    if request.method == "POST" and _saved(form, lambda: change_role(role, form.values, now=timezone.now())):
        messages.success(request, _("The role of %(name)s was changed.") % {"name": person.name})
        return redirect("accounts:person", code=person.code)
    return _role_page(request, form, person, _("Change a role of %(name)s"), _("Save the role"))


def _role_page(
    request: UserRequest, form: RoleForm, person: Contact, title: str, action: str
) -> HttpResponse:
    back = reverse("accounts:person", args=[person.code])
    return _page(
        request, form, title=title % {"name": person.name}, action=action, back=back, back_name=person.name
    )


@permit(EDIT)
@require_POST
def role_confirmed(request: UserRequest, code: str, pk: int) -> HttpResponse:
    """Say that a role is still held."""
    role = get_visible(BuyingRole, request.user, contact__code=code, pk=pk)
    confirm_role(role, now=timezone.now())
    messages.success(request, _("Confirmed: %(role)s.") % {"role": role})
    return redirect("accounts:person", code=code)


@permit(EDIT)
@require_POST
def role_ended(request: UserRequest, code: str, pk: int) -> HttpResponse:
    """Say that a role is held no longer."""
    role = get_visible(BuyingRole, request.user, contact__code=code, pk=pk)
    end_role(role, timezone.localdate())
    messages.success(request, _("Ended: %(role)s.") % {"role": role})
    return redirect("accounts:person", code=code)


# -- Dealings ----------------------------------------------------------------------


def _kind(key: str) -> Kind:
    if key not in KINDS:
        raise Http404
    return KINDS[key]


@permit(EDIT)
def add_dealing_page(request: UserRequest, code: str, kind: str) -> HttpResponse:
    """Add a contract, an order or another dealing."""
    chosen = _kind(kind)
    account = get_visible(Account, request.user, code=code)
    form = dealing_form(chosen)(request.POST or None, account=account, user=request.user)
    if request.method == "POST":
        done = _saved(form, lambda: add_dealing(chosen, account, form.values), "external_id")
        if done:
            messages.success(request, _("Added: %(what)s.") % {"what": done})
            return redirect("accounts:tab", code=code, tab=kind)
    back = reverse("accounts:tab", args=[code, kind])
    title = _("%(adding)s for %(name)s") % {"adding": chosen.adding, "name": account.name}
    return _page(request, form, title=title, action=chosen.adding, back=back, back_name=account.name)


@permit(Permission.SEE_CUSTOMERS)
def dealing(request: UserRequest, code: str, kind: str, pk: int) -> HttpResponse:
    """Show a dealing; whoever may edit customers changes it here."""
    chosen = _kind(kind)
    row = get_visible(chosen.model, request.user, pk=pk, account__code=code)
    may_edit = request.user.may(EDIT)
    if request.method == "POST" and not may_edit:
        raise Http404
    form = dealing_form(chosen)(request.POST or None, instance=row, account=row.account, user=request.user)
    if request.method == "POST":
        done = _saved(form, lambda: change_dealing(chosen, row, form.values), "external_id")
        if done:
            messages.success(request, _("Changed: %(what)s.") % {"what": done})
            return redirect("accounts:tab", code=code, tab=kind)
    milestones = list(row.milestones.all()) if kind == "projects" else []
    context = {
        "title": str(row),
        "action": _("Save the %(what)s") % {"what": chosen.one},
        "back": reverse("accounts:tab", args=[code, kind]),
        "back_name": row.account.name,
        "row": row,
        "kind": chosen,
        "may_edit": may_edit,
        "facts": _shown(form),
        "milestones": milestones,
    }
    wrong = request.method == "POST"
    return render(request, "accounts/dealing.html", {"form": form, **context}, status=422 if wrong else 200)


def _shown(form: ValuesForm) -> list[tuple[str, object]]:
    """Return what a dealing says, for those who may only read it."""
    facts: list[tuple[str, object]] = []
    for name, field in form.fields.items():
        display = getattr(form.instance, f"get_{name}_display", None)
        value = display() if display else getattr(form.instance, name)
        if value not in (None, ""):
            facts.append((str(field.label), value))
    return facts


@permit(EDIT)
@require_POST
def dealing_removed(request: UserRequest, code: str, kind: str, pk: int) -> HttpResponse:
    """Remove a dealing that should not be there."""
    row = get_visible(_kind(kind).model, request.user, pk=pk, account__code=code)
    said = _("Removed: %(what)s. Its history is kept.") % {"what": row}
    remove_dealing(row)
    messages.success(request, said)
    return redirect("accounts:tab", code=code, tab=kind)


@permit(EDIT)
def milestone(request: UserRequest, code: str, project: int, pk: int | None = None) -> HttpResponse:
    """Add a milestone to a project, or change one."""
    whole = get_visible(Project, request.user, pk=project, account__code=code)
    row = whole.milestones.filter(pk=pk).first() if pk else None
    if pk and row is None:
        raise Http404
    form = MilestoneForm(request.POST or None, instance=row or Milestone(project=whole))
    back = reverse("accounts:dealing", args=[code, "projects", project])
    if request.method == "POST" and _saved(form, lambda: set_milestone(whole, row, form.values)):
        messages.success(request, _("The milestone was saved."))
        return redirect(back)
    title = _("Change a milestone") if row else _("A new milestone")
    return _page(request, form, title=title, action=_("Save the milestone"), back=back, back_name=whole.name)


@permit(EDIT)
@require_POST
def milestone_removed(request: UserRequest, code: str, project: int, pk: int) -> HttpResponse:
    """Remove a milestone."""
    whole = get_visible(Project, request.user, pk=project, account__code=code)
    row = whole.milestones.filter(pk=pk).first()
    if row is None:
        raise Http404
    remove_milestone(row)
    messages.success(request, _("The milestone was removed."))
    return redirect("accounts:dealing", code=code, kind="projects", pk=project)
