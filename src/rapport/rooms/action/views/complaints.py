"""Complaints: the register, a new one, the steps of their track, their times, and the figures of a year."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from rapport.kernel.access import UserRequest, permit
from rapport.kernel.roles import Permission
from rapport.rooms.action.forms.complaints import (
    CategoryForm,
    DecisionForm,
    FindingForm,
    ReceiptForm,
    ReceiveForm,
    ReferForm,
    RegisterForm,
    RemedyForm,
    TermForm,
)
from rapport.rooms.action.models import Case, Complaint, ComplaintCategory, Severity
from rapport.rooms.action.selectors import complaints as reading
from rapport.rooms.action.services import complaints
from rapport.rooms.action.services.steps import StepRefused
from rapport.rooms.action.views.lists import tabs_of
from rapport.rooms.catalog.models import Product, Region
from rapport.ui.components import Choice, Figure, Filter, chosen_values, filter_bar

PAGE = 50
FormMaker = Callable[[Any], forms.Form]


@permit(Permission.SEE_CUSTOMERS)
@require_safe
def register(request: UserRequest) -> HttpResponse:
    """Show the register, narrowed by the address."""
    now = timezone.now()
    visible = Complaint.objects.visible_to(request.user)
    offered, found = _narrowed(request, visible, now)
    total = found.count()
    page = Paginator(reading.with_answers(found), PAGE).get_page(request.GET.get("page"))
    summary = ngettext("%(count)d complaint", "%(count)d complaints", total) % {"count": total}
    late = reading.narrowed(visible, reading.ComplaintFilters(late=True), now=now).count()
    context = {
        "headline": _headline(late, visible.exists()),
        "bar": filter_bar(request, summary, offered),
        "page": page,
        "rows": [reading.row_of(one, now=now) for one in page.object_list],
        "tabs": tabs_of(request, "complaints"),
        "query": request.GET.urlencode(),
        "may_work": request.user.may(Permission.WORK_CASES),
        "may_export": request.user.may(Permission.EXPORT),
        "may_count": request.user.may(Permission.SEE_FIGURES),
        "may_rule": request.user.may(Permission.MANAGE_RULES),
    }
    return render(request, "action/complaints.html", context)


def _headline(late: int, any_: bool) -> str:
    if late:
        text = ngettext(
            "%(count)d customer who complained waits too long",
            "%(count)d customers who complained wait too long",
            late,
        )
        return text % {"count": late}
    return _("Nobody who complained waits too long") if any_ else _("Nobody has complained")


def _narrowed(
    request: UserRequest, visible: QuerySet[Complaint], now: datetime
) -> tuple[list[Filter], QuerySet[Complaint]]:
    offered = _filters(visible)
    chosen = {filter_.key: tuple(chosen_values(request, filter_)) for filter_ in offered}
    wanted = reading.ComplaintFilters(
        years=chosen["year"],
        steps=chosen["step"],
        late=bool(chosen["late"]),
        categories=chosen["category"],
        severities=chosen["severity"],
        decisions=chosen["decision"],
        regions=chosen["region"],
        products=chosen["product"],
    )
    return offered, reading.narrowed(visible, wanted, now=now)


def _filters(visible: QuerySet[Complaint]) -> list[Filter]:
    rows = visible.order_by()
    years = [day.year for day in visible.dates("received_at", "year", order="DESC")]
    regions = Region.objects.filter(pk__in=rows.values("case__region").distinct())
    products = Product.objects.filter(pk__in=rows.values("case__product").distinct())
    categories = ComplaintCategory.objects.filter(pk__in=rows.values("category").distinct())
    return [
        Filter("step", _("Step"), [Choice(*pair) for pair in reading.step_labels().items()], multiple=True),
        Filter("late", _("Late"), [Choice("yes", _("Yes"))]),
        Filter("year", _("Received in"), [Choice(str(year), str(year)) for year in years], multiple=True),
        Filter("category", _("About"), [Choice(str(one.pk), one.name) for one in categories], multiple=True),
        Filter("severity", _("Severity"), _choices(Severity.choices), multiple=True),
        Filter("decision", _("Decision"), _choices(Complaint.Decision.choices), multiple=True),
        Filter("region", _("Region"), [Choice(one.key, one.name) for one in regions], multiple=True),
        Filter("product", _("Product"), [Choice(one.key, one.name) for one in products], multiple=True),
    ]


def _choices(pairs: Any) -> list[Choice]:
    return [Choice(str(key), label) for key, label in pairs]


@permit(Permission.EXPORT)
@require_safe
def export(request: UserRequest) -> HttpResponseBase:
    """Send the register as it is narrowed, as CSV."""
    now = timezone.now()
    _offered, found = _narrowed(request, Complaint.objects.visible_to(request.user), now)
    rows = (reading.row_of(one, now=now) for one in reading.with_answers(found).iterator(chunk_size=500))
    response = StreamingHttpResponse(reading.register_sheet(rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="complaints-{timezone.localdate():%Y-%m-%d}.csv"'
    return response


@permit(Permission.WORK_CASES)
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: UserRequest) -> HttpResponse:
    """Write down a complaint that has reached the reader."""
    now = timezone.now()
    given = request.POST if request.method == "POST" else None
    form = ReceiveForm(given, now=now, by=request.user, initial={"account": request.GET.get("account", "")})
    if given is not None and form.is_valid():
        data = form.cleaned_data
        try:
            made = complaints.receive(
                account=data["account"],
                contact=data["contact"],
                words=data["words"],
                receipt=form.receipt(),
                owner=data["owner"],
                by=request.user,
                now=now,
            )
        except StepRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Written down. Now confirm the receipt to the customer."))
            return redirect("action:case", code=made.case.code)
    return render(request, "action/complaint_new.html", {"form": form})


def complaint_forms(now: datetime) -> dict[str, FormMaker]:
    """Return what makes the forms of the track, by step."""
    return {
        "register": lambda data: RegisterForm(data, now=now, auto_id="register_%s"),
        "receipt": lambda data: ReceiptForm(data, now=now, auto_id="receipt_%s"),
        "finding": lambda data: FindingForm(data, auto_id="finding_%s"),
        "decide": lambda data: DecisionForm(data, auto_id="decide_%s"),
        "remedy": lambda data: RemedyForm(data, auto_id="remedy_%s"),
        "refer": lambda data: ReferForm(data, auto_id="refer_%s"),
    }


@permit(Permission.WORK_CASES)
@require_POST
def step(request: UserRequest, code: str, name: str) -> HttpResponse:
    """Take a step of the track; what was typed wrongly stays on the page."""
    # Imported here because the page of a case shows the track, and the track goes back to the page.
    from rapport.rooms.action.views.case import take_step

    acts = _acts(request)
    if name not in acts:
        raise Http404
    act, done = acts[name]
    return take_step(request, code, name, act, done)


Act = Callable[[Case, dict[str, Any], datetime], object]


def _acts(request: UserRequest) -> dict[str, tuple[Act, str]]:
    by = request.user

    def register_(case: Case, data: dict[str, Any], now: datetime) -> object:
        receipt = complaints.Receipt(data["how"], data["at"], data["severity"], data["category"])
        return complaints.register(case, receipt, by=by, now=now)

    return {
        "register": (register_, _("Handled as a complaint from now on.")),
        "letter": (
            lambda case, data, now: complaints.send_receipt(_of(case), by=by, now=now),
            _("The letter is on its way."),
        ),
        "receipt": (
            lambda case, data, now: complaints.note_receipt(_of(case), **data, by=by, now=now),
            _("Written down. The receipt is confirmed."),
        ),
        "finding": (
            lambda case, data, now: complaints.add_finding(_of(case), **data, by=by, now=now),
            _("Written down."),
        ),
        "decide": (
            lambda case, data, now: complaints.decide(_of(case), **data, by=by, now=now),
            _("Decided. Now tell the customer."),
        ),
        "remedy": (
            lambda case, data, now: complaints.add_remedy(_of(case), **data, by=by, now=now),
            _("Written down."),
        ),
        "refer": (
            lambda case, data, now: complaints.refer(_of(case), **data, by=by, now=now),
            _("Written down."),
        ),
    }


def _of(case: Case) -> Complaint:
    found = Complaint.objects.select_related("case").filter(case=case).first()
    if found is None:
        raise StepRefused(_("%(code)s is not handled as a complaint yet.") % {"code": case.code})
    return found


@permit(Permission.MANAGE_RULES)
@require_http_methods(["GET", "HEAD", "POST"])
def terms(request: UserRequest) -> HttpResponse:
    """Show and write within how many hours complaints are confirmed and decided, and what they are about."""
    term, category = None, None
    if request.method == "POST" and "severity" in request.POST:
        term = TermForm(request.POST, auto_id="term_%s")
        if term.is_valid() and _saved(request, term):
            return redirect("action:complaint-terms")
    elif request.method == "POST":
        category = CategoryForm(request.POST, auto_id="category_%s")
        if category.is_valid():
            category.save()
            messages.success(request, _("Written down."))
            return redirect("action:complaint-terms")
    context = {
        "forms": [_term_form(row, term) for row in reading.terms()],
        "categories": ComplaintCategory.objects.all(),
        "form": category or CategoryForm(auto_id="category_%s"),
    }
    return render(request, "action/complaint_terms.html", context)


def _saved(request: UserRequest, form: TermForm) -> bool:
    try:
        complaints.save_term(**form.cleaned_data)
    except StepRefused as refusal:
        form.add_error(None, str(refusal))
        return False
    messages.success(request, _("Written down. It holds for complaints from now on."))
    return True


def _term_form(row: Any, bound: TermForm | None) -> tuple[str, TermForm]:
    label = str(Severity(row.severity).label)
    if bound is not None and bound.data.get("severity") == row.severity:
        return label, bound
    told = {
        "severity": row.severity,
        "acknowledge_hours": row.acknowledge_hours,
        "resolve_hours": row.resolve_hours,
    }
    return label, TermForm(initial=told, auto_id=f"{row.severity}_%s")


@permit(Permission.MANAGE_RULES)
@require_POST
def switch_category(request: UserRequest, pk: int) -> HttpResponse:
    """Use a category, or no more; complaints that have it keep it."""
    one = get_object_or_404(ComplaintCategory, pk=pk)
    one.active = request.POST.get("active") == "yes"
    one.save(update_fields=["active"])
    return redirect("action:complaint-terms")


@permit(Permission.SEE_FIGURES)
@require_safe
def year(request: UserRequest) -> HttpResponse:
    """Show the figures of a year; the year lives in the address."""
    now = timezone.now()
    years = reading.years_of(request.user, today=timezone.localdate(now))
    asked = request.GET.get("year", "")
    chosen = int(asked) if asked in {str(one) for one in years} else years[0]
    found = reading.year_report(request.user, chosen, now=now)
    context = {
        "found": found,
        "years": [(one, one == chosen) for one in years],
        "headline": _year_headline(found),
        "figures": _figures(found.now),
        "tabs": tabs_of(request, "complaints"),
        "groups": [
            (_("By what they are about"), found.by_category),
            (_("By product"), found.by_product),
            (_("By region"), found.by_region),
        ],
        "everything": request.user.scope.everything,
    }
    return render(request, "action/complaint_year.html", context)


def _year_headline(found: reading.YearReport) -> str:
    if not found.now.received:
        return _("Nobody complained in %(year)d") % {"year": found.year}
    text = ngettext(
        "%(count)d complaint was received in %(year)d",
        "%(count)d complaints were received in %(year)d",
        found.now.received,
    )
    said = text % {"count": found.now.received, "year": found.year}
    change = found.changes.received
    if not change.is_proven or change.value is None:
        return said
    more = _("more than the year before") if change.value > 0 else _("fewer than the year before")
    return f"{said}, {more}"


def _figures(year: reading.YearFigures) -> list[Figure]:
    hours = _("median, working hours")
    return [
        Figure(_("Received"), str(year.received), _("%(count)d of them decided") % {"count": year.decided}),
        Figure(_("To confirm"), note=hours, estimate=year.acknowledge_hours, scale="scale", hidden_below=1),
        Figure(
            _("To tell the decision"), note=hours, estimate=year.resolve_hours, scale="scale", hidden_below=1
        ),
        Figure(_("Decided in time"), estimate=year.resolved_in_time, scale="share", hidden_below=1),
        Figure(_("Upheld, wholly or partly"), estimate=year.upheld, scale="share", hidden_below=1),
        Figure(
            _("Satisfied with the answer"),
            note=_("%(count)d did not answer") % {"count": year.unanswered},
            estimate=year.satisfied,
            scale="share",
            hidden_below=1,
        ),
    ]
