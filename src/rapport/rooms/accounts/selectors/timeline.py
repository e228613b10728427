"""Everything dated about a customer on one line, newest first: dealings, and what higher rooms add."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from django.db.models import F, QuerySet
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from rapport.rooms.accounts.dealings import amount, days_late, lateness
from rapport.rooms.accounts.models import (
    BuyingRole,
    Contract,
    InstalledProduct,
    Milestone,
    Opportunity,
    Order,
    Project,
    ServiceRequest,
    Usage,
)
from rapport.rooms.accounts.panels import Entry, EntryKind, Look, Page, account_page, contact_page
from rapport.ui.components import TimelineItem
from rapport.ui.formats import number

PAGE_SIZE = 25
FIRST_PAGE = 12


@dataclass(frozen=True)
class Cursor:
    """Where a page of the timeline begins: a moment, and how many entries of that moment were shown."""

    at: datetime
    skip: int = 0

    @classmethod
    def read(cls, text: str) -> "Cursor | None":
        """Read a cursor from a URL; anything unreadable is none."""
        moment, _tilde, skip = text.rpartition("~")
        try:
            at = datetime.fromisoformat(moment)
            return cls(at if at.tzinfo else at.replace(tzinfo=UTC), max(0, min(int(skip), 10_000)))
        except ValueError:
            return None

    def __str__(self) -> str:
        return f"{self.at.astimezone(UTC).isoformat()}~{self.skip}"


@dataclass(frozen=True)
class Stretch:
    """One page of the timeline and the cursor of the next."""

    entries: Sequence[Entry]
    earlier: str

    @property
    def items(self) -> list[TimelineItem]:
        return [entry.item for entry in self.entries]


def kinds_of(page: Page) -> list[EntryKind]:
    """Return the kinds of entries that a page's timeline can hold."""
    found: dict[str, EntryKind] = {}
    for kinds, _source in page.timeline_sources.values():
        found.update({kind.key: kind for kind in kinds})
    return list(found.values())


def timeline_of(
    page: Page, look: Look, *, before: Cursor | None = None, kinds: Sequence[str] = (), size: int = PAGE_SIZE
) -> Stretch:
    """Return one stretch of time; ties at its end are kept apart by counting them."""
    start = before or Cursor(look.now)
    wanted = size + start.skip + 1
    entries: list[Entry] = []
    for offered, source in page.timeline_sources.values():
        if kinds and not any(kind.key in kinds for kind in offered):
            continue
        entries += [e for e in source(look, start.at, wanted) if not kinds or e.kind in kinds]
    entries.sort(key=lambda entry: entry.at, reverse=True)
    entries = entries[start.skip :]
    shown = entries[:size]
    return Stretch(shown, _earlier(start, shown) if len(entries) > size else "")


def _earlier(start: Cursor, shown: Sequence[Entry]) -> str:
    last = shown[-1].at
    same = sum(1 for entry in shown if entry.at == last)
    return str(Cursor(last, same + (start.skip if last == start.at else 0)))


# -- Dealings as entries -----------------------------------------------------------


@dataclass(frozen=True)
class Dated:
    """How the rows of one table become entries: which column dates them, and what is said."""

    kind: str
    model: type[Any]
    at: str | Coalesce
    item: Callable[[Any, date | datetime], TimelineItem]
    related: tuple[str, ...] = ("account",)
    account: str = "account"
    also: Callable[["QuerySet[Any]"], "QuerySet[Any]"] | None = None

    def entries(self, rows: "QuerySet[Any]", until: datetime, most: int) -> list[Entry]:
        """Return the newest entries at or before a moment."""
        moment = F(self.at) if isinstance(self.at, str) else self.at
        dated = rows.annotate(happened=moment).exclude(happened=None)
        timed = self.model is ServiceRequest
        dated = dated.filter(happened__lte=until if timed else until.astimezone(UTC).date())
        dated = self.also(dated) if self.also else dated
        newest = dated.select_related(*self.related).order_by("-happened", "-pk")[:most]
        return [Entry(_moment(row.happened), self.kind, self.item(row, row.happened)) for row in newest]


def _moment(value: date | datetime) -> datetime:
    return value if isinstance(value, datetime) else datetime.combine(value, time(), UTC)


def _joined(*parts: object) -> str:
    return " · ".join(str(part) for part in parts if part)


def _edit(kind: str, row: Any) -> str:
    return reverse("accounts:dealing", args=[row.account.code, kind, row.pk])


def _contract_begun(row: Contract, when: date | datetime) -> TimelineItem:
    term = _("runs until %(day)s") % {"day": row.ends_on} if row.ends_on else ""
    worth = amount(row.annual_value, row.currency)
    note = _joined(row.account, worth and _("%(amount)s a year") % {"amount": worth}, term)
    return TimelineItem(
        when, _("Contract"), str(row), "euro", text=_("began"), note=note, url=_edit("contracts", row)
    )


def _contract_ended(row: Contract, when: date | datetime) -> TimelineItem:
    lost = row.status in {Contract.Status.LOST, Contract.Status.CANCELLED}
    said = {
        Contract.Status.ACTIVE: _("reached its end"),
        Contract.Status.RENEWED: _("was renewed"),
        Contract.Status.LOST: _("was not renewed"),
        Contract.Status.CANCELLED: _("was cancelled early"),
    }[Contract.Status(row.status)]
    note = _joined(row.account, amount(row.annual_value, row.currency), row.end_reason)
    return TimelineItem(
        when,
        _("Contract"),
        str(row),
        "euro",
        text=said,
        note=note,
        url=_edit("contracts", row),
        tag=_("lost") if lost else "",
        tag_tone="det" if lost else "",
    )


def _order(row: Order, when: date | datetime) -> TimelineItem:
    late = days_late(row)
    said = lateness(row) if late is None or late > 0 else _("delivered on time")
    said = _("delivered %(late)s") % {"late": said} if late is not None and late > 0 else said
    note = _joined(row.account, row.product, amount(row.amount, row.currency))
    text = said or (_("delivered") if row.delivered_on else _("ordered"))
    tag = lateness(row) if late is not None and late > 0 else ""
    return TimelineItem(
        when,
        _("Order"),
        _("Order %(number)s") % {"number": row.number} if row.number else str(row),
        "box",
        text=text,
        note=note,
        url=_edit("orders", row),
        tag=_("late") if tag else "",
        tag_tone="det" if tag else "",
    )


def _decision_opened(row: Opportunity, when: date | datetime) -> TimelineItem:
    note = _joined(row.account, row.product, amount(row.amount, row.currency), row.seller)
    return TimelineItem(
        when, _("Opportunity"), str(row), "star", text=_("opened"), note=note, url=_edit("opportunities", row)
    )


def _decision_closed(row: Opportunity, when: date | datetime) -> TimelineItem:
    won = row.outcome == Opportunity.Outcome.WON
    lost_to = row.competitor and _("to %(competitor)s") % {"competitor": row.competitor}
    said = _("won") if won else _joined(_("lost"), lost_to) if row.outcome == "lost" else _("closed")
    note = _joined(row.account, amount(row.amount, row.currency), row.reason)
    tone = {"won": "pro", "lost": "det"}.get(row.outcome, "")
    return TimelineItem(
        when,
        _("Opportunity"),
        str(row),
        "star",
        text=said,
        note=note,
        url=_edit("opportunities", row),
        tag=row.get_outcome_display(),
        tag_tone=tone,
    )


def _installed(row: InstalledProduct, when: date | datetime) -> TimelineItem:
    said = _("came into use")
    note = _joined(row.account, row.serial, row.quantity > 1 and f"× {row.quantity}")
    return TimelineItem(
        when, _("Product"), row.product.name, "customers", text=said, note=note, url=_edit("products", row)
    )


def _retired(row: InstalledProduct, when: date | datetime) -> TimelineItem:
    note = _joined(row.account, row.serial)
    return TimelineItem(
        when,
        _("Product"),
        row.product.name,
        "customers",
        text=_("was taken out"),
        note=note,
        url=_edit("products", row),
    )


def _request(row: ServiceRequest, when: date | datetime) -> TimelineItem:
    days = (row.closed_at - row.opened_at).days if row.closed_at else None
    after = ngettext("closed after %(days)d day", "closed after %(days)d days", days or 0)
    closed = after % {"days": days} if days else _("closed the same day")
    note = _joined(row.account, row.contact, row.priority, closed if days is not None else row.status)
    return TimelineItem(
        when,
        _("Request"),
        _("Request %(number)s") % {"number": row.number} if row.number else str(row),
        "phone",
        text=row.subject,
        note=note,
        url=_edit("requests", row),
        tag="" if row.closed_at else _("open"),
        tag_tone="" if row.closed_at else "caution",
    )


def _project_begun(row: Project, when: date | datetime) -> TimelineItem:
    note = _joined(row.account, row.stage, row.status)
    return TimelineItem(
        when, _("Project"), row.name, "flag", text=_("began"), note=note, url=_edit("projects", row)
    )


def _project_ended(row: Project, when: date | datetime) -> TimelineItem:
    note = _joined(row.account, row.status)
    return TimelineItem(
        when, _("Project"), row.name, "flag", text=_("ended"), note=note, url=_edit("projects", row)
    )


def _milestone(row: Milestone, when: date | datetime) -> TimelineItem:
    late = (row.reached_on - row.due_on).days if row.reached_on and row.due_on else 0
    after = ngettext("reached %(days)d day late", "reached %(days)d days late", late)
    said = after % {"days": late} if late > 0 else _("reached")
    return TimelineItem(
        when,
        _("Milestone"),
        row.name,
        "flag",
        text=said,
        note=_joined(row.project.account, row.project),
        url=_edit("projects", row.project),
        tag=_("late") if late > 0 else "",
        tag_tone="det" if late > 0 else "",
    )


def _usage(row: Usage, when: date | datetime) -> TimelineItem:
    value = number(row.value, 0 if row.value == int(row.value) else 1)
    return TimelineItem(
        when,
        _("Usage"),
        row.measure,
        "monitor",
        text=value,
        note=_joined(row.account, row.product),
        url=_edit("usage", row),
    )


def _over(rows: "QuerySet[Any]") -> "QuerySet[Any]":
    return rows.exclude(outcome=Opportunity.Outcome.OPEN)


DATED: dict[str, tuple[EntryKind, tuple[Dated, ...]]] = {
    "contracts": (
        EntryKind("contracts", gettext_lazy("Contracts")),
        (
            Dated("contracts", Contract, "starts_on", _contract_begun),
            Dated("contracts", Contract, "ends_on", _contract_ended),
        ),
    ),
    "orders": (
        EntryKind("orders", gettext_lazy("Orders")),
        (Dated("orders", Order, Coalesce("delivered_on", "ordered_on"), _order, ("account", "product")),),
    ),
    "opportunities": (
        EntryKind("opportunities", gettext_lazy("Opportunities")),
        (
            Dated("opportunities", Opportunity, "opened_on", _decision_opened, ("account", "product")),
            Dated("opportunities", Opportunity, "closed_on", _decision_closed, also=_over),
        ),
    ),
    "products": (
        EntryKind("products", gettext_lazy("Products")),
        (
            Dated("products", InstalledProduct, "installed_on", _installed, ("account", "product")),
            Dated("products", InstalledProduct, "retired_on", _retired, ("account", "product")),
        ),
    ),
    "requests": (
        EntryKind("requests", gettext_lazy("Requests")),
        (Dated("requests", ServiceRequest, "opened_at", _request, ("account", "contact")),),
    ),
    "projects": (
        EntryKind("projects", gettext_lazy("Projects")),
        (
            Dated("projects", Project, "starts_on", _project_begun, ("account", "stage")),
            Dated("projects", Project, "ends_on", _project_ended),
            Dated("projects", Milestone, "reached_on", _milestone, ("project__account",), "project__account"),
        ),
    ),
    "usage": (
        EntryKind("usage", gettext_lazy("Usage")),
        (Dated("usage", Usage, "starts_on", _usage, ("account", "product")),),
    ),
}


def _register(kind: EntryKind, sources: Sequence[Dated]) -> None:
    def entries(look: Look, until: datetime, most: int) -> list[Entry]:
        return [
            entry
            for source in sources
            for entry in source.entries(
                source.model._default_manager.filter(**{f"{source.account}__in": look.account_ids}),
                until,
                most,
            )
        ]

    entries.__qualname__ = f"dealings_{kind.key}"
    account_page.timeline(kind)(entries)


for _kind, _sources in DATED.values():
    _register(_kind, _sources)


@contact_page.timeline(DATED["requests"][0])
def requests_of_person(look: Look, until: datetime, most: int) -> list[Entry]:
    """Return what this person asked our service for."""
    rows = ServiceRequest.objects.visible_to(look.user).filter(contact__in=look.contact_ids)
    return DATED["requests"][1][0].entries(rows, until, most)


@contact_page.timeline(EntryKind("roles", gettext_lazy("Roles")))
def roles_of_person(look: Look, until: datetime, most: int) -> list[Entry]:
    """Return when this person took up and gave up buying roles."""
    day = until.astimezone(UTC).date()
    held = BuyingRole.objects.filter(contact__in=look.contact_ids).select_related("decision")
    entries = []
    for role in held:
        where = role.decision or _("standing relationship")
        for on, said in ((role.valid_from, _("took up the role")), (role.valid_to, _("gave up the role"))):
            if on and on <= day:
                title = role.get_role_display()
                item = TimelineItem(
                    on, _("Role"), title, "people", text=said, note=_joined(where, role.source)
                )
                entries.append(Entry(_moment(on), "roles", item))
    return sorted(entries, key=lambda entry: entry.at, reverse=True)[:most]
