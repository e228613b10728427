"""The register of complaints, the track of one, and the figures of a year."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _

from rapport.kernel.models import User
from rapport.kernel.sheets import sheet_lines
from rapport.rooms.action.models import (
    Case,
    CaseEvent,
    Complaint,
    ComplaintTerm,
    Finding,
    Remedy,
    Severity,
)
from rapport.rooms.action.services.complaints import receipt_letter, term_of
from rapport.rooms.action.services.due import Holidays, load_holidays
from rapport.rooms.action.services.letters import Filled
from rapport.rooms.action.services.steps import StepRefused
from rapport.rooms.action.working_hours import working_time_between
from rapport.stats import (
    Difference,
    Estimate,
    count_change,
    median,
    share_difference_from_counts,
    share_from_counts,
)

ANSWERS = (CaseEvent.Kind.CONFIRMED, CaseEvent.Kind.DENIED)
STEPS = ("receipt", "decision", "answer", "closed")


@dataclass(frozen=True)
class ComplaintFilters:
    """What the register is narrowed to; nothing chosen narrows nothing."""

    years: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()
    late: bool = False
    categories: tuple[str, ...] = ()
    severities: tuple[str, ...] = ()
    decisions: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    products: tuple[str, ...] = ()


@dataclass(frozen=True)
class Money:
    """What was paid in one currency."""

    amount: Decimal
    currency: str


@dataclass(frozen=True)
class ComplaintRow:
    """One line of the register."""

    code: str
    title: str
    account: str
    account_code: str
    category: str
    severity: str
    severity_label: str
    received_at: datetime
    received_how: str
    owner: str
    step: str
    step_label: str
    acknowledge_due_at: datetime
    acknowledged_at: datetime | None
    resolve_due_at: datetime
    decision: str
    decision_label: str
    told_at: datetime | None
    satisfied: bool | None
    referred_to: str
    closed_at: datetime | None
    reopened: int
    late: bool
    region: str
    product: str
    costs: tuple[Money, ...] = ()


@dataclass(frozen=True)
class Track:
    """What the page of a case shows of its complaint."""

    complaint: Complaint
    row: ComplaintRow
    findings: tuple[Finding, ...]
    remedies: tuple[Remedy, ...]
    letter: Filled | None
    to: str
    no_letter: str


def with_answers(complaints: QuerySet[Complaint]) -> QuerySet[Complaint]:
    """Add what the customer answered last when asked whether it is fixed."""
    answers = CaseEvent.objects.filter(case=OuterRef("case"), kind__in=ANSWERS).order_by("-at", "-pk")
    joined = complaints.select_related(
        "category", "case__account", "case__owner", "case__region", "case__product", "case__contact"
    )
    return joined.annotate(answered=Subquery(answers.values("kind")[:1])).prefetch_related("remedies")


def narrowed(
    complaints: QuerySet[Complaint], wanted: ComplaintFilters, *, now: datetime
) -> QuerySet[Complaint]:
    """Narrow the register."""
    columns: list[tuple[str, Sequence[str]]] = [
        ("received_at__year", [year for year in wanted.years if year.isdigit()]),
        ("category", [pk for pk in wanted.categories if pk.isdigit()]),
        ("severity", wanted.severities),
        ("decision", wanted.decisions),
        ("case__region", wanted.regions),
        ("case__product", wanted.products),
    ]
    for column, values in columns:
        if values:
            complaints = complaints.filter(**{f"{column}__in": values})
    if wanted.steps:
        one_of = Q(pk__in=[])
        for step in wanted.steps:
            one_of |= _at_step(step)
        complaints = complaints.filter(one_of)
    return complaints.filter(_late(now)) if wanted.late else complaints


def _at_step(step: str) -> Q:
    open_, untold = ~Q(case__state=Case.State.CLOSED), Q(case__customer_told_at=None)
    unheard = Q(acknowledged_at=None)
    found = {
        "receipt": open_ & untold & unheard & Q(decision=""),
        "decision": open_ & untold & ~unheard & Q(decision=""),
        "answer": open_ & untold & Q(decision__gt=""),
        "told": open_ & ~untold,
        "closed": ~open_,
    }
    return found.get(step, Q(pk__in=[]))


def step_labels() -> dict[str, str]:
    """Return what each step of the register is called."""
    return {
        "receipt": _("Receipt to confirm"),
        "decision": _("To be decided"),
        "answer": _("Customer to be told"),
        "told": _("Customer told"),
        "closed": _("Closed"),
    }


def _late(now: datetime) -> Q:
    untold = Q(case__customer_told_at=None) & ~Q(case__state=Case.State.CLOSED)
    return untold & (Q(acknowledged_at=None, acknowledge_due_at__lt=now) | Q(resolve_due_at__lt=now))


def row_of(complaint: Complaint, *, now: datetime) -> ComplaintRow:
    """Return a line of the register; read it with `with_answers`."""
    case, step = complaint.case, _step_of(complaint)
    waits = case.customer_told_at is None and not case.is_closed
    unheard = complaint.acknowledged_at is None and complaint.acknowledge_due_at < now
    return ComplaintRow(
        code=case.code,
        title=case.title,
        account=str(case.account) if case.account else "",
        account_code=case.account.code if case.account else "",
        category=str(complaint.category) if complaint.category else "",
        severity=complaint.severity,
        severity_label=complaint.get_severity_display(),
        received_at=complaint.received_at,
        received_how=complaint.get_received_how_display(),
        owner=str(case.owner) if case.owner else "",
        step=step,
        step_label=step_labels()[step],
        acknowledge_due_at=complaint.acknowledge_due_at,
        acknowledged_at=complaint.acknowledged_at,
        resolve_due_at=complaint.resolve_due_at,
        decision=complaint.decision,
        decision_label=complaint.get_decision_display() if complaint.decision else "",
        told_at=case.customer_told_at,
        satisfied=_satisfied(complaint),
        referred_to=complaint.referred_to,
        closed_at=case.closed_at,
        reopened=case.reopened,
        late=waits and (unheard or complaint.resolve_due_at < now),
        region=str(case.region) if case.region else "",
        product=str(case.product) if case.product else "",
        costs=_costs(complaint.remedies.all()),
    )


def _step_of(complaint: Complaint) -> str:
    case = complaint.case
    if case.is_closed:
        return "closed"
    if case.customer_told_at:
        return "told"
    if complaint.decision:
        return "answer"
    return "decision" if complaint.acknowledged_at else "receipt"


def _satisfied(complaint: Complaint) -> bool | None:
    answered: str | None = getattr(complaint, "answered", None)
    return None if answered is None else answered == CaseEvent.Kind.CONFIRMED


def _costs(remedies: Iterable[Remedy]) -> tuple[Money, ...]:
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for remedy in remedies:
        if remedy.cost is not None:
            sums[remedy.currency] += remedy.cost
    return tuple(Money(amount, currency) for currency, amount in sorted(sums.items()))


def track_of(case: Case, *, now: datetime) -> Track | None:
    """Return the formal track of a case; None when it is no complaint."""
    complaint = with_answers(Complaint.objects.filter(case=case)).first()
    if complaint is None:
        return None
    letter, to, no_letter = None, "", ""
    if complaint.acknowledged_at is None:
        try:
            person, letter = receipt_letter(complaint)
            to = f"{person.name} <{person.email}>"
        except StepRefused as refusal:
            no_letter = str(refusal)
    return Track(
        complaint=complaint,
        row=row_of(complaint, now=now),
        findings=tuple(complaint.findings.select_related("author")),
        remedies=tuple(complaint.remedies.all()),
        letter=letter,
        to=to,
        no_letter=no_letter,
    )


def register_sheet(rows: Iterable[ComplaintRow]) -> Iterator[str]:
    """Return the register as the lines of a CSV file."""
    head = (
        "code received_at received_how customer customer_code region product category severity owner "
        "step title acknowledge_due_at acknowledged_at resolve_due_at decision told_at satisfied "
        "referred_to closed_at reopened remedies"
    )
    return sheet_lines(head.split(), (_cells(row) for row in rows))


def _cells(row: ComplaintRow) -> list[Any]:
    satisfied = "" if row.satisfied is None else "yes" if row.satisfied else "no"
    cost = "; ".join(f"{money.amount} {money.currency}" for money in row.costs)
    cells: list[Any] = [
        row.code,
        row.received_at,
        row.received_how,
        row.account,
        row.account_code,
        row.region,
    ]
    cells += [row.product, row.category, row.severity_label, row.owner, row.step_label, row.title]
    cells += [
        row.acknowledge_due_at,
        row.acknowledged_at,
        row.resolve_due_at,
        row.decision_label,
        row.told_at,
    ]
    cells += [satisfied, row.referred_to, row.closed_at, row.reopened, cost]
    return ["" if cell is None else cell for cell in cells]


def terms() -> list[ComplaintTerm]:
    """Return the times of each severity, the usual ones where none are written."""
    return [term_of(severity) for severity in Severity.values]


@dataclass(frozen=True)
class Group:
    """The complaints of one category, product or region."""

    name: str
    received: int
    upheld: Estimate
    resolve_hours: Estimate
    in_target: Estimate


@dataclass(frozen=True)
class YearFigures:
    """What became of the complaints received in one stretch of time."""

    since: date
    until: date
    received: int
    decided: int
    acknowledge_hours: Estimate
    resolve_hours: Estimate
    acknowledged_in_time: Estimate
    resolved_in_time: Estimate
    upheld: Estimate
    satisfied: Estimate
    told: int
    unanswered: int
    reopened: Estimate
    referred: int
    costs: tuple[Money, ...]
    counts: "_Marks"


@dataclass(frozen=True)
class _Marks:
    """Counts behind the shares, to compare two years: count and base of each."""

    acknowledged: tuple[int, int]
    resolved: tuple[int, int]
    upheld: tuple[int, int]
    satisfied: tuple[int, int]
    reopened: tuple[int, int]


@dataclass(frozen=True)
class Changes:
    """This year against the same stretch of the year before, each tested."""

    received: Difference
    acknowledged: Difference
    resolved: Difference
    upheld: Difference
    satisfied: Difference
    reopened: Difference


@dataclass(frozen=True)
class YearReport:
    """The yearly figures, those of the year before, and the groups."""

    year: int
    running: bool
    now: YearFigures
    before: YearFigures
    changes: Changes
    by_category: tuple[Group, ...]
    by_product: tuple[Group, ...]
    by_region: tuple[Group, ...]
    by_cause: tuple[str, ...]


def years_of(user: User, *, today: date) -> list[int]:
    """Return the years in which complaints the user may see were received, and this one, latest first."""
    dates = Complaint.objects.visible_to(user).dates("received_at", "year")
    return sorted({today.year, *(day.year for day in dates)}, reverse=True)


def year_report(user: User, year: int, *, now: datetime) -> YearReport:
    """Work out a year's figures in the user's scope; a running year meets the same days of the last."""
    today = timezone.localdate(now)
    running = year == today.year
    until = today if running else date(year, 12, 31)
    before_until = _year_earlier(until)
    visible = Complaint.objects.visible_to(user)
    rows = _read(visible, date(year, 1, 1), until)
    earlier = _read(visible, date(year - 1, 1, 1), before_until)
    holidays = _holidays([*rows, *earlier])
    figures = _figures(rows, holidays, date(year, 1, 1), until, now)
    last = _figures(earlier, holidays, date(year - 1, 1, 1), before_until, now)
    causes = sorted({row.root_cause for row in rows if row.root_cause and row.decision != "rejected"})
    return YearReport(
        year=year,
        running=running,
        now=figures,
        before=last,
        changes=_changes(last, figures),
        by_category=_groups(rows, holidays, now, lambda row: str(row.category or _("No category"))),
        by_product=_groups(rows, holidays, now, lambda row: str(row.case.product or _("No product"))),
        by_region=_groups(rows, holidays, now, lambda row: str(row.case.region or _("No region"))),
        by_cause=tuple(causes),
    )


def _year_earlier(day: date) -> date:
    return day.replace(year=day.year - 1, day=28 if (day.month, day.day) == (2, 29) else day.day)


def _read(visible: QuerySet[Complaint], since: date, until: date) -> list[Complaint]:
    found = visible.filter(received_at__date__gte=since, received_at__date__lte=until)
    return list(with_answers(found))


def _holidays(rows: Sequence[Complaint]) -> Holidays:
    first = min((row.received_at.date() for row in rows), default=date(2000, 1, 1))
    return load_holidays([row.case.region_id for row in rows], since=first)


def _hours(row: Complaint, at: datetime | None, holidays: Holidays) -> float | None:
    if at is None:
        return None
    zone, off = ZoneInfo(row.case.time_zone), holidays.of(row.case.region_id)
    took = working_time_between(row.received_at, at, zone, off)
    return max(took, timedelta(0)).total_seconds() / 3600


def _heard_at(row: Complaint) -> datetime | None:
    """Return when the customer first heard that it had reached us: by the receipt, or with the decision."""
    return row.acknowledged_at or row.case.customer_told_at


def _in_time(at: datetime | None, due: datetime, now: datetime) -> bool | None:
    """Say whether something was in time; None while it still can be."""
    if at is not None:
        return at <= due
    return False if due < now else None


def _counted(marks: Iterable[bool | None]) -> tuple[int, int]:
    known = [mark for mark in marks if mark is not None]
    return sum(known), len(known)


def _share(pair: tuple[int, int], nothing: str) -> Estimate:
    count, n = pair
    return share_from_counts(count, n) if n else Estimate.without_value(nothing, method="share", unit="share")


def _figures(
    rows: Sequence[Complaint], holidays: Holidays, since: date, until: date, now: datetime
) -> YearFigures:
    told = [row for row in rows if row.case.customer_told_at or _satisfied(row) is not None]
    marks = _Marks(
        acknowledged=_counted(_in_time(_heard_at(row), row.acknowledge_due_at, now) for row in rows),
        resolved=_counted(_in_time(row.case.customer_told_at, row.resolve_due_at, now) for row in rows),
        upheld=_counted(_upheld(row) for row in rows),
        satisfied=_counted(_satisfied(row) for row in told),
        reopened=_counted(row.case.reopened > 0 for row in told),
    )
    nobody_told = _("No customer was told yet.")
    return YearFigures(
        since=since,
        until=until,
        received=len(rows),
        decided=sum(1 for row in rows if row.decision),
        acknowledge_hours=median([_hours(row, _heard_at(row), holidays) for row in rows]),
        resolve_hours=median([_hours(row, row.case.customer_told_at, holidays) for row in rows]),
        acknowledged_in_time=_share(marks.acknowledged, _("No receipt was due yet.")),
        resolved_in_time=_share(marks.resolved, _("No decision was due yet.")),
        upheld=_share(marks.upheld, _("Nothing was decided yet.")),
        satisfied=_share(marks.satisfied, _("Nobody has answered whether they are satisfied.")),
        told=len(told),
        unanswered=sum(1 for row in told if _satisfied(row) is None),
        reopened=_share(marks.reopened, nobody_told),
        referred=sum(1 for row in rows if row.referred_at),
        costs=_costs(remedy for row in rows for remedy in row.remedies.all()),
        counts=marks,
    )


def _upheld(row: Complaint) -> bool | None:
    """Say whether a complaint was upheld, wholly or partly; None before it is decided."""
    return None if not row.decision else row.decision != Complaint.Decision.REJECTED


def _changes(before: YearFigures, after: YearFigures) -> Changes:
    def changed(of: Callable[[_Marks], tuple[int, int]]) -> Difference:
        return share_difference_from_counts(*of(before.counts), *of(after.counts))

    days_before, days_after = ((one.until - one.since).days + 1 for one in (before, after))
    received = count_change(before.received, after.received, days_before=days_before, days_after=days_after)
    return Changes(
        received=received,
        acknowledged=changed(lambda marks: marks.acknowledged),
        resolved=changed(lambda marks: marks.resolved),
        upheld=changed(lambda marks: marks.upheld),
        satisfied=changed(lambda marks: marks.satisfied),
        reopened=changed(lambda marks: marks.reopened),
    )


def _groups(
    rows: Sequence[Complaint], holidays: Holidays, now: datetime, name_of: Callable[[Complaint], str]
) -> tuple[Group, ...]:
    sorted_out: dict[str, list[Complaint]] = defaultdict(list)
    for row in rows:
        sorted_out[name_of(row)].append(row)
    groups = [_group(name, found, holidays, now) for name, found in sorted_out.items()]
    return tuple(sorted(groups, key=lambda group: (-group.received, group.name)))


def _group(name: str, rows: Sequence[Complaint], holidays: Holidays, now: datetime) -> Group:
    resolved = _counted(_in_time(row.case.customer_told_at, row.resolve_due_at, now) for row in rows)
    return Group(
        name=name,
        received=len(rows),
        upheld=_share(_counted(_upheld(row) for row in rows), _("Nothing was decided yet.")),
        resolve_hours=median([_hours(row, row.case.customer_told_at, holidays) for row in rows]),
        in_target=_share(resolved, _("No decision was due yet.")),
    )
