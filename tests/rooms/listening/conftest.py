"""Surveys, programmes and invitations for the tests of the room."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.cast import World

from rapport.kernel.models import User
from rapport.rooms.accounts.models import Contact
from rapport.rooms.listening.definition import Definition
from rapport.rooms.listening.models import Invitation, Programme, Survey, SurveyVersion
from rapport.rooms.listening.services.inviting import create_invitation, open_link

NOW = datetime(2026, 9, 17, 10, 0, tzinfo=UTC)
Asked = tuple[Invitation, str]


class Asking:
    """Publishes surveys and asks people of the small world."""

    def __init__(self, world: World, owner: User) -> None:
        self.world, self.owner = world, owner

    def publish(self, definition: Definition) -> SurveyVersion:
        """Publish a survey as its first version."""
        document = definition.model_dump(mode="json")
        survey = Survey.objects.create(name="Orders", draft=document)
        return SurveyVersion.objects.create(survey=survey, number=1, document=document)

    def programme(self, version: SurveyVersion, **values: Any) -> Programme:
        """Make a running programme for a version."""
        told = {"name": "After a delivery", "kind": "event", "state": "running", "owner": self.owner} | values
        return Programme.objects.create(survey=version.survey, **told)

    def invite(self, definition: Definition, contact: Contact | None = None, **values: Any) -> Asked:
        """Ask Joost (or another) and return the invitation with the path of the link."""
        version = self.publish(definition)
        of_programme = {key: values.pop(key) for key in ("anonymous", "several_responses") if key in values}
        made, link = create_invitation(
            version,
            programme=self.programme(version, **of_programme),
            channel="email",
            now=NOW,
            contact=contact or self.world.joost,
            **values,
        )
        return made, _path(link)

    def open(self, definition: Definition, **values: Any) -> Asked:
        """Make an open link and return its invitation and path."""
        version = self.publish(definition)
        made, link = open_link(version, programme=self.programme(version), now=NOW, **values)
        return made, _path(link)


def _path(link: str) -> str:
    return "/r/" + link.rpartition("/r/")[2]


@pytest.fixture
def asking(world: World, cast: Callable[[str], User]) -> Asking:
    """Offer a way to publish and ask."""
    return Asking(world, cast("cx_manager"))
