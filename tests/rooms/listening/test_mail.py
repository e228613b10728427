"""Invitations by mail: in the person's language and morning, the first question inside, until answered."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.message import Message
from typing import Any

import pytest
from django.test import Client
from tests.kernel.mail.post_office import post_office
from tests.rooms.listening.asking import NOW, people, programme

from rapport.kernel.jobs.worker import run_pending_jobs
from rapport.kernel.models import OutgoingMail
from rapport.rooms.listening.channels.sending import note_refused_mail, send_due
from rapport.rooms.listening.links import secret_of
from rapport.rooms.listening.models import Invitation, Programme, Suppression
from rapport.rooms.listening.programmes.plan import Mailing, Plan, Reminders, Rest
from rapport.rooms.listening.programmes.services import pause_programme
from rapport.rooms.listening.sampling.draws import draw_sample

pytestmark = pytest.mark.django_db


def parts(message: Message) -> tuple[str, str]:
    """Return the plain and the HTML part."""
    found = {part.get_content_type(): part for part in message.walk() if not part.is_multipart()}
    texts = [found[kind].get_payload(decode=True) for kind in ("text/plain", "text/html")]
    return tuple(text.decode() for text in texts if isinstance(text, bytes))  # type: ignore[return-value]


@pytest.fixture
def asked(world: Any, cast: Callable[[str], Any]) -> Programme:
    world.eva.language = "nl"
    world.eva.save()
    made = programme(
        cast("cx_manager"), plan=Plan(mail=Mailing(sender_name="Halden Flow", reply_to="cx@halden.example"))
    )
    draw_sample(made, now=NOW, seed=1)
    return made


def test_a_message_comes_in_the_persons_language_with_the_first_question_inside(
    asked: Programme, world: Any
) -> None:
    with post_office() as office:
        assert send_due(now=NOW).messages == 3
        run_pending_jobs()
    by_person = {message["To"]: message for message in office.accepted}
    eva = Invitation.objects.get(contact=world.eva)
    plain, html = parts(by_person["eva@veldhuis.example"])
    link = f"/r/{secret_of(eva.pk)}"
    assert "Hoe waarschijnlijk is het dat u ons aanbeveelt?" in html
    assert [f"{link}?nps={score}" in html for score in range(11)] == [True] * 11
    assert link in plain
    assert "Beste Eva" in plain
    english = parts(by_person["joost@veldhuis.example"])[0]
    assert "How likely are you to recommend us?" in english
    message = by_person["eva@veldhuis.example"]
    assert str(message["From"]).startswith("Halden Flow <")
    assert message["Reply-To"] == "cx@halden.example"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert secret_of(eva.pk) in message["List-Unsubscribe"]
    assert "veldhuis" not in link


def test_nothing_leaves_twice_however_often_the_job_runs(asked: Programme) -> None:
    with post_office() as office:
        for _time in range(3):
            send_due(now=NOW)
            run_pending_jobs()
    assert len(office.accepted) == 3


def test_mail_waits_for_the_persons_own_morning(world: Any, cast: Callable[[str], Any]) -> None:
    world.eva.time_zone = "America/Los_Angeles"
    world.eva.save()
    world.joost.time_zone = "Asia/Tokyo"
    world.joost.save()
    draw_sample(programme(cast("cx_manager")), now=NOW, seed=1)
    when = {row.contact_id: row.send_at for row in Invitation.objects.all()}
    assert when[world.kestrel_buyer.pk] == NOW  # ten UTC is eleven in Amsterdam: at once
    assert when[world.eva.pk] == datetime(2026, 3, 3, 17, tzinfo=UTC)
    assert when[world.joost.pk] == datetime(2026, 3, 4, 0, tzinfo=UTC)


def test_over_the_weekend_nobody_is_written_to(world: Any, cast: Callable[[str], Any]) -> None:
    saturday = datetime(2026, 3, 7, 9, tzinfo=UTC)
    draw_sample(programme(cast("cx_manager")), now=saturday, seed=1)
    assert set(Invitation.objects.values_list("send_at", flat=True)) == {datetime(2026, 3, 9, 8, tzinfo=UTC)}


def test_reminders_come_until_somebody_answers(asked: Programme, world: Any) -> None:
    send_due(now=NOW)
    Invitation.objects.get(contact=world.eva).responses.create(state="sent", sent_at=NOW)
    later = NOW + timedelta(days=7)
    assert send_due(now=later).messages == 2
    assert send_due(now=later + timedelta(days=7)).messages == 2
    assert send_due(now=later + timedelta(days=14)).messages == 0
    assert OutgoingMail.objects.filter(to="eva@veldhuis.example").count() == 1
    subjects = (
        OutgoingMail.objects.filter(to="joost@veldhuis.example")
        .order_by("pk")
        .values_list("subject", flat=True)
    )
    assert [subject[:10] for subject in subjects] == ["Halden Flo", "Still time", "Still time"]


def test_sending_keeps_its_pace_and_goes_on_where_it_stopped(world: Any, cast: Callable[[str], Any]) -> None:
    people(world.tarnhelm, {"user": 20})
    plan = Plan(mail=Mailing(most_an_hour=300), rest=Rest(contact_days=None))
    draw_sample(programme(cast("cx_manager"), plan=plan), now=NOW, seed=1)
    sent = [send_due(now=NOW + timedelta(minutes=minute)).messages for minute in range(7)]
    assert sent == [5, 5, 5, 5, 3, 0, 0]
    assert len(set(OutgoingMail.objects.values_list("to", flat=True))) == 23


def test_a_paused_programme_sends_nothing(asked: Programme) -> None:
    pause_programme(asked)
    assert send_due(now=NOW).messages == 0


def test_one_click_unsubscribes_and_merely_looking_does_not(
    asked: Programme, world: Any, client: Client
) -> None:
    send_due(now=NOW)
    eva = Invitation.objects.get(contact=world.eva)
    address = f"/ask/stop/{secret_of(eva.pk)}/"
    assert client.get(address).status_code == 200
    assert not Suppression.objects.exists()
    answer = Client(enforce_csrf_checks=True).post(address, {"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    assert (Suppression.objects.get().email, Suppression.objects.get().reason) == (
        "eva@veldhuis.example",
        "unsubscribed",
    )
    send_due(now=NOW + timedelta(days=7))
    assert OutgoingMail.objects.filter(to="eva@veldhuis.example").count() == 1
    assert client.get("/ask/stop/" + "x" * 27 + "/").status_code == 404


def test_an_address_the_mail_server_refuses_for_good_is_suppressed(asked: Programme) -> None:
    with post_office() as office:
        office.to_recipient = "550 No such user"
        send_due(now=NOW)
        run_pending_jobs()
    assert note_refused_mail(now=NOW + timedelta(days=1)) == 3
    assert note_refused_mail(now=NOW + timedelta(days=1)) == 0
    assert set(Invitation.objects.values_list("state", flat=True)) == {"bounced"}
    assert Suppression.objects.filter(reason="bounced").count() == 3


def test_a_message_killed_before_the_servers_reply_waits_for_a_person(asked: Programme) -> None:
    with post_office() as office:
        office.hang_up_after_data = True
        send_due(now=NOW)
        run_pending_jobs()
    assert set(OutgoingMail.objects.values_list("state", flat=True)) == {"doubtful"}
    with post_office() as office:
        send_due(now=NOW + timedelta(minutes=5))
        run_pending_jobs()
    assert office.accepted == []


def test_without_reminders_one_message_is_all(world: Any, cast: Callable[[str], Any]) -> None:
    draw_sample(programme(cast("cx_manager"), plan=Plan(reminders=Reminders(most=0))), now=NOW, seed=1)
    send_due(now=NOW)
    assert set(Invitation.objects.values_list("send_at", flat=True)) == {None}
