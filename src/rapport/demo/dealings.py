"""What the customers bought, were promised, asked for and use, over two years."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.random import Generator

from rapport.demo.customers import SYSTEM
from rapport.demo.names import TARNHELM
from rapport.demo.story import SLOW_PARTNER, Calendar
from rapport.rooms.accounts.models import (
    Account,
    Contract,
    InstalledProduct,
    Milestone,
    Opportunity,
    Order,
    Project,
    ServiceRequest,
    Usage,
)

SUBJECTS = (
    "Leaking seal",
    "Line stopped",
    "Strange noise",
    "Wrong spare part",
    "Question about the manual",
    "Calibration due",
)
COMPETITORS = ("Brightwater Pumps", "Norsk Flow", "Castellan")
LOSS_REASONS = ("Price", "Delivery time", "Existing supplier stayed", "Project stopped")
MILESTONES = ("Kick-off", "Delivery on site", "Start-up", "Acceptance")


def deal(rng: Generator, accounts: list[Account], calendar: Calendar) -> list[ServiceRequest]:
    """Create every dealing; return the service requests, which feedback refers to."""
    sites = [account for account in accounts if account.parent_id]
    _install(rng, sites, calendar)
    _contract(rng, accounts, calendar)
    _order(rng, sites, calendar)
    _sell(rng, accounts, calendar)
    _build(rng, sites, calendar)
    _use(rng, sites, calendar)
    return _serve(rng, sites, calendar)


def some_day(rng: Generator, first: date, last: date) -> date:
    """Draw a day from the first up to, not including, the last."""
    return first + timedelta(days=int(rng.integers(max((last - first).days, 1))))


def at_work(rng: Generator, day: date) -> datetime:
    """Draw a moment in the working day."""
    return datetime.combine(day, time(7), UTC) + timedelta(minutes=int(rng.integers(600)))


def _money(rng: Generator, middle: float) -> Decimal:
    return Decimal(int(rng.lognormal(np.log(middle), 0.6) / 10) * 10)


def _numbered(kind: str) -> Any:
    number = 0

    def following() -> dict[str, str]:
        nonlocal number
        number += 1
        return {"source": SYSTEM, "external_id": f"{kind}-{number:06d}"}

    return following


def _install(rng: Generator, sites: list[Account], calendar: Calendar) -> None:
    made = _numbered("unit")
    rows = []
    for site in sites:
        for product in rng.choice(["centrifugal", "hygienic", "dosing"], size=int(rng.integers(1, 5))):
            day = calendar.today - timedelta(days=int(rng.integers(60, 3650)))
            serial = f"HF{int(rng.integers(10_000, 99_999))}"
            rows.append(
                InstalledProduct(
                    account=site,
                    product_id=str(product),
                    serial=serial,
                    installed_on=day,
                    status="running",
                    **made(),
                )
            )
    InstalledProduct.objects.bulk_create(rows)


def _contract(rng: Generator, accounts: list[Account], calendar: Calendar) -> None:
    made = _numbered("contract")
    rows = []
    for account in accounts:
        if account.parent_id and rng.random() < 0.6:
            continue
        value = _money(rng, 60_000 if account.parent_id else 140_000)
        first_ends = calendar.today - timedelta(days=int(rng.integers(20, 365)))
        # Some end their contract and go on buying parts; nobody who left altogether would still speak.
        lost = account.name == TARNHELM or (account.pk % 17 == 0 and not account.parent_id)
        if account.name == TARNHELM:
            first_ends = calendar.contract_lost
        common: dict[str, Any] = {
            "account": account,
            "name": "Service contract",
            "product_id": "service-plan",
            "annual_value": value,
            "currency": "EUR",
        }
        rows.append(
            Contract(
                **common,
                starts_on=first_ends - timedelta(days=365),
                ends_on=first_ends,
                renewal_on=first_ends - timedelta(days=30),
                status="lost" if lost else "renewed",
                end_reason="The approver never agreed" if account.name == TARNHELM else "",
                **made(),
            )
        )
        if not lost:
            ends = first_ends + timedelta(days=365)
            rows.append(
                Contract(
                    **common,
                    starts_on=first_ends,
                    ends_on=ends,
                    renewal_on=ends - timedelta(days=30),
                    **made(),
                )
            )
    Contract.objects.bulk_create(rows)


def _order(rng: Generator, sites: list[Account], calendar: Calendar) -> None:
    made = _numbered("order")
    rows = []
    for site in sites:
        for _ in range(int(rng.poisson(18))):
            ordered = some_day(rng, calendar.begins, calendar.today)
            promised = ordered + timedelta(days=int(rng.integers(3, 15)))
            late = calendar.deliveries_fail(site.region_id, promised) and rng.random() < 0.7
            delivered = promised + timedelta(
                days=int(rng.integers(3, 14)) if late else int(rng.integers(-1, 2))
            )
            arrived = delivered <= calendar.today
            identity = made()
            rows.append(
                Order(
                    account=site,
                    number=f"40-{identity['external_id'][-5:]}",
                    product_id="seal-kit" if rng.random() < 0.8 else "centrifugal",
                    ordered_on=ordered,
                    promised_on=promised,
                    delivered_on=delivered if arrived else None,
                    amount=_money(rng, 6_000),
                    currency="EUR",
                    status="delivered" if arrived else "open",
                    **identity,
                )
            )
    Order.objects.bulk_create(rows, batch_size=2000)


def _sell(rng: Generator, accounts: list[Account], calendar: Calendar) -> None:
    made = _numbered("deal")
    rows = []
    for account in accounts:
        for _ in range(int(rng.poisson(1.5))):
            opened = some_day(rng, calendar.begins, calendar.today)
            closed = opened + timedelta(days=int(rng.integers(20, 200)))
            outcome = "open" if closed > calendar.today else str(rng.choice(["won", "lost"], p=[0.6, 0.4]))
            lost = outcome == "lost"
            rows.append(
                Opportunity(
                    account=account,
                    name=f"Pump line {opened.year}",
                    product_id=str(rng.choice(["centrifugal", "hygienic", "dosing"])),
                    sales_stage={"open": "Proposal"}.get(outcome, "Closed"),
                    opened_on=opened,
                    closed_on=None if outcome == "open" else closed,
                    amount=_money(rng, 90_000),
                    currency="EUR",
                    outcome=outcome,
                    reason=str(rng.choice(LOSS_REASONS)) if lost else "",
                    competitor=str(rng.choice(COMPETITORS)) if lost else "",
                    **made(),
                )
            )
    Opportunity.objects.bulk_create(rows)


def _serve(rng: Generator, sites: list[Account], calendar: Calendar) -> list[ServiceRequest]:
    made = _numbered("request")
    rows = []
    for site in sites:
        for _ in range(int(rng.poisson(14))):
            opened = at_work(rng, some_day(rng, calendar.begins, calendar.today))
            slow = site.partner_id == SLOW_PARTNER
            closed = opened + timedelta(hours=float(rng.gamma(2, 60 if slow else 20)))
            done = closed.date() < calendar.today
            identity = made()
            rows.append(
                ServiceRequest(
                    account=site,
                    number=f"SR{identity['external_id'][-6:]}",
                    product_id=str(rng.choice(["centrifugal", "hygienic", "dosing", "seal-kit"])),
                    subject=str(rng.choice(SUBJECTS)),
                    priority=str(rng.choice(["low", "normal", "high"], p=[0.3, 0.5, 0.2])),
                    status="closed" if done else "open",
                    opened_at=opened,
                    first_reply_at=opened + timedelta(hours=float(rng.gamma(2, 8 if slow else 2)))
                    if done
                    else None,
                    closed_at=closed if done else None,
                    **identity,
                )
            )
    return ServiceRequest.objects.bulk_create(rows, batch_size=2000)


def _build(rng: Generator, sites: list[Account], calendar: Calendar) -> None:
    made = _numbered("project")
    projects: list[Project] = []
    milestones: list[Milestone] = []
    for site in rng.choice(np.array(sites, dtype=object), size=60, replace=False):
        starts = some_day(rng, calendar.begins, calendar.today)
        ends = starts + timedelta(days=160)
        status = "running" if ends > calendar.today else "done"
        project = Project(
            account=site,
            name=f"New line {site.city}",
            stage_id="install",
            status=status,
            starts_on=starts,
            ends_on=ends,
            **made(),
        )
        projects.append(project)
        for at, name in enumerate(MILESTONES, start=1):
            due = starts + timedelta(days=40 * at)
            reached = due + timedelta(days=int(rng.integers(-2, 9)))
            done = reached <= calendar.today
            milestones.append(
                Milestone(project=project, name=name, due_on=due, reached_on=reached if done else None)
            )
    Project.objects.bulk_create(projects)
    Milestone.objects.bulk_create(milestones)


def _use(rng: Generator, sites: list[Account], calendar: Calendar) -> None:
    made = _numbered("usage")
    rows = []
    for site in sites[:120]:
        hours = float(rng.uniform(300, 650))
        for month in range(24, 0, -1):
            day = calendar.today - timedelta(days=30 * month)
            rows.append(
                Usage(
                    account=site,
                    product_id="centrifugal",
                    measure="running hours",
                    starts_on=day,
                    ends_on=day + timedelta(days=29),
                    value=round(max(0.0, hours + float(rng.normal(0, 40))), 1),
                    **made(),
                )
            )
    Usage.objects.bulk_create(rows, batch_size=2000)
