"""The kinds of dealings: how each is called, drawn, listed and edited. A new kind is one more row here."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from rapport.rooms.accounts.models import (
    Contract,
    InstalledProduct,
    Opportunity,
    Order,
    Project,
    ServiceRequest,
    Usage,
)
from rapport.ui.components import Column
from rapport.ui.formats import full_day, money, number

Text = str | Promise
Cells = Callable[[Any], list[object]]


@dataclass(frozen=True)
class Kind:
    """One kind of dealing: `key` stands in addresses, `cells` fills the columns of its table."""

    key: str
    model: type[Any]
    one: Text
    many: Text
    icon: str
    columns: tuple[Column, ...]
    cells: Cells
    related: tuple[str, ...]
    adding: Text
    nothing: Text


def amount(value: Decimal | None, currency: str) -> str:
    """Write an amount where there is one."""
    return "" if value is None else money(value, currency or "EUR")


def day(value: date | datetime | None) -> str:
    """Write a day where there is one."""
    return full_day(value) if value else ""


def days_late(order: Order) -> int | None:
    """Return how many days after the promise an order came; negative when early, None when not known."""
    if order.promised_on is None or order.delivered_on is None:
        return None
    return (order.delivered_on - order.promised_on).days


def lateness(order: Order) -> str:
    """Say how late an order came, or that it is overdue."""
    late = days_late(order)
    if late is not None and late > 0:
        return ngettext("%(days)d day late", "%(days)d days late", late) % {"days": late}
    if late is not None:
        return str(_("on time"))
    if order.delivered_on is None and order.promised_on and order.promised_on < timezone.localdate():
        return str(_("overdue"))
    return ""


def _contract(row: Contract) -> list[object]:
    return [
        str(row),
        row.account.name,
        row.product or "",
        amount(row.annual_value, row.currency),
        day(row.starts_on),
        day(row.ends_on),
        day(row.renewal_on),
        row.get_status_display(),
    ]


def _order(row: Order) -> list[object]:
    return [
        str(row),
        row.account.name,
        row.product or "",
        amount(row.amount, row.currency),
        day(row.ordered_on),
        day(row.promised_on),
        day(row.delivered_on),
        lateness(row) or row.status,
    ]


def _opportunity(row: Opportunity) -> list[object]:
    return [
        str(row),
        row.account.name,
        row.product or "",
        amount(row.amount, row.currency),
        day(row.opened_on),
        day(row.closed_on),
        row.get_outcome_display()
        if row.outcome != Opportunity.Outcome.OPEN
        else row.sales_stage or _("Open"),
        row.reason,
    ]


def _product(row: InstalledProduct) -> list[object]:
    return [
        row.product.name,
        row.account.name,
        row.serial,
        number(row.quantity),
        day(row.installed_on),
        day(row.retired_on),
        row.status,
    ]


def _request(row: ServiceRequest) -> list[object]:
    return [
        str(row),
        row.account.name,
        row.subject,
        row.contact or "",
        row.priority,
        day(row.opened_at),
        day(row.closed_at),
        row.status,
    ]


def _project(row: Project) -> list[object]:
    milestones = list(row.milestones.all())
    reached = sum(1 for milestone in milestones if milestone.reached_on)
    return [
        row.name,
        row.account.name,
        row.stage or "",
        day(row.starts_on),
        day(row.ends_on),
        _("%(reached)d of %(all)d") % {"reached": reached, "all": len(milestones)} if milestones else "",
        row.status,
    ]


def _usage(row: Usage) -> list[object]:
    return [
        row.measure,
        row.account.name,
        row.product or "",
        number(row.value, 0 if row.value == int(row.value) else 1),
        day(row.starts_on),
        day(row.ends_on),
    ]


SITE, PRODUCT, STATUS = Column(_("Site")), Column(_("Product")), Column(_("Status"))


def _dated(label: Text) -> Column:
    return Column(label, numeric=True)


KINDS: dict[str, Kind] = {
    kind.key: kind
    for kind in (
        Kind(
            "contracts",
            Contract,
            _("contract"),
            _("Contracts"),
            "euro",
            (
                Column(_("Contract")),
                SITE,
                PRODUCT,
                _dated(_("A year")),
                _dated(_("Starts")),
                _dated(_("Ends")),
                _dated(_("Decided by")),
                STATUS,
            ),
            _contract,
            ("account", "product"),
            _("Add a contract"),
            _("No contract is known here."),
        ),
        Kind(
            "orders",
            Order,
            _("order"),
            _("Orders"),
            "box",
            (
                Column(_("Order")),
                SITE,
                PRODUCT,
                _dated(_("Amount")),
                _dated(_("Ordered")),
                _dated(_("Promised")),
                _dated(_("Delivered")),
                STATUS,
            ),
            _order,
            ("account", "product"),
            _("Add an order"),
            _("No order is known here."),
        ),
        Kind(
            "opportunities",
            Opportunity,
            _("opportunity"),
            _("Opportunities"),
            "star",
            (
                Column(_("Opportunity")),
                SITE,
                PRODUCT,
                _dated(_("Amount")),
                _dated(_("Opened")),
                _dated(_("Closed")),
                Column(_("Outcome")),
                Column(_("Reason")),
            ),
            _opportunity,
            ("account", "product"),
            _("Add an opportunity"),
            _("No decision to buy is known here, open or closed."),
        ),
        Kind(
            "products",
            InstalledProduct,
            _("product in use"),
            _("Products"),
            "customers",
            (
                Column(_("Product")),
                SITE,
                Column(_("Serial number")),
                _dated(_("Quantity")),
                _dated(_("In use since")),
                _dated(_("Taken out")),
                STATUS,
            ),
            _product,
            ("account", "product"),
            _("Add a product in use"),
            _("Nothing of ours is known to be in use here."),
        ),
        Kind(
            "requests",
            ServiceRequest,
            _("request"),
            _("Requests"),
            "phone",
            (
                Column(_("Request")),
                SITE,
                Column(_("Subject")),
                Column(_("Asked by")),
                Column(_("Priority")),
                _dated(_("Opened")),
                _dated(_("Closed")),
                STATUS,
            ),
            _request,
            ("account", "contact"),
            _("Add a request"),
            _("Nobody here is known to have asked our service for anything."),
        ),
        Kind(
            "projects",
            Project,
            _("project"),
            _("Projects"),
            "flag",
            (
                Column(_("Project")),
                SITE,
                Column(_("Stage")),
                _dated(_("Starts")),
                _dated(_("Ends")),
                _dated(_("Milestones")),
                STATUS,
            ),
            _project,
            ("account", "stage"),
            _("Add a project"),
            _("No project is known here."),
        ),
        Kind(
            "usage",
            Usage,
            _("usage"),
            _("Usage"),
            "monitor",
            (
                Column(_("Counted")),
                SITE,
                PRODUCT,
                _dated(_("Amount")),
                _dated(_("From")),
                _dated(_("To")),
            ),
            _usage,
            ("account", "product"),
            _("Add usage"),
            _("No usage is recorded here."),
        ),
    )
}
