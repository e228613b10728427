"""The insight room's jobs."""

from django.utils import timezone

from rapport.kernel.jobs import periodic
from rapport.rooms.insight.services.mailing import send_due


@periodic("*/15 * * * *")
def mail_dashboards(timestamp: int) -> None:
    """Send the dashboards that are due by mail."""
    send_due(now=timezone.now())
