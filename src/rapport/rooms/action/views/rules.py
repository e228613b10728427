"""The rules: what they say, and what they would have done."""

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from rapport.kernel.access import UserRequest, permit
from rapport.kernel.models import User
from rapport.kernel.roles import Permission
from rapport.rooms.action.conditions import read_all
from rapport.rooms.action.forms import RuleForm
from rapport.rooms.action.models import Rule
from rapport.rooms.action.rules import sentence_of
from rapport.rooms.action.selectors.preview import Preview, preview_rule
from rapport.rooms.action.selectors.rules import rule_rows, rule_versions
from rapport.rooms.action.services.rules import save_rule, switch_rule
from rapport.rooms.action.views.lists import tabs_of


@permit(Permission.MANAGE_RULES)
@require_safe
def rules(request: UserRequest) -> HttpResponse:
    """List the rules, each read back."""
    rows = rule_rows()
    on = sum(row.active for row in rows)
    context = {"rows": rows, "on": on, "tabs": tabs_of(request, "rules")}
    return render(request, "action/rules.html", context)


@permit(Permission.MANAGE_RULES)
@require_http_methods(["GET", "HEAD", "POST"])
def new_rule(request: UserRequest) -> HttpResponse:
    """Write a new rule; it is switched on after a look at what it would have done."""
    fallback = request.user if request.user.may(Permission.WORK_CASES) else None
    return _edit(request, Rule(fallback=fallback, active=False) if fallback else Rule(active=False))


@permit(Permission.MANAGE_RULES)
@require_http_methods(["GET", "HEAD", "POST"])
def edit_rule(request: UserRequest, code: str) -> HttpResponse:
    """Change a rule, as its next version."""
    return _edit(request, get_object_or_404(Rule, code=code))


@dataclass(frozen=True)
class _Reading:
    """A rule read back, and what it would have done."""

    sentence: str
    preview: Preview


def _edit(request: UserRequest, rule: Rule) -> HttpResponse:
    """Show or save the form; asked to "look first", read back what is typed and save nothing."""
    now = timezone.now()
    form = RuleForm(request.POST if request.method == "POST" else None, instance=rule)
    if request.method == "POST" and form.is_valid() and "look" not in request.POST:
        saved = save_rule(form.instance, now=now)
        messages.success(
            request, _("Saved: %(name)s, version %(version)d.") % {"name": saved, "version": saved.version}
        )
        return redirect("action:rule", code=saved.code)
    reading = _read(form, request.user) if _can_be_read(form, rule) else None
    context = {
        "form": form,
        "rule": rule,
        "reading": reading,
        "versions": rule_versions(rule) if rule.pk else (),
        "tabs": tabs_of(request, "rules"),
    }
    part = "#reading" if request.headers.get("HX-Request") else ""
    return render(request, f"action/rule.html{part}", context)


def _can_be_read(form: RuleForm, rule: Rule) -> bool:
    return form.is_valid() if form.is_bound else rule.pk is not None


def _read(form: RuleForm, user: User) -> _Reading:
    conditions = read_all(form.instance.conditions)
    preview = preview_rule(form.instance, conditions, user, now=timezone.now())
    return _Reading(sentence_of(form.instance, form.names), preview)


@permit(Permission.MANAGE_RULES)
@require_POST
def switch(request: UserRequest, code: str) -> HttpResponse:
    """Switch a rule on or off."""
    rule = get_object_or_404(Rule, code=code)
    switch_rule(rule, active=request.POST.get("active") == "yes")
    text = _("%(name)s is switched on.") if rule.active else _("%(name)s is switched off.")
    messages.success(request, text % {"name": rule})
    return redirect("action:rules")
