"""The matching list: whose feedback this is."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from rapport.kernel.access import UserRequest, permit
from rapport.kernel.models import User
from rapport.kernel.roles import Permission
from rapport.rooms.accounts.api import find_account
from rapport.rooms.accounts.models import Account
from rapport.rooms.signals.forms import MatchForm
from rapport.rooms.signals.selectors.matching import count_unmatched, unmatched_groups
from rapport.rooms.signals.services.matching import Matched, match_account
from rapport.ui.formats import number


@permit(Permission.EDIT_CUSTOMERS)
@require_http_methods(["GET", "HEAD", "POST"])
def matching_list(request: UserRequest) -> HttpResponse:
    """Show the names that wait for an account; give all signals with one name theirs in one go."""
    status = 200
    failed_hint, error = None, ""
    if request.method == "POST":
        form = MatchForm(request.POST)
        account = _account(request.user, form) if form.is_valid() else None
        if account:
            make = form.cleaned_data["make_people"]
            hint = form.cleaned_data["hint"]
            done = match_account(hint, account, user=request.user, now=timezone.now(), make_people=make)
            messages.success(request, _done(done, account))
            return redirect(request.get_full_path())
        status, failed_hint = 422, request.POST.get("hint", "")
        error = _("No customer of yours has this name or code, or several have. Give the code, such as A12.")
    words = request.GET.get("q", "").replace("\0", "").strip()[:100]
    context = {
        "groups": unmatched_groups(request.user, words),
        "count": count_unmatched(request.user),
        "words": words,
        "failed_hint": failed_hint,
        "error": error,
    }
    return render(request, "signals/matching.html", context, status=status)


def _account(user: User, form: MatchForm) -> Account | None:
    account = find_account(form.cleaned_data["account"])
    if account is None:
        return None
    return Account.objects.visible_to(user).unmerged().filter(pk=account.pk).first()


def _done(done: Matched, account: Account) -> str:
    said = ngettext(
        "%(count)s answer now belongs to %(account)s.",
        "%(count)s answers now belong to %(account)s.",
        done.signals,
    ) % {"count": number(done.signals), "account": account.name}
    if not done.people_made:
        return said
    made = ngettext("%(count)d person was added.", "%(count)d people were added.", done.people_made)
    return f"{said} {made % {'count': done.people_made}}"
