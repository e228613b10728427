"""D5: the feeling named goes with the case, and stands beside what a touchpoint is to leave behind."""

from typing import Any

import pytest
from django.utils import timezone
from tests.cast import World
from tests.rooms.action.cases import Cast, answer, make_case

from rapport.kernel.models import OutgoingMail
from rapport.rooms.action.models import DesiredFeelings
from rapport.rooms.action.selectors.feelings import feelings_at
from rapport.rooms.catalog.models import Touchpoint
from rapport.rooms.signals.api import record_signal

pytestmark = pytest.mark.django_db


def test_the_feeling_named_goes_with_the_case_and_into_the_mail_to_its_owner(
    world: World, cast: Cast, browser_of: Any
) -> None:
    DesiredFeelings.objects.create(touchpoint_id="delivery", feelings=["safe", "valued"])
    case = make_case(cast, touchpoint="delivery", emotions=("neglected",))
    page = browser_of("account_manager").get(f"/act/cases/{case.code}/").content.decode()
    assert "feels <b>Neglected</b>" in page
    assert "Safe, Valued" in page
    [mail] = OutgoingMail.objects.filter(dedupe_key__startswith="case-opened")
    assert "feels: Neglected" in mail.text


def test_desired_and_felt_are_counted_in_ones_scope_with_range_and_reason(world: World, cast: Cast) -> None:
    place = Touchpoint.objects.get(pk="delivery")
    now = timezone.now()

    def row(who: str) -> Any:
        return feelings_at(cast(who), [place], now=now)[0]

    assert "Nobody has said yet" in row("cx_manager").share.reason
    DesiredFeelings.objects.create(touchpoint=place, feelings=["safe"])
    assert "No feedback" in row("cx_manager").share.reason
    for number, (person, feelings) in enumerate(
        [
            ("eva@veldhuis.example", ("safe", "happy")),
            ("joost@veldhuis.example", ("neglected",)),
            ("joost@veldhuis.example", ()),
            ("mikkel@kestrel.example", ("safe",)),
        ]
    ):
        given = answer(
            external_reference=f"f{number}",
            contact=person,
            touchpoint="delivery",
            emotions=feelings,
            occurred_at=now,
        )
        record_signal(given, author=None, now=now, live=False)
    everybody, mine = row("cx_manager"), row("account_manager")
    assert (everybody.n, everybody.share.n, everybody.share.value) == (3, 3, pytest.approx(2 / 3))
    assert (mine.n, mine.share.value) == (2, 0.5)
    assert next((felt.label, felt.count, felt.desired) for felt in everybody.felt) == ("Safe", 2, True)


def test_only_feelings_on_the_list_can_be_desired(world: World, browser_of: Any) -> None:
    lead = browser_of("cx_manager")
    refused = lead.put("/api/v1/feelings/delivery", {"feelings": ["bliss"]}, content_type="application/json")
    assert refused.status_code == 422
    assert "feelings" in refused.json()["detail"]
    lead.post("/act/feelings/delivery/", {"feelings": ["trusting"]})
    assert DesiredFeelings.objects.get(touchpoint="delivery").feelings == ["trusting"]
    assert "Trusting" in lead.get("/act/feelings/").content.decode()
