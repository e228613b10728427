"""Who is away and who looks after what, as far as one may know."""

from datetime import date

from django.db.models import QuerySet

from rapport.kernel.models import User
from rapport.kernel.roles import PARTNER_ROLES, Permission
from rapport.rooms.action.models import Absence, Responsibility


def absences_for(user: User, *, since: date | None) -> QuerySet[Absence]:
    """Return absences that end on a day or later: everybody's for who manages rules, otherwise one's own."""
    rows = Absence.objects.select_related("user", "stand_in")
    if not user.may(Permission.MANAGE_RULES):
        rows = rows.filter(user=user)
    return rows.filter(ends_on__gte=since) if since else rows


def places_for(user: User) -> QuerySet[Responsibility]:
    """Return who looks after what; a partner's people are told nothing of how we share our work."""
    rows = Responsibility.objects.select_related("touchpoint", "product", "region", "colleague")
    return rows.none() if user.role in PARTNER_ROLES else rows
