"""What the page of an account says: findings, figures, contracts, and how many of everything there are."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.db.models import Count, F, Q, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from rapport.rooms.accounts.dealings import KINDS
from rapport.rooms.accounts.models import Contact, Contract, Order
from rapport.rooms.accounts.panels import Finding, Look
from rapport.rooms.accounts.selectors.accounts import worth
from rapport.rooms.accounts.selectors.village import Village
from rapport.ui.components import Figure
from rapport.ui.formats import day as short_day
from rapport.ui.formats import full_day, number

RECENT_DELIVERIES = timedelta(days=180)


def counts_of(look: Look) -> dict[str, int]:
    """Count people and each kind of dealing in one query."""
    people = Contact.objects.filter(account__in=look.account_ids, merged_into=None)
    counted = [people.order_by().values(kind=Value("people")).annotate(n=Count("pk"))]
    for kind in KINDS.values():
        rows = kind.model._default_manager.filter(account__in=look.account_ids).order_by()
        counted.append(rows.values(kind=Value(kind.key)).annotate(n=Count("pk")))
    found = counted[0].union(*counted[1:], all=True)
    return {row["kind"]: row["n"] for row in found}


@dataclass(frozen=True)
class Running:
    """The contracts that run: each, and what they are worth a year in each currency."""

    contracts: Sequence[Contract]
    today: date

    @property
    def a_year(self) -> dict[str, Decimal]:
        totals: dict[str, Decimal] = {}
        for contract in self.contracts:
            if contract.annual_value is not None:
                totals[contract.currency] = totals.get(contract.currency, Decimal(0)) + contract.annual_value
        return totals

    @property
    def next_renewal(self) -> Contract | None:
        """Return the contract that is up for renewal first."""
        coming = [c for c in self.contracts if due_on(c) and due_on(c) >= self.today]  # type: ignore[operator]
        return min(coming, key=lambda c: due_on(c) or date.max, default=None)


def due_on(contract: Contract) -> date | None:
    """Return the day by which a contract is renewed or not."""
    return contract.renewal_on or contract.ends_on


def running_contracts(look: Look) -> Running:
    """Return the contracts that run now, the first to end on top."""
    rows = Contract.objects.filter(account__in=look.account_ids, status=Contract.Status.ACTIVE)
    ordered = rows.select_related("account", "product").order_by(
        Coalesce("renewal_on", "ends_on").asc(nulls_last=True), "pk"
    )
    return Running(list(ordered), look.now.date())


def own_figures(look: Look, village: Village, running: Running, people: int) -> list[Figure]:
    """Return the figures that need nothing but what is known of the customer."""
    figures = []
    if village.measured and village.coverage is not None:
        heard = ngettext(
            "%(heard)d of %(n)d person heard", "%(heard)d of %(n)d people heard", len(village.voices)
        )
        note = heard % {"heard": len(village.heard), "n": len(village.voices)}
        figures.append(Figure(_("Weight heard"), number(100 * village.coverage) + "%", note))
    figures.append(Figure(_("People"), str(people), _with_roles(village)))
    if running.a_year:
        n = len(running.contracts)
        note = ngettext("%(n)d running contract", "%(n)d running contracts", n) % {"n": n}
        figures.append(Figure(_("Contracts a year"), worth(running.a_year), note))
    first = running.next_renewal
    due = due_on(first) if first else None
    if due:
        # The year stands in the note, so that the day fits its column.
        note = f"{due.year}, {_when(due, look.now.date())}"
        figures.append(Figure(_("Renews"), short_day(due, today=due), note))
    return figures


def _with_roles(village: Village) -> str:
    return _("%(n)s with a buying role") % {"n": len(village.voices) or _("nobody")}


def _when(due: date, today: date) -> str:
    days = (due - today).days
    return ngettext("in %(n)d day", "in %(n)d days", days) % {"n": days}


def own_findings(look: Look, village: Village, running: Running) -> list[Finding]:
    """Return what a colleague would say, as far as this room knows."""
    findings = [*_of_voices(village), *_of_deliveries(look)]
    first = running.next_renewal
    due = due_on(first) if first else None
    if first and due and (due - look.now.date()).days <= 365:
        said = _("%(contract)s is up for renewal on %(day)s.") % {"contract": first, "day": full_day(due)}
        findings.append(Finding(said, 40))
    if not village.voices:
        findings.append(
            Finding(_("Nobody here is known to have a say in buying; name the first person."), 10)
        )
    stale = sum(1 for voice in village.voices if voice.to_confirm)
    if stale:
        said = ngettext(
            "What we know of %(n)d role is half gone and asks to be confirmed.",
            "What we know of %(n)d roles is half gone and asks to be confirmed.",
            stale,
        )
        findings.append(Finding(said % {"n": stale}, 20))
    return findings


def _of_voices(village: Village) -> list[Finding]:
    if not village.measured or not village.voices:
        return []
    findings = []
    unhappy = [voice.person.name for voice in village.unhappy]
    if unhappy:
        said = ngettext("%(names)s is unhappy.", "%(names)s are unhappy.", len(unhappy))
        findings.append(Finding(said % {"names": _listed(unhappy)}, 90))
    vetoes = [voice.person.name for voice in village.silent_vetoes]
    if vetoes:
        said = ngettext(
            "%(names)s can stop a purchase and has not spoken to us for a year or longer.",
            "%(names)s can stop a purchase and have not spoken to us for a year or longer.",
            len(vetoes),
        )
        findings.append(Finding(said % {"names": _listed(vetoes)}, 80))
    if not unhappy and village.heard and not village.silent:
        findings.append(Finding(_("Everybody with a say has been heard, and nobody is unhappy."), 60))
    elif not village.heard:
        findings.append(Finding(_("Nobody with a say has been heard in the last twelve months."), 70))
    return findings


def _listed(names: Sequence[str]) -> str:
    if len(names) > 3:
        return _("%(names)s and %(n)d others") % {"names": ", ".join(names[:2]), "n": len(names) - 2}
    if len(names) == 1:
        return names[0]
    return _("%(names)s and %(last)s") % {"names": ", ".join(names[:-1]), "last": names[-1]}


def _of_deliveries(look: Look) -> list[Finding]:
    since = look.now.date() - RECENT_DELIVERIES
    recent = Order.objects.filter(account__in=look.account_ids, delivered_on__gte=since).exclude(
        promised_on=None
    )
    found = recent.aggregate(n=Count("pk"), late=Count("pk", filter=Q(delivered_on__gt=F("promised_on"))))
    if not found["late"]:
        return []
    said = ngettext(
        "%(late)d of %(n)d delivery in the last six months came late.",
        "%(late)d of %(n)d deliveries in the last six months came late.",
        found["n"],
    )
    return [Finding(said % found, 50)]
