"""The ledger of promises: made, kept, broken."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from rapport.kernel.access import UserRequest, permit
from rapport.kernel.roles import Permission
from rapport.kernel.scope import get_visible
from rapport.rooms.action.forms.telling import NewPromiseForm, PromiseForm
from rapport.rooms.action.models import Case, Promise
from rapport.rooms.action.selectors.telling import promise_figures
from rapport.rooms.action.services import promises
from rapport.rooms.action.services.steps import StepRefused
from rapport.rooms.action.views.lists import tabs_of
from rapport.ui.components import Figure

MOST = 200


@permit(Permission.WORK_CASES)
@require_http_methods(["GET", "HEAD", "POST"])
def ledger(request: UserRequest) -> HttpResponse:
    """Show the promises, those that wait first; one can be added."""
    today = timezone.localdate()
    form = NewPromiseForm(request.POST if request.method == "POST" else None, by=request.user)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        promises.promise(
            account=data["account"],
            words=data["words"],
            owner=data["owner"],
            due_on=data["due_on"],
            by=request.user,
            now=timezone.now(),
        )
        messages.success(request, _("Written down."))
        return redirect("action:promises")
    rows = Promise.objects.visible_to(request.user).select_related("account", "owner", "contact", "case")
    waiting = rows.filter(kept_on=None, broken_on=None)
    settled = rows.exclude(kept_on=None, broken_on=None).order_by("-due_on")
    figures = promise_figures(request.user, today=today)
    text = ngettext("%(count)d promise is late", "%(count)d promises are late", figures.late)
    context = {
        "form": form,
        "waiting": waiting[:MOST],
        "settled": settled[:MOST],
        "today": today,
        "headline": text % {"count": figures.late} if figures.late else _("No promise is late"),
        "figures": [
            Figure(_("To be kept"), str(figures.open)),
            Figure(_("Late"), str(figures.late)),
            Figure(_("Kept by their day"), estimate=figures.kept, scale="share", hidden_below=1),
        ],
        "tabs": tabs_of(request, "promises"),
        "may_manage": request.user.may(Permission.MANAGE_RULES),
    }
    return render(request, "action/promises.html", context)


@permit(Permission.WORK_CASES)
@require_POST
def promise_in_case(request: UserRequest, code: str) -> HttpResponse:
    """Promise something to the customer of a case."""
    case = get_visible(Case, request.user, code=code)
    form = PromiseForm(request.POST, by=request.user)
    if case.account is None:
        messages.error(request, _("The customer is not found yet."))
    elif not form.is_valid():
        for name, errors in form.errors.items():
            messages.error(request, f"{form.fields[name].label}: {' '.join(map(str, errors))}")
    else:
        data = form.cleaned_data
        promises.promise(
            account=case.account,
            contact=case.contact,
            case=case,
            words=data["words"],
            owner=data["owner"],
            due_on=data["due_on"],
            by=request.user,
            now=timezone.now(),
        )
        messages.success(request, _("Written down in the ledger of promises."))
    return redirect("action:case", code=code)


@permit(Permission.WORK_CASES)
@require_POST
def settle(request: UserRequest, pk: int) -> HttpResponse:
    """Say that a promise was kept, or broken and why."""
    one = get_visible(Promise, request.user, pk=pk)
    try:
        outcome = request.POST.get("outcome", "")[:300]
        if request.POST.get("kept") == "yes":
            promises.keep(one, on=timezone.localdate(), outcome=outcome)
        else:
            promises.give_up_promise(one, on=timezone.localdate(), outcome=outcome)
    except StepRefused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("Written down."))
    return redirect("action:promises")
