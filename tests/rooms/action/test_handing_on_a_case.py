"""Giving a case to a colleague."""

import pytest
from django.utils import timezone
from tests.cast import World
from tests.rooms.action.cases import Cast, make_case, make_rule

from rapport.kernel.models import OutgoingMail
from rapport.rooms.action.selectors.colleagues import possible_owners
from rapport.rooms.action.services.handing_on import reassign
from rapport.rooms.action.services.steps import StepRefused


def test_the_colleague_gets_one_mail_and_the_clock_keeps_running(world: World, cast: Cast) -> None:
    case, to = make_case(cast), cast("service_lead")
    due = case.due_at
    case = reassign(case, to=to, by=cast("account_manager"), reason="A repair.", now=timezone.now())
    assert (case.owner, case.due_at) == (to, due)
    event = case.events.get(kind="reassigned")
    assert (event.from_owner, event.to_owner, event.words) == (cast("account_manager"), to, "A repair.")
    assert OutgoingMail.objects.get(dedupe_key__startswith="case-reassigned:").to == to.email


@pytest.mark.parametrize("who", ["champion", "partner_user", "executive"])
def test_a_case_goes_only_to_those_who_work_on_cases_and_see_it(world: World, cast: Cast, who: str) -> None:
    with pytest.raises(StepRefused, match="cannot see this customer or does not work on cases"):
        reassign(
            make_case(cast), to=cast(who), by=cast("account_manager"), reason="Yours.", now=timezone.now()
        )


def test_handing_on_needs_a_reason(world: World, cast: Cast) -> None:
    case = make_case(cast)
    with pytest.raises(StepRefused, match="Say why"):
        reassign(case, to=cast("service_lead"), by=cast("account_manager"), reason=" ", now=timezone.now())


def test_partner_people_choose_among_their_own(world: World, cast: Cast) -> None:
    make_rule(cast("cx_manager"), conditions={})
    case = make_case(cast, contact="mikkel@kestrel.example")
    cast("service_lead")
    own = {cast("partner_administrator"), cast("partner_user")}
    assert set(possible_owners(case, cast("partner_user"))) == own
    assert cast("service_lead") in possible_owners(case, cast("cx_manager"))
