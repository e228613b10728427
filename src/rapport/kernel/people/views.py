"""Pages about people: users, teams, one's own profile and tokens."""

from datetime import timedelta
from typing import Any, cast

from allauth.mfa.models import Authenticator
from django.contrib import messages
from django.db.models import Count, ProtectedError, Q
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from rapport.kernel.access import UserRequest, permit
from rapport.kernel.models import ApiToken, Team, User
from rapport.kernel.people.forms import NewUserForm, ProfileForm, TeamForm, TokenForm, UserForm
from rapport.kernel.people.passwords import mail_password_link, password_link
from rapport.kernel.people.services import (
    UserRefused,
    add_user,
    change_user,
    deactivate_user,
    reactivate_user,
)
from rapport.kernel.roles import Permission, Role
from rapport.kernel.scope import get_visible

MOST_SHOWN = 500
THEME_COOKIE, KEYS_COOKIE = "rapport_theme", "rapport_keys"
COOKIE_AGE = 365 * 24 * 3600
get_or_post = require_http_methods(["GET", "HEAD", "POST"])


@require_safe
@permit(Permission.ADMINISTER)
def index(request: UserRequest) -> HttpResponse:
    """Show what there is to administer."""
    return render(request, "kernel/index.html", {"people": User.objects.filter(is_active=True).count()})


@require_safe
@permit(Permission.ADMINISTER, Permission.MANAGE_PEOPLE)
def users(request: UserRequest) -> HttpResponse:
    """List the people this user looks after."""
    rows = User.objects.administered_by(request.user).prefetch_related("grants")
    wanted = request.GET.get("q", "").strip()
    if wanted:
        rows = rows.filter(Q(name__icontains=wanted) | Q(email__icontains=wanted))
    role = request.GET.get("role", "")
    if role in Role.values:
        rows = rows.filter(role=role)
    found = rows.order_by("-is_active", "name")[: MOST_SHOWN + 1]
    told = {"people": found[:MOST_SHOWN], "more": len(found) > MOST_SHOWN, "q": wanted, "role": role}
    return render(request, "kernel/users.html", {**told, "roles": Role.choices})


@get_or_post
@permit(Permission.ADMINISTER, Permission.MANAGE_PEOPLE)
def add(request: UserRequest) -> HttpResponse:
    """Add a user; the page that follows shows the link to hand over."""
    least = {"role": Role.EMPLOYEE, "reach": User.Reach.CAPTURE}
    form = NewUserForm(request.POST or None, editor=request.user, initial=least)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            made = add_user(
                email=data["email"],
                name=data["name"],
                role=data["role"],
                reach=data["reach"],
                grants=form.grants,
            )
        except UserRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            if data["send"]:
                mail_password_link(made, now=timezone.now())
            return _show_link(request, made, sent=data["send"])
    return render(request, "kernel/user.html", {"form": form})


@get_or_post
@permit(Permission.ADMINISTER, Permission.MANAGE_PEOPLE)
def edit(request: UserRequest, pk: int) -> HttpResponse:
    """Change who somebody is and how far they see."""
    person = _person(request, pk)
    form = UserForm(request.POST or None, editor=request.user, person=person)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            change_user(
                person,
                email=data["email"],
                name=data["name"],
                role=data["role"],
                reach=data["reach"],
                grants=form.grants,
            )
        except UserRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("%(name)s is changed.") % {"name": person.name})
            return redirect("kernel:users")
    factors = Authenticator.objects.filter(user=person).exists()
    return render(request, "kernel/user.html", {"form": form, "person": person, "factors": factors})


@never_cache
@require_POST
@permit(Permission.ADMINISTER, Permission.MANAGE_PEOPLE)
def new_link(request: UserRequest, pk: int) -> HttpResponse:
    """Make a new link with which somebody sets a password."""
    return _show_link(request, _person(request, pk), sent=False)


@require_POST
@permit(Permission.ADMINISTER, Permission.MANAGE_PEOPLE)
def switch(request: UserRequest, pk: int) -> HttpResponse:
    """End somebody's access, or give it back."""
    person = _person(request, pk)
    try:
        if not person.is_active:
            reactivate_user(person)
            messages.success(request, _("%(name)s can sign in again.") % {"name": person.name})
        elif person.pk == request.user.pk:
            messages.error(request, _("You cannot end your own access."))
        else:
            deactivate_user(person)
            messages.success(request, _("%(name)s can no longer sign in.") % {"name": person.name})
    except UserRefused as refusal:
        messages.error(request, str(refusal))
    return redirect("kernel:user", pk=pk)


@require_POST
@permit(Permission.ADMINISTER, Permission.MANAGE_PEOPLE)
def remove_factors(request: UserRequest, pk: int) -> HttpResponse:
    """Take away somebody's second factors, for a phone that is lost; a password is enough again."""
    person = _person(request, pk)
    Authenticator.objects.filter(user=person).delete()
    messages.success(request, _("%(name)s signs in with the password alone now.") % {"name": person.name})
    return redirect("kernel:user", pk=pk)


def _person(request: UserRequest, pk: int) -> User:
    found = User.objects.administered_by(request.user).filter(pk=pk).first()
    if found is None:
        raise Http404
    return cast(User, found)


def _show_link(request: UserRequest, person: User, *, sent: bool) -> HttpResponse:
    told: dict[str, Any] = {"person": person, "link": password_link(person), "sent": sent}
    return render(request, "kernel/password_link.html", told)


@require_safe
@permit(Permission.ADMINISTER)
def teams(request: UserRequest) -> HttpResponse:
    """List the teams."""
    return render(request, "kernel/teams.html", {"teams": Team.objects.all()})


@get_or_post
@permit(Permission.ADMINISTER)
def team(request: UserRequest, key: str = "") -> HttpResponse:
    """Add a team or rename one."""
    found = _team(key) if key else None
    form = TeamForm(request.POST or None, instance=found)
    if request.method == "POST" and form.is_valid():
        saved = form.save()
        messages.success(request, _("%(name)s is saved.") % {"name": saved.name})
        return redirect("kernel:teams")
    return render(request, "kernel/team.html", {"form": form, "team": found})


@require_POST
@permit(Permission.ADMINISTER)
def remove_team(request: UserRequest, key: str) -> HttpResponse:
    """Remove a team that looks after nothing."""
    found = _team(key)
    try:
        found.delete()
    except ProtectedError as error:
        told = {"name": found.name, "count": len(error.protected_objects)}
        messages.error(request, _("%(name)s still looks after %(count)s accounts and stays.") % told)
    else:
        messages.success(request, _("%(name)s is removed.") % {"name": found.name})
    return redirect("kernel:teams")


def _team(key: str) -> Team:
    found = Team.objects.filter(key=key).first()
    if found is None:
        raise Http404
    return found


@get_or_post
@permit()
def profile(request: UserRequest) -> HttpResponse:
    """Let people say how they like Rapport."""
    form = ProfileForm(request.POST or None, instance=User.objects.get(pk=request.user.pk))
    if request.method == "POST" and form.is_valid():
        person = form.save()
        messages.success(request, _("Your profile is saved."))
        response = redirect("kernel:profile")
        # The frame of the page reads these, so that a device can differ from the profile.
        response.set_cookie(THEME_COOKIE, person.theme, max_age=COOKIE_AGE, samesite="Lax")
        response.set_cookie(
            KEYS_COOKIE, "on" if person.shortcuts else "off", max_age=COOKIE_AGE, samesite="Lax"
        )
        return response
    live = Count("pk", filter=Q(revoked_at=None))
    tokens = ApiToken.objects.visible_to(request.user).aggregate(live=live)["live"]
    return render(request, "kernel/profile.html", {"form": form, "tokens": tokens})


@never_cache
@get_or_post
@permit()
def tokens(request: UserRequest) -> HttpResponse:
    """List one's own tokens and issue a new one, shown this once."""
    now = timezone.now()
    form = TokenForm(request.POST or None)
    secret = ""
    if request.method == "POST" and form.is_valid():
        days = form.cleaned_data["days"]
        ends = now + timedelta(days=days) if days else None
        _token, secret = ApiToken.issue(request.user, form.cleaned_data["name"], expires_at=ends)
        form = TokenForm()
    told = {"tokens": ApiToken.objects.visible_to(request.user), "form": form, "secret": secret, "now": now}
    return render(request, "kernel/tokens.html", told)


@require_POST
@permit()
def revoke(request: UserRequest, pk: int) -> HttpResponse:
    """Make one of one's own tokens useless."""
    token = get_visible(ApiToken, request.user, pk=pk)
    if token.revoked_at is None:
        token.revoked_at = timezone.now()
        token.save(update_fields=["revoked_at"])
        messages.success(request, _("The token %(name)s no longer works.") % {"name": token.name})
    return redirect("kernel:tokens")
