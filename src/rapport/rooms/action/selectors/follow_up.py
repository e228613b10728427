"""How well cases are followed up, by team: told in time, spoken to, fixed at the first try, opened again.

A case counts for the team whose customer it was when it was opened, from the moment it was opened, whoever
has it now: handing on moves nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Count, F, Q
from django.utils.translation import gettext as _

from rapport.kernel.models import Team, User
from rapport.rooms.action.models import Case
from rapport.rooms.action.selectors.reading import UNTOLD, CaseRow, rows_of, with_causes
from rapport.stats import Estimate, median, share_from_counts

SHOWN = 8


@dataclass(frozen=True)
class TeamRow:
    """What became of the cases of one team, opened in a period."""

    name: str
    opened: int
    open: int
    overdue: int
    handed_on: int
    in_time: Estimate
    contact_hours: Estimate
    first_try: Estimate
    reopened: Estimate
    confirmed: Estimate


@dataclass(frozen=True)
class FollowUp:
    """The whole page: the teams, all of them together, and the cases that were handed about."""

    days: int
    total: TeamRow
    teams: tuple[TeamRow, ...]
    handed_about: tuple[CaseRow, ...]


def follow_up(user: User, *, days: int, now: datetime) -> FollowUp:
    """Work out the figures over the cases opened in the last days, within the user's scope."""
    cases = Case.objects.visible_to(user).filter(opened_at__gt=now - timedelta(days=days))
    names = dict(Team.objects.values_list("key", "name"))
    rows = [_Counts.read(row) for row in _counted(cases.order_by().values("team"), now)]
    teams = sorted((row.as_row(names.get(row.team or "", "")) for row in rows), key=lambda row: row.name)
    about = Case.objects.visible_to(user).filter(handed_on__gte=2, state__in=UNTOLD)
    longest = with_causes(about.order_by("opened_at"))[:SHOWN]
    return FollowUp(
        days=days,
        total=_sum(rows).as_row(""),
        teams=tuple(sorted(teams, key=lambda row: (row.name == "", -row.overdue, row.name))),
        handed_about=tuple(rows_of(longest, now=now)),
    )


def _counted(cases: Any, now: datetime) -> Any:
    untold = Q(state__in=UNTOLD)
    judged = ~untold | Q(due_at__lt=now)
    asked = Q(state__in=[Case.State.TOLD, Case.State.CLOSED])
    return cases.annotate(
        opened=Count("pk"),
        open=Count("pk", filter=~Q(state=Case.State.CLOSED)),
        overdue=Count("pk", filter=untold & Q(due_at__lt=now)),
        given_on=Count("pk", filter=Q(handed_on__gt=0)),
        judged=Count("pk", filter=judged),
        in_time=Count("pk", filter=Q(customer_told_at__lte=F("due_at"))),
        told=Count("pk", filter=asked | Q(reopened__gt=0)),
        again=Count("pk", filter=Q(reopened__gt=0)),
        asked=Count("pk", filter=asked),
        confirmed=Count("pk", filter=asked & Q(confirmed_at__isnull=False)),
        minutes=ArrayAgg("contact_minutes", filter=Q(contact_minutes__isnull=False), default=[]),
    )


@dataclass(frozen=True)
class _Counts:
    """The counts of one team, before they become figures."""

    team: str | None
    opened: int
    open: int
    overdue: int
    given_on: int
    judged: int
    in_time: int
    told: int
    again: int
    asked: int
    confirmed: int
    minutes: tuple[int, ...]

    @classmethod
    def read(cls, row: dict[str, object]) -> "_Counts":
        values: dict[str, object] = {**row, "minutes": tuple(row["minutes"])}  # type: ignore[arg-type]
        return cls(**values)  # type: ignore[arg-type]

    def as_row(self, name: str) -> TeamRow:
        return TeamRow(
            name=name,
            opened=self.opened,
            open=self.open,
            overdue=self.overdue,
            handed_on=self.given_on,
            in_time=_share(self.in_time, self.judged, _("No case was due yet.")),
            contact_hours=median([minutes / 60 for minutes in self.minutes]),
            first_try=_share(self.told - self.again, self.told, _("No customer was told yet.")),
            reopened=_share(self.again, self.opened, _("No case was opened.")),
            confirmed=_share(self.confirmed, self.asked, _("No customer was told yet.")),
        )


def _share(count: int, n: int, nothing: str) -> Estimate:
    """Return a share of cases, or why there is none."""
    return share_from_counts(count, n) if n else Estimate.without_value(nothing, method="share", unit="share")


def _sum(rows: Iterable[_Counts]) -> _Counts:
    rows = list(rows)

    def total(name: str) -> int:
        return sum(getattr(row, name) for row in rows)

    return _Counts(
        team=None,
        opened=total("opened"),
        open=total("open"),
        overdue=total("overdue"),
        given_on=total("given_on"),
        judged=total("judged"),
        in_time=total("in_time"),
        told=total("told"),
        again=total("again"),
        asked=total("asked"),
        confirmed=total("confirmed"),
        minutes=tuple(minutes for row in rows for minutes in row.minutes),
    )
