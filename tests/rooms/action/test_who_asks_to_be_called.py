"""Who asks in a survey to be called is called: a case for the account's owner, one message, once."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from tests.cast import World

from rapport.kernel.events import announce
from rapport.kernel.models import OutgoingMail, User
from rapport.rooms.action.models import Case, Improvement, Publication
from rapport.rooms.action.selectors.publications import done_for
from rapport.rooms.action.services.contact_wishes import answer_wish
from rapport.rooms.listening.api import ContactWanted

NOW = datetime(2026, 9, 17, 10, 0, tzinfo=UTC)
pytestmark = pytest.mark.django_db


def wish(world: World, asker: User, *, known: bool = True) -> ContactWanted:
    contact = world.joost.pk if known else None
    account = world.meppel.pk if known else None
    return ContactWanted(uuid4(), contact, account, None, asker.pk)


def test_the_owner_of_the_account_gets_a_case_and_one_message(world: World, cast: object) -> None:
    asker = User.objects.create_user("asker@halden.example", None, name="Asker", role="cx_manager")
    announce(wish(world, asker))
    case = Case.objects.get()
    assert case.owner == world.meppel.owner
    assert (case.account, case.contact) == (world.meppel, world.joost)
    assert "Joost Brandsma" in case.title
    assert list(OutgoingMail.objects.values_list("to", flat=True)) == [world.meppel.owner.email]  # type: ignore[union-attr]


def test_of_somebody_unknown_it_goes_to_whoever_asked(world: World) -> None:
    asker = User.objects.create_user("asker@halden.example", None, name="Asker", role="cx_manager")
    assert answer_wish(wish(world, asker, known=False), now=NOW).owner == asker


def test_thanks_tell_what_was_done_for_everybody_and_in_ones_own_region(world: World) -> None:
    owner = User.objects.create_user("owner@halden.example", None, name="Owner", role="cx_manager")
    improvement = Improvement.objects.create(
        title="Dates that hold", owner=owner, metric_id="nps", found_at=NOW
    )
    for region, did in [(None, "We ring."), ("benelux", "A depot moved."), ("nordics", "A ship sails.")]:
        Publication.objects.create(
            improvement=improvement, region_id=region, you_said="Late.", we_did=did, published_at=NOW
        )
    assert sorted(done_for(world.meppel.pk, "en")) == ["Late. A depot moved.", "Late. We ring."]
    assert done_for(None, "en") == ["Late. We ring."]
