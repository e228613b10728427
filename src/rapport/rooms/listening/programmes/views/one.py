"""One programme: how far it got, who is missing, its plan, its draws and the people it asked."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from rapport.kernel.access import UserRequest, permit
from rapport.kernel.models import User
from rapport.kernel.roles import Permission
from rapport.kernel.scope import get_visible
from rapport.rooms.accounts.models import BuyingRole
from rapport.rooms.listening.channels.rewards import reward_totals
from rapport.rooms.listening.models import Invitation, NotAsked, Programme
from rapport.rooms.listening.programmes import progress
from rapport.rooms.listening.programmes.bias import Group, compare
from rapport.rooms.listening.programmes.forms import PlanForm
from rapport.rooms.listening.programmes.kinds import BY_EVENT
from rapport.rooms.listening.programmes.names import labels, said
from rapport.rooms.listening.programmes.plan import Plan, PlanError, read_plan
from rapport.rooms.listening.programmes.services import (
    ProgrammeRefused,
    change_programme,
    end_programme,
    new_seed,
    pause_programme,
    start_programme,
)
from rapport.rooms.listening.programmes.views.lists import TONES
from rapport.rooms.listening.sampling.draws import CannotDraw, draw_sample, work_out
from rapport.rooms.listening.sampling.report import Report
from rapport.rooms.listening.sampling.weighting import Weighted, weigh
from rapport.stats import PlanningError
from rapport.ui import formats
from rapport.ui.charts import Chart
from rapport.ui.charts.bars import Bar, bars_with_whiskers
from rapport.ui.charts.chart import Caption
from rapport.ui.components import Figure, Tab

PAGE = 50
# The page's example of a draw is the same at every look, so that only a changed plan changes it.
LOOK_SEED = 1


def load(request: UserRequest, code: str) -> Programme:
    """Return a programme the reader may see."""
    return get_visible(Programme, request.user, code=code)


def tabs_of(request: UserRequest, row: Programme, current: str) -> list[Tab]:
    """Return the parts of a programme this user may see."""
    parts = [("show", _("How it goes")), ("draws", _("Draws"))]
    if not row.anonymous:
        parts.append(("people", _("Who was asked")))
    if "interview" in row.plan.get("channels", ()) and request.user.may(Permission.SEE_CUSTOMERS):
        parts.append(("interviews", _("Interviews")))
    if request.user.may(Permission.MANAGE_PROGRAMMES):
        parts += [("plan", _("Plan")), ("links", _("Links and codes")), ("paper", _("Paper"))]
        if not row.anonymous and row.plan.get("incentive"):
            parts.append(("rewards", _("Incentives")))
    return [
        Tab(label, reverse(f"programmes:{name}", args=[row.code]), current=name == current)
        for name, label in parts
    ]


def head(request: UserRequest, row: Programme, current: str) -> dict[str, object]:
    """Return what the head of each page of a programme needs."""
    return {
        "programme": row,
        "tone": TONES[row.state],
        "tabs": tabs_of(request, row, current),
        "manages": request.user.may(Permission.MANAGE_PROGRAMMES),
        "by_event": row.kind in BY_EVENT,
    }


@dataclass(frozen=True)
class Named:
    """A group with its name in words."""

    label: str
    group: Group


BY_LABELS = {
    "role": gettext_lazy("Buying role"),
    "region": gettext_lazy("Region"),
    "tier": gettext_lazy("Tier"),
    "channel": gettext_lazy("Way of asking"),
    "language": gettext_lazy("Language"),
    "stratum": gettext_lazy("Stratum"),
}


@permit(Permission.SEE_FIGURES)
@require_safe
def show(request: UserRequest, code: str) -> HttpResponse:
    """Show how far a programme got, by stratum, and who is missing."""
    row = load(request, code)
    by = request.GET.get("by", "role")
    by = by if by in progress.BY else "role"
    asked = progress.asked_by(row, request.user)
    steps = progress.count(asked)
    if progress.is_telling(row, steps):
        asked, steps = [], progress.Steps(asked=steps.asked)
    names = labels()
    groups = compare(progress.safe_groups(progress.group(asked, by), anonymous=row.anonymous))
    shown = [Named(said(group.name, names), group) for group in groups]
    weighted = _weighted(row, asked, request.user)
    missing = [one for one in shown if one.group.missing]
    context = head(request, row, "show") | {
        "headline": _headline(row, steps, missing),
        "figures": [] if progress.is_telling(row, steps) else _figures(steps),
        "open": progress.open_answers(row, request.user),
        "by": by,
        "by_label": str(BY_LABELS[by]),
        "ways": [(key, str(label), f"?by={key}", key == by) for key, label in BY_LABELS.items()],
        "groups": shown,
        "hidden_groups": row.anonymous and not shown and steps.asked,
        "missing": missing,
        "chart": _chart(shown) if len(shown) > 1 else None,
        "weighted": weighted,
        "silent": [said(part, names) for part in weighted.silent] if weighted else [],
        "weighted_by": ", ".join(str(BY_LABELS[name]).lower() for name in weighted.by) if weighted else "",
        "sees_all": request.user.scope.everything,
        # Of few, what was earned would tell who has answered.
        "rewards": None if progress.is_telling(row, steps) else _rewards(row, request.user),
    }
    return render(request, "listening/programmes/show.html", context)


def _headline(row: Programme, steps: progress.Steps, missing: list[Named]) -> str:
    if not steps.asked:
        return _("%(name)s has asked nobody yet") % {"name": row.name}
    if missing:
        who = ", ".join(one.label for one in missing[:2])
        return _("%(name)s hears too little from: %(who)s") % {"who": who, "name": row.name}
    if progress.is_telling(row, steps):
        return _("%(name)s asked too few you may see to tell more") % {"name": row.name}
    told = {
        "name": row.name,
        "answered": formats.number(steps.answered),
        "asked": formats.number(steps.asked),
    }
    return _("%(name)s: %(answered)s of %(asked)s have answered") % told


def _figures(steps: progress.Steps) -> list[Figure]:
    return [
        Figure(_("Asked"), formats.number(steps.asked), ngettext("person", "people", steps.asked)),
        Figure(
            _("Reached"),
            formats.number(steps.reached),
            _("the message arrived, or a colleague spoke to them"),
        ),
        Figure(
            _("Opened"),
            formats.number(steps.opened),
            _("at least: reported by the mail service, or began to answer. Who only looked leaves no trace"),
        ),
        Figure(_("Started"), formats.number(steps.started), _("answered something")),
        Figure(
            _("Answered"),
            formats.number(steps.answered),
            _("sent it"),
        ),
        Figure(_("Response"), estimate=steps.rate, scale="share", note=_("of those asked")),
    ]


def _chart(shown: list[Named]) -> Chart:
    missing = sum(one.group.missing for one in shown)
    title = (
        _("Some are heard too little")
        if missing
        else _("No group answers more seldom than chance would have it")
    )
    bars = [Bar(one.label, one.group.rate, "det" if one.group.missing else "pas") for one in shown[:12]]
    return bars_with_whiskers(
        Caption(
            title=title,
            subtitle=_("Share of those asked who answered, with 95% ranges"),
            note=_(
                "Wilson ranges. A group is called missing when it answers more seldom than all others "
                "together, p below 0.05 after Holm's correction for looking at every group."
            ),
        ),
        bars,
        "share",
    )


def _weighted(row: Programme, asked: list[progress.Asked], user: User) -> Weighted | None:
    """Weigh to the frame of the latest draw; only for who sees the whole frame."""
    last = row.draws.first()
    if row.anonymous or last is None or not user.scope.everything:
        return None
    margins = Report.model_validate(last.report).margins
    return weigh(asked, {name: margins[name] for name in ("role", "region") if name in margins})


@dataclass(frozen=True)
class Rewards:
    """What incentives cost: promised, earned, handed out."""

    name: str
    promised: int
    earned: int
    given: int
    cost: str


def _rewards(row: Programme, user: User) -> Rewards | None:
    found = reward_totals(row, user)
    if found is None:
        return None
    return Rewards(
        found.name, found.promised, found.earned, found.given, formats.money(found.cost, found.currency)
    )


@permit(Permission.MANAGE_PROGRAMMES)
@require_http_methods(["GET", "HEAD", "POST"])
def plan(request: UserRequest, code: str) -> HttpResponse:
    """Show or change the plan; asked to "look first", say what it would do and save nothing."""
    row = load(request, code)
    form = PlanForm(row, request.user, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid() and "look" not in request.POST:
        try:
            change_programme(row, form.values(), form.plan)
        except (ProgrammeRefused, PlanError, ValidationError) as error:
            form.add_error(None, error if isinstance(error, ValidationError) else str(error))
        else:
            messages.success(request, _("The plan is saved."))
            return redirect("programmes:plan", row.code)
    looked = (
        form.plan if form.is_bound and form.is_valid() else None if form.is_bound else read_plan(row.plan)
    )
    context = head(request, row, "plan") | {
        "form": form,
        "look": _look(row, form, looked, request.user) if looked else None,
        "sees_all": request.user.scope.everything,
        "parts": parts_of(form),
    }
    fragment = "#look" if request.headers.get("HX-Request") else ""
    return render(request, f"listening/programmes/plan.html{fragment}", context)


@dataclass(frozen=True)
class Look:
    """What a draw by this plan would do today."""

    report: Report
    expected: str
    strata: list[tuple[str, int, int, int]]
    left_out: list[tuple[str, int]]
    unknown: list[tuple[str, int]]
    problem: str = ""


def _look(row: Programme, form: PlanForm, wanted: Plan, user: User) -> Look:
    tried = Programme(
        pk=row.pk, kind=row.kind, partner_id=row.partner_id, owner=row.owner, survey=row.survey, name=row.name
    )
    if form.is_bound:
        tried.owner = form.cleaned_data["owner"]
    try:
        report = work_out(tried, wanted, now=timezone.now(), seed=LOOK_SEED).report
    except PlanningError as error:
        return Look(Report(), "", [], [], [], problem=str(error))
    return look_at(report.seen_by(user))


def look_at(report: Report) -> Look:
    """Return a report in words."""
    names, roles = labels(), {str(key): str(label) for key, label in BuyingRole.Role.choices}
    return Look(
        report=report,
        expected=expectation(report),
        strata=[(said(row.name, names), row.frame, row.free, row.drawn) for row in report.strata],
        left_out=[
            (str(NotAsked.Reason(reason).label), count)
            for reason, count in sorted(report.left_out.items(), key=lambda item: -item[1])
        ],
        unknown=[
            (roles[role], count)
            for role, count in sorted(report.unknown_roles.items(), key=lambda item: -item[1])
            if count
        ],
    )


def expectation(report: Report) -> str:
    """Say what the answers will tell, before anything is sent."""
    expected = report.expected
    if expected is None or not report.drawn:
        return _("Nobody would be asked.")
    asked = ngettext("%(drawn)s person would be asked", "%(drawn)s people would be asked", report.drawn) % {
        "drawn": formats.number(report.drawn)
    }
    if expected.margin is None:
        return _("%(asked)s; too few answers are to be expected for a figure.") % {"asked": asked}
    told = ngettext(
        "%(asked)s. If %(percent)d%% answer, about %(answers)s answer tells the score to recommend "
        "within ± %(margin)s points at worst.",
        "%(asked)s. If %(percent)d%% answer, about %(answers)s answers tell the score to recommend "
        "within ± %(margin)s points at worst.",
        round(expected.answers),
    ) % {
        "asked": asked,
        "percent": round(100 * expected.response),
        "answers": formats.number(expected.answers),
        "margin": formats.number(expected.margin, 0),
    }
    if expected.needed is not None and expected.needed > report.drawn:
        needed = ngettext(
            "For the range wanted, %(needed)s person would have to be asked.",
            "For the range wanted, %(needed)s people would have to be asked.",
            expected.needed,
        ) % {"needed": formats.number(expected.needed)}
        return f"{told} {needed}"
    return told


def parts_of(form: PlanForm) -> list[tuple[str, list[object]]]:
    """Return the fields of the form by the part of the plan they belong to."""
    rest = [name for name in form.fields if name.startswith("rest_")]
    words = [name for name in form.fields if name.rpartition("_")[0] in WORDS]
    when = WHEN_IT_HAPPENS if form.by_event else "every starts_on ends_on open_days quota"
    parts = [
        (_("What for"), ["name", "purpose", "survey", "owner", "anonymous", "several_responses"]),
        (_("Who could be asked"), POPULATION.split()),
        (_("Who is drawn"), SAMPLING.split()),
        (_("When"), when.split()),
        (_("How"), ["channels", "sender_name", "reply_to", "first_question", *words, *PACE.split()]),
        (_("Rest"), rest),
        (_("What the answers are about"), ["touchpoint", "stage", "product"]),
        (_("Incentive and web"), INCENTIVE.split()),
    ]
    return [(title, [form[name] for name in names if _is_useful(form, name)]) for title, names in parts]


POPULATION = "regions divisions tiers life_cycles sectors accounts roles seniorities functions needs_consent"
SAMPLING = (
    "how size strata allocation quotas most_per_account must_vetoes must_roles expected_response margin"
)
WHEN_IT_HAPPENS = "happening delay_hours within_days most_people stages milestones outcomes open_days quota"
PACE = "send_from send_until weekdays_only most_an_hour reminders_most reminders_after"
INCENTIVE = "incentive_name incentive_value incentive_currency incentive_given web_share web_origins"
WORDS = {"subject", "intro", "reminder_subject", "reminder_intro"}


def _is_useful(form: PlanForm, name: str) -> bool:
    """Leave out choices where there is nothing to choose."""
    field = form.fields[name]
    choices = getattr(field, "choices", None)
    return choices is None or bool(list(choices))


@permit(Permission.MANAGE_PROGRAMMES)
@require_POST
def turn(request: UserRequest, code: str, what: str) -> HttpResponse:
    """Start, pause or end a programme."""
    row = load(request, code)
    try:
        if what == "start":
            start_programme(row, now=timezone.now())
            messages.success(request, _("%(name)s is running.") % {"name": row})
        elif what == "pause":
            pause_programme(row)
            messages.success(request, _("%(name)s is paused; nothing more is sent.") % {"name": row})
        elif what == "end":
            end_programme(row, now=timezone.now())
            messages.success(request, _("%(name)s has ended.") % {"name": row})
        else:
            raise Http404
    except ProgrammeRefused as error:
        messages.error(request, str(error))
    return redirect("programmes:show", row.code)


@permit(Permission.MANAGE_PROGRAMMES)
@require_POST
def draw_now(request: UserRequest, code: str) -> HttpResponse:
    """Draw a sample now."""
    row = load(request, code)
    seed = request.POST.get("seed", "")
    try:
        made = draw_sample(
            row, now=timezone.now(), seed=int(seed) if seed.isdecimal() and len(seed) < 10 else new_seed(),
            by=request.user,
        )  # fmt: skip
    except CannotDraw as error:
        messages.error(request, str(error))
        return redirect("programmes:draws", row.code)
    count = made.invitations.count()
    messages.success(
        request,
        ngettext("%(count)d person was drawn.", "%(count)d people were drawn.", count) % {"count": count},
    )
    return redirect("programmes:draw", row.code, made.pk)


@permit(Permission.SEE_FIGURES)
@require_safe
def draws(request: UserRequest, code: str) -> HttpResponse:
    """List a programme's draws."""
    row = load(request, code)
    visible = Invitation.objects.visible_to(request.user)
    rows = [
        (draw, Report.model_validate(draw.report), visible.filter(draw=draw).count())
        for draw in row.draws.select_related("drawn_by")[:100]
    ]
    context = head(request, row, "draws") | {"rows": rows, "sees_all": request.user.scope.everything}
    return render(request, "listening/programmes/draws.html", context)


@permit(Permission.SEE_FIGURES)
@require_safe
def one_draw(request: UserRequest, code: str, pk: int) -> HttpResponse:
    """Show one draw: who was drawn, who was left out and why, as far as the reader may see."""
    row = load(request, code)
    made = row.draws.filter(pk=pk).first()
    if made is None:
        raise Http404
    left = NotAsked.objects.visible_to(request.user).filter(draw=made)
    reason = request.GET.get("reason", "")
    chosen = left.filter(reason=reason) if reason in NotAsked.Reason.values else left
    report = Report.model_validate(made.report).seen_by(request.user)
    look = look_at(report)
    counts: Mapping[str, int] = {key: left.filter(reason=key).count() for key in NotAsked.Reason.values}
    context = head(request, row, "draws") | {
        "draw": made,
        "look": look,
        "sees_all": request.user.scope.everything,
        "drawn": Invitation.objects.visible_to(request.user).filter(draw=made).count(),
        "reasons": [
            (NotAsked.Reason(key).label, f"?reason={key}", key == reason, count)
            for key, count in counts.items()
            if count
        ],
        "page": Paginator(
            chosen.select_related("contact__account").order_by("reason", "contact__name", "pk"), PAGE
        ).get_page(request.GET.get("page")),
    }
    return render(request, "listening/programmes/draw.html", context)


@permit(Permission.SEE_FIGURES)
@require_safe
def people(request: UserRequest, code: str) -> HttpResponse:
    """List who was asked and how far each got; of an anonymous programme nobody may know."""
    row = load(request, code)
    if row.anonymous:
        raise Http404
    state = request.GET.get("state", "")
    rows = Invitation.objects.visible_to(request.user).filter(programme=row, contact__isnull=False)
    chosen = rows.filter(state=state) if state in Invitation.State.values else rows
    context = head(request, row, "people") | {
        "states": [
            (label, f"?state={key}", key == state, count)
            for key, label in Invitation.State.choices
            if (count := rows.filter(state=key).count())
        ],
        "page": Paginator(
            chosen.select_related("contact", "account").order_by(
                "account__name", "contact__name", "-created_at"
            ),
            PAGE,
        ).get_page(request.GET.get("page")),
        "now": timezone.now(),
    }
    return render(request, "listening/programmes/people.html", context)
