"""Northwind: a trading company's customers, their people with job titles, and orders."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest
from django.db.models import F, Sum

from rapport.connectors.imports.models import ImportRun
from rapport.rooms.accounts.models import Account, BuyingRole, Contact, Order
from tests.acceptance.real.importing import assert_nothing_lost, data, fates, land, rows_of, write_rows

pytestmark = [pytest.mark.real, pytest.mark.django_db, pytest.mark.xdist_group("northwind")]
CENT = Decimal("0.01")


@dataclass(frozen=True)
class Northwind:
    """The files, the exact worth of each order, and the runs that brought them in."""

    customers_file: Path
    orders_file: Path
    worth: dict[str, Decimal]
    customers: ImportRun
    contacts: ImportRun
    roles: ImportRun
    orders: ImportRun


@pytest.fixture(scope="module")
def northwind(taken_back: None, tmp_path_factory: pytest.TempPathFactory) -> Northwind:
    folder = data("northwind")
    customers = folder / "customers.csv"
    worth = worth_of_orders(folder)
    # An order's amount is a sum over another file, which no mapping should do.
    orders = write_rows(
        tmp_path_factory.mktemp("northwind") / "orders.csv",
        [row | {"amount": str(worth[row["orderID"]])} for row in rows_of(folder / "orders.csv")],
    )
    return Northwind(
        customers,
        orders,
        worth,
        land(customers, "northwind-customers"),
        land(customers, "northwind-contacts"),
        land(customers, "northwind-roles"),
        land(orders, "northwind-orders"),
    )


def worth_of_orders(folder: Path) -> dict[str, Decimal]:
    worth: dict[str, Decimal] = defaultdict(Decimal)
    for line in rows_of(folder / "order_details.csv"):
        worth[line["orderID"]] += (
            Decimal(line["unitPrice"]) * Decimal(line["quantity"]) * (1 - Decimal(line["discount"]))
        )
    return worth


def test_every_row_lands(northwind: Northwind) -> None:
    assert (
        fates(northwind.customers) == fates(northwind.contacts) == fates(northwind.roles) == {"created": 91}
    )
    assert fates(northwind.orders) == {"created": 830}
    for run in (northwind.customers, northwind.contacts, northwind.roles):
        assert_nothing_lost(run, northwind.customers_file)
    assert_nothing_lost(northwind.orders, northwind.orders_file)


def test_importing_the_same_files_again_changes_nothing(northwind: Northwind) -> None:
    assert fates(land(northwind.customers_file, "northwind-customers")) == {"unchanged": 91}
    assert fates(land(northwind.customers_file, "northwind-contacts")) == {"unchanged": 91}
    assert fates(land(northwind.customers_file, "northwind-roles")) == {"unchanged": 91}
    assert fates(land(northwind.orders_file, "northwind-orders")) == {"unchanged": 830}
    assert (Account.objects.count(), Contact.objects.count(), Order.objects.count()) == (91, 91, 830)


def test_null_is_read_as_nothing_and_accents_survive(northwind: Northwind) -> None:
    for model, texts in (
        (Account, ("name", "street", "postal_code", "city", "country")),
        (Contact, ("name", "title", "phone")),
    ):
        for text in texts:
            assert not model.objects.filter(**{text: "NULL"}).exists()
    without_post_code = Account.objects.get(external_ids__value="HUNGO")
    assert (without_post_code.name, without_post_code.postal_code) == ("Hungry Owl All-Night Grocers", "")
    assert Account.objects.get(external_ids__value="BERGS").name == "Berglunds snabbköp"
    assert Account.objects.values("country").distinct().count() == 21


def test_titles_say_how_high_a_person_stands_and_guess_a_role(northwind: Northwind) -> None:
    assert Contact.objects.values("title").distinct().count() == 12
    assert Counter(Contact.objects.values_list("seniority", flat=True)) == {
        "top": 18,
        "head": 33,
        "specialist": 40,
    }
    assert Counter(Contact.objects.values_list("function__name", flat=True)) == {
        "Sales": 43,
        "Marketing": 18,
        "Management": 18,
        "Finance": 10,
        "Purchasing": 2,
    }
    both = Contact.objects.get(title="Owner/Marketing Assistant")
    assert both.seniority == "top"
    roles = Counter(BuyingRole.objects.values_list("role", flat=True))
    assert roles == {"decision_maker": 18, "approver": 10, "influencer": 29, "buyer": 2, "user": 32}
    assert set(BuyingRole.objects.values_list("source", flat=True)) == {"Guessed from the job title"}


def test_revenue_after_discount_meets_its_control_sum(northwind: Northwind) -> None:
    assert sum(northwind.worth.values()).quantize(CENT) == Decimal("1265793.04")
    # An order's amount is in whole cents, as on its invoice; the control sum is over unrounded lines.
    landed = Order.objects.aggregate(total=Sum("amount"))["total"]
    assert landed == sum(worth.quantize(CENT, ROUND_HALF_UP) for worth in northwind.worth.values())
    assert abs(landed - Decimal("1265793.04")) < 830 * CENT / 2
    assert set(Order.objects.values_list("currency", flat=True)) == {"USD"}


def test_the_best_customers_are_the_ones_the_readme_names(northwind: Northwind) -> None:
    best = list(
        Account.objects.filter(order__isnull=False)
        .annotate(ordered=Sum("order__amount"))
        .order_by("-ordered")
        .values_list("external_ids__value", "ordered")
    )
    assert [name for name, _ in best[:3]] == ["QUICK", "ERNSH", "SAVEA"]
    for (_, revenue), stated in zip(best, ("110277.30", "104874.98", "104361.95"), strict=False):
        assert revenue == pytest.approx(Decimal(stated), abs=CENT * 15)
    total = sum(revenue for _, revenue in best)
    assert round(100 * sum(revenue for _, revenue in best[:18]) / total, 1) == Decimal("60.1")
    assert len(best) == 89, "2 of 91 customers never ordered"


def test_orders_not_shipped_and_shipped_late_are_told_apart(northwind: Northwind) -> None:
    assert Order.objects.filter(delivered_on=None).count() == 21
    assert Order.objects.filter(delivered_on__gt=F("promised_on")).count() == 37
    days = Order.objects.order_by("ordered_on").values_list("ordered_on", flat=True)
    assert (days.first(), days.last()) == (date(1996, 7, 4), date(1998, 5, 6))
