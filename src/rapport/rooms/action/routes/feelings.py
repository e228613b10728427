"""What customers are to feel at each touchpoint, and what they feel."""

from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Router, Schema

from rapport.kernel.api_access import require
from rapport.kernel.roles import Permission
from rapport.kernel.scope import get_visible
from rapport.rooms.action.forms.feelings import DesiredFeelingsForm
from rapport.rooms.action.models import DesiredFeelings
from rapport.rooms.action.routes.rules import EstimateOut, estimate_out, refuse
from rapport.rooms.action.selectors.feelings import FeelingsAt, feelings_at
from rapport.rooms.catalog.models import Touchpoint

router = Router(tags=["action"])


class FeltOut(Schema):
    """A feeling, and in how many answers it was named."""

    key: str
    label: str
    count: int
    desired: bool


class FeelingsOut(Schema):
    """A touchpoint: what is wanted, what is felt most, and the share that named something wanted."""

    key: str
    name: str
    desired: list[str]
    felt: list[FeltOut]
    share: EstimateOut
    n: int


class DesiredIn(Schema):
    """Feelings by key, such as `trusting`."""

    feelings: list[str]


def _out(row: FeelingsAt) -> dict[str, Any]:
    kept = {name: getattr(row, name) for name in ("key", "name", "desired", "felt", "n")}
    return kept | {"share": estimate_out(row.share)}


@router.get("/feelings", response=list[FeelingsOut])
def list_feelings(request: HttpRequest) -> list[dict[str, Any]]:
    """List the touchpoints with what is wanted and what is felt in a year."""
    user = require(request, Permission.SEE_FIGURES)
    places = Touchpoint.objects.filter(retired=False).order_by("position", "name")
    return [_out(row) for row in feelings_at(user, places, now=timezone.now())]


@router.put("/feelings/{key}", response=FeelingsOut)
def put_desired(request: HttpRequest, key: str, given: DesiredIn) -> dict[str, Any]:
    """Say what customers are to feel at a touchpoint."""
    user = require(request, Permission.MANAGE_RULES)
    place = get_visible(Touchpoint, user, key=key)
    row = DesiredFeelings.objects.filter(touchpoint=place).first() or DesiredFeelings(touchpoint=place)
    form = DesiredFeelingsForm(given.dict(), instance=row)
    if not form.is_valid():
        refuse(form.errors)
    form.save()
    return _out(feelings_at(user, [place], now=timezone.now())[0])
