"""Answers nobody sent, files nobody needs and everything of a person are taken away; counts stay."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client
from tests.rooms.listening.asking import NOW, programme

from rapport.rooms.listening.links import hash_of, secret_of
from rapport.rooms.listening.models import Invitation, Response, ShortMessage, Upload
from rapport.rooms.listening.programmes import progress
from rapport.rooms.listening.services.forgetting import (
    clear_unused_files,
    erase_person,
    forget_partial_answers,
)
from rapport.rooms.listening.services.inviting import create_invitation

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(days=100)


@pytest.fixture
def asked(world: Any, cast: Any) -> Invitation:
    """Joost, asked by mail, with a fact of his kept beside."""
    running = programme(cast("cx_manager"))
    invitation, _link = create_invitation(
        running.survey.versions.get(),
        programme=running,
        channel="email",
        now=NOW,
        contact=world.joost,
        buying_role="decision_maker",
        language="nl",
        facts={"contact.name": "Joost Brandsma"},
    )
    Invitation.objects.filter(pk=invitation.pk).update(state="started", sent_at=NOW)
    return invitation


def respond(invitation: Invitation, answers: dict[str, Any], **more: Any) -> Response:
    return Response.objects.create(
        invitation=invitation, answers=answers, saved_at=NOW, page="second", **more
    )


def upload(invitation: Invitation, **more: Any) -> Upload:
    file = ContentFile(b"%PDF-", name="a.pdf")
    return Upload.objects.create(
        invitation=invitation,
        file=file,
        name="a.pdf",
        content_type="application/pdf",
        size=5,
        created_at=NOW,
        **more,
    )


def test_answers_nobody_sent_go_after_their_time_and_the_count_of_the_begun_stays(
    asked: Invitation, cast: Any, django_capture_on_commit_callbacks: Any
) -> None:
    file = upload(asked)
    row = respond(asked, {"nps": 3, "why": "Late", "photo": str(file.pk)})
    user = cast("cx_manager")
    before = progress.count(progress.asked_by(asked.programme, user))  # type: ignore[arg-type]
    assert forget_partial_answers(before=NOW, now=LATER) == 0
    with django_capture_on_commit_callbacks(execute=True):
        assert forget_partial_answers(before=NOW + timedelta(days=1), now=LATER) == 1
    row.refresh_from_db()
    assert (row.answers, row.page, row.forgotten_at, row.state) == ({}, "", LATER, "open")
    assert not Upload.objects.exists()
    assert not default_storage.exists(file.file.name or "")
    assert progress.count(progress.asked_by(asked.programme, user)) == before  # type: ignore[arg-type]
    assert forget_partial_answers(before=NOW + timedelta(days=1), now=LATER) == 0


def test_what_was_sent_is_kept_and_previews_go_altogether(asked: Invitation) -> None:
    sent = respond(asked, {"nps": 9}, state="sent", sent_at=NOW)
    respond(asked, {"nps": 1}, number=2, test=True)
    forget_partial_answers(before=LATER, now=LATER)
    assert list(Response.objects.values_list("pk", "answers")) == [(sent.pk, {"nps": 9})]


def test_a_file_whose_answer_was_replaced_goes_and_the_one_in_use_stays(
    asked: Invitation, django_capture_on_commit_callbacks: Any
) -> None:
    replaced, used = upload(asked), upload(asked)
    young = upload(asked)
    Upload.objects.filter(pk=young.pk).update(created_at=LATER)
    respond(asked, {"photo": str(used.pk)})
    with django_capture_on_commit_callbacks(execute=True):
        assert clear_unused_files(now=LATER) == 1
    assert set(Upload.objects.values_list("pk", flat=True)) == {used.pk, young.pk}
    assert not default_storage.exists(replaced.file.name or "")
    assert default_storage.exists(used.file.name or "")


def test_whoever_comes_back_after_that_begins_anew(asked: Invitation, client: Client) -> None:
    respond(asked, {"nps": 3, "why": "Late"}, revision=2)
    secret = secret_of(asked.pk)
    assert hash_of(secret) == bytes(asked.secret_hash)
    forget_partial_answers(before=LATER, now=LATER)
    page = client.get(f"/r/{secret}").content.decode()
    assert "Late" not in page
    assert "checked" not in page
    client.post(f"/r/{secret}", {"_page": "first", "_asked": "nps", "nps": "8", "_go": "next"})
    assert Response.objects.get().answers == {"nps": 8}


def test_erasing_a_person_takes_answers_files_and_facts_and_leaves_the_counts(
    asked: Invitation, cast: Any, world: Any, client: Client, django_capture_on_commit_callbacks: Any
) -> None:
    file = upload(asked)
    respond(asked, {"nps": 3, "why": "I am Joost", "photo": str(file.pk)}, state="sent", sent_at=NOW)
    ShortMessage.objects.create(key="m", invitation=asked, to="+31612345678", text="Joost?", queued_at=NOW)
    user = cast("cx_manager")
    before = progress.count(progress.asked_by(asked.programme, user))  # type: ignore[arg-type]
    with django_capture_on_commit_callbacks(execute=True):
        told = erase_person(world.joost.pk, now=NOW)
    assert (told.invitations, told.responses, told.files) == (1, 1, 1)
    kept = Invitation.objects.get()
    assert (kept.facts, kept.language, kept.buying_role) == ({}, "", "decision_maker")
    assert Response.objects.get().answers == {}
    message = ShortMessage.objects.get()
    assert (message.to, message.text, message.state) == ("", "", "refused")
    assert not default_storage.exists(file.file.name or "")
    assert progress.count(progress.asked_by(asked.programme, user)) == before  # type: ignore[arg-type]
    assert client.post(f"/r/{secret_of(asked.pk)}", {"_page": "first", "nps": "8"}).status_code in (303, 410)
    assert Response.objects.get().answers == {}
