"""Who may be given a case."""

from django.db.models import Q, QuerySet

from rapport.kernel.models import Grant, User
from rapport.kernel.roles import PARTNER_ROLES, PERMISSIONS, Permission
from rapport.rooms.action.models import Case

WORKING = sorted(role for role, may in PERMISSIONS.items() if Permission.WORK_CASES in may)


def case_workers() -> QuerySet[User]:
    """Return everybody who works on cases."""
    working: QuerySet[User] = User.objects.filter(is_active=True, role__in=WORKING)
    return working.exclude(reach=User.Reach.CAPTURE)


def possible_owners(case: Case, user: User) -> QuerySet[User]:
    """Return colleagues who work on cases and can see this one; partner people choose among their own."""
    reach = Q(reach=User.Reach.EVERYTHING) | Q(pk__in=_granted(case))
    if case.account and case.account.owner_id:
        reach |= Q(pk=case.account.owner_id, reach=User.Reach.GRANTED)
    owners = case_workers().filter(reach)
    if user.role in PARTNER_ROLES:
        own = Grant.objects.filter(kind=Grant.Kind.PARTNER, key__in=sorted(user.scope.partners))
        owners = owners.filter(role__in=sorted(PARTNER_ROLES), pk__in=own.values("user"))
    return owners.order_by("name", "email")


def _granted(case: Case) -> QuerySet[Grant, int]:
    places = [(Grant.Kind.REGION, case.region_id), (Grant.Kind.PARTNER, case.partner_id)]
    if case.account:
        places = [
            (Grant.Kind.REGION, case.account.region_id),
            (Grant.Kind.PARTNER, case.account.partner_id),
            (Grant.Kind.TEAM, case.account.team_id),
        ]
    granted = Q(pk__in=[])
    for kind, key in places:
        if key:
            granted |= Q(kind=kind, key=key)
    return Grant.objects.filter(granted).values_list("user_id", flat=True)
