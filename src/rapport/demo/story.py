"""The four stories hidden in the demo company, as dates and effects; everything else is ordinary life.

1. Benelux: the spare-parts depot moved; parts came late and nobody called, until a fix ended it.
2. Tarnhelm Chemicals: the financial officer who must approve had not been heard for over a year when the
   contract was lost.
3. Kolding Pumpeservice, a partner: its customers wait longer for service than everybody else's.
4. What moves people differs by role: for approvers it is delivery reliability, for users documentation.
"""

from dataclasses import dataclass
from datetime import date, timedelta

TROUBLED_REGION = "benelux"
TROUBLED_TOUCHPOINT = "delivery"
SLOW_PARTNER = "kolding-pumpeservice"
MOVED_BY = {
    "approver": "delivery-reliability",
    "user": "documentation-quality",
    "buyer": "price-for-value",
    "gatekeeper": "price-for-value",
    "decision_maker": "product-reliability",
    "influencer": "service-response",
    "initiator": "product-reliability",
}


@dataclass(frozen=True)
class Calendar:
    """The days on which the stories turn, counted back from today."""

    today: date

    @property
    def begins(self) -> date:
        return self.today - timedelta(days=730)

    @property
    def depot_moved(self) -> date:
        return self.today - timedelta(days=330)

    @property
    def fix_shipped(self) -> date:
        return self.today - timedelta(days=120)

    @property
    def approver_last_heard(self) -> date:
        return self.today - timedelta(days=515)

    @property
    def contract_lost(self) -> date:
        return self.today - timedelta(days=60)

    def deliveries_fail(self, region: str | None, day: date) -> bool:
        """Say whether parts come late in this region on this day."""
        return region == TROUBLED_REGION and self.depot_moved <= day < self.fix_shipped


def shift(
    calendar: Calendar, *, region: str | None, partner: str | None, touchpoint: str, day: date
) -> float:
    """Return by how many points out of ten a story moves an answer."""
    if touchpoint == TROUBLED_TOUCHPOINT and calendar.deliveries_fail(region, day):
        return -4.0
    if touchpoint == "service-visit" and partner == SLOW_PARTNER:
        return -3.0
    return 0.0
