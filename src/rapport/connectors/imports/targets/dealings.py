"""What an account bought, was promised, uses and asked for."""

from rapport.connectors.files import Field, Target
from rapport.connectors.imports.fields import column_field, external_id
from rapport.connectors.imports.landing import TableLanding
from rapport.rooms.accounts.models import (
    Contract,
    InstalledProduct,
    Opportunity,
    Order,
    ServiceRequest,
    Usage,
)


def _account(
    model: type[Contract | InstalledProduct | Opportunity | Order | ServiceRequest | Usage],
) -> Field:
    return column_field(
        model, "account", required=True, refers_to="account", help="By id in the source, our code or name."
    )


class ContractsLanding(TableLanding):
    """Lands contracts."""

    model = Contract
    target = Target(
        "contracts",
        "Contracts",
        "Agreements with a term, up for renewal at its end.",
        (
            external_id("a contract number"),
            _account(Contract),
            column_field(Contract, "number", synonyms=("contract number", "vertragsnummer")),
            column_field(Contract, "name"),
            column_field(Contract, "product", refers_to="product"),
            column_field(Contract, "starts_on", required=True),
            column_field(Contract, "ends_on"),
            column_field(Contract, "renewal_on"),
            column_field(
                Contract, "annual_value", synonyms=("arr", "arr amount", "value", "annual contract value")
            ),
            column_field(Contract, "currency", kind="currency"),
            column_field(Contract, "status"),
            column_field(Contract, "end_reason", synonyms=("churn reason", "reason")),
        ),
    )

    def check_references(self) -> None:
        if {"v_starts_on", "v_ends_on"} <= self.stage.columns.keys():
            self.tell(
                "v_ends_on < v_starts_on",
                self.target.by_name["ends_on"],
                "The contract ends before it starts.",
                "Correct the dates.",
            )


class OrdersLanding(TableLanding):
    """Lands orders."""

    model = Order
    target = Target(
        "orders",
        "Orders",
        "What was ordered, promised and delivered.",
        (
            external_id("an order number"),
            _account(Order),
            column_field(Order, "number", synonyms=("order number", "bestellnummer", "invoice no")),
            column_field(Order, "product", refers_to="product"),
            column_field(Order, "ordered_on", required=True),
            column_field(Order, "promised_on", synonyms=("required date", "due date", "delivery date")),
            column_field(Order, "delivered_on", synonyms=("shipped date", "delivery", "lieferdatum")),
            column_field(Order, "amount"),
            column_field(Order, "currency", kind="currency"),
            column_field(Order, "status"),
        ),
    )


class OpportunitiesLanding(TableLanding):
    """Lands opportunities."""

    model = Opportunity
    target = Target(
        "opportunities",
        "Opportunities",
        "Decisions to buy: open, won or lost.",
        (
            external_id("an opportunity id"),
            _account(Opportunity),
            column_field(Opportunity, "name"),
            column_field(Opportunity, "product", refers_to="product"),
            column_field(Opportunity, "sales_stage", synonyms=("deal stage", "stage", "phase")),
            column_field(Opportunity, "seller", synonyms=("sales agent", "owner", "sales rep", "verkäufer")),
            column_field(Opportunity, "opened_on", synonyms=("engage date", "created", "created date")),
            column_field(Opportunity, "closed_on", synonyms=("close date", "closed date")),
            column_field(Opportunity, "amount"),
            column_field(Opportunity, "currency", kind="currency"),
            column_field(Opportunity, "outcome", synonyms=("result", "won", "ergebnis")),
            column_field(Opportunity, "reason", synonyms=("loss reason", "lost reason")),
            column_field(Opportunity, "competitor"),
        ),
    )


class ProductsInUseLanding(TableLanding):
    """Lands products in use."""

    model = InstalledProduct
    target = Target(
        "products_in_use",
        "Products in use",
        "What runs at customers, with its status.",
        (
            external_id("an asset number"),
            _account(InstalledProduct),
            column_field(InstalledProduct, "product", required=True, refers_to="product"),
            column_field(InstalledProduct, "serial", synonyms=("serial", "serial no", "seriennummer")),
            column_field(InstalledProduct, "quantity", synonyms=("seats", "licences", "anzahl")),
            column_field(InstalledProduct, "installed_on", synonyms=("install date", "start date")),
            column_field(InstalledProduct, "retired_on", synonyms=("end date",)),
            column_field(InstalledProduct, "status"),
        ),
    )


class ServiceRequestsLanding(TableLanding):
    """Lands service requests."""

    model = ServiceRequest
    target = Target(
        "service_requests",
        "Service requests",
        "What customers asked our service for.",
        (
            external_id("a ticket number"),
            _account(ServiceRequest),
            column_field(ServiceRequest, "number", synonyms=("ticket number", "ticket", "incident")),
            column_field(ServiceRequest, "contact", refers_to="contact", synonyms=("caller", "requester")),
            column_field(ServiceRequest, "product", refers_to="product"),
            column_field(ServiceRequest, "subject", synonyms=("title", "summary", "betreff")),
            column_field(ServiceRequest, "priority"),
            column_field(ServiceRequest, "status"),
            column_field(ServiceRequest, "opened_at", required=True),
            column_field(ServiceRequest, "first_reply_at", synonyms=("first response",)),
            column_field(ServiceRequest, "closed_at"),
        ),
    )


class UsageLanding(TableLanding):
    """Lands usage."""

    model = Usage
    natural = ("account", "product", "measure", "starts_on", "ends_on")
    target = Target(
        "usage",
        "Usage",
        "How much of something customers used in a stretch of time.",
        (
            external_id("a usage id"),
            _account(Usage),
            column_field(Usage, "product", refers_to="product"),
            column_field(Usage, "measure", required=True, synonyms=("feature name", "feature", "metric")),
            column_field(Usage, "starts_on", required=True, synonyms=("date", "usage date", "day")),
            column_field(Usage, "ends_on"),
            column_field(Usage, "value", required=True, synonyms=("usage count", "count", "amount")),
        ),
    )
