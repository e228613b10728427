"""What waits for a person: messages in doubt and incentives; and apprise against a real server."""

import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from tests.rooms.listening.asking import NOW, programme

from rapport.kernel.models import ApiToken
from rapport.rooms.listening.channels.deciding import NothingToDecide, give_up, send_again
from rapport.rooms.listening.channels.messages import hand_over
from rapport.rooms.listening.channels.providers import Apprise, NotTaken
from rapport.rooms.listening.models import Invitation, Programme, Reward, ShortMessage
from rapport.rooms.listening.programmes.plan import Incentive, Plan
from rapport.rooms.listening.services.inviting import create_invitation

pytestmark = pytest.mark.django_db


@pytest.fixture
def promising(world: Any, cast: Any) -> Programme:
    return programme(
        cast("cx_manager"), plan=Plan(incentive=Incentive(name="A cake", value=12, currency="EUR"))
    )


def ask(running: Programme, contact: Any) -> Invitation:
    version = running.survey.versions.get()
    return create_invitation(version, programme=running, channel="message", now=NOW, contact=contact)[0]


def message(invitation: Invitation, state: str = "doubtful", **more: Any) -> ShortMessage:
    told = {"key": f"message:{invitation.pk}:{state}", "to": "+31612345678", "text": "Ask", "queued_at": NOW}
    return ShortMessage.objects.create(invitation=invitation, state=state, **{**told, **more})


def test_whoever_manages_programmes_decides_about_a_message_in_doubt(
    promising: Programme, world: Any, browser_of: Any, cast: Any
) -> None:
    doubtful = message(ask(promising, world.joost))
    client, address = browser_of("cx_manager"), reverse("programmes:messages")
    page = client.get(address).content.decode()
    assert "1 short message may have left" in page
    assert "+31612345678" in page
    client.post(address, {"message": doubtful.pk, "decision": "send"})
    doubtful.refresh_from_db()
    assert (doubtful.state, doubtful.decided_by) == ("queued", cast("cx_manager"))
    taken: list[str] = []

    class Taking:
        def hand_over(self, *, key: str, to: str, text: str, at: int) -> None:
            taken.append(to)

    hand_over(doubtful.pk, Taking(), now=NOW + timedelta(hours=1))
    doubtful.refresh_from_db()
    assert (doubtful.state, taken) == ("sent", ["+31612345678"])
    with pytest.raises(NothingToDecide):
        send_again(doubtful, cast("cx_manager"), now=NOW)


def test_a_message_given_up_is_not_sent_and_one_on_its_way_cannot_be_decided(
    promising: Programme, world: Any, cast: Any, client: Client
) -> None:
    invitation, manager = ask(promising, world.joost), cast("cx_manager")
    waiting, handing = message(invitation, "queued"), message(invitation, "handing")
    head = {"Authorization": f"Bearer {ApiToken.issue(manager, 'a program')[1]}"}
    listed = client.get("/api/v1/short-messages", headers=head).json()
    assert {one["state"] for one in listed} == {"queued", "handing"}
    given = client.post(
        f"/api/v1/short-messages/{waiting.pk}/decision",
        json.dumps({"decision": "drop"}),
        content_type="application/json",
        headers=head,
    )
    assert given.json()["state"] == "dropped"
    hand_over(waiting.pk, None, now=NOW)
    waiting.refresh_from_db()
    assert waiting.state == "dropped"
    with pytest.raises(NothingToDecide):
        give_up(handing, manager, now=NOW)


def test_an_incentive_is_handed_out_once_and_reported(
    promising: Programme, world: Any, browser_of: Any, cast: Any, client: Client
) -> None:
    earned = Reward.objects.create(
        invitation=ask(promising, world.joost), name="A cake", value=12, currency="EUR", due_at=NOW
    )
    waiting = Reward.objects.create(
        invitation=ask(promising, world.kestrel_buyer), name="A cake", value=12, currency="EUR"
    )
    browser, address = browser_of("cx_manager"), reverse("programmes:rewards", args=[promising.code])
    page = browser.get(address).content.decode()
    assert "1 incentive waits to be handed out" in page
    assert world.joost.name in page
    assert world.kestrel_buyer.name not in page
    browser.post(address, {"reward": [earned.pk, waiting.pk]})
    earned.refresh_from_db()
    waiting.refresh_from_db()
    assert earned.given_by == cast("cx_manager")
    assert waiting.given_at is None
    first = earned.given_at
    head = {"Authorization": f"Bearer {ApiToken.issue(cast('cx_manager'), 'a program')[1]}"}
    again = client.post(f"/api/v1/rewards/{earned.pk}/given", headers=head)
    assert again.status_code == 200
    earned.refresh_from_db()
    assert earned.given_at == first
    (told,) = client.get(f"/api/v1/programmes/{promising.code}/rewards", headers=head).json()
    assert (told["person"], told["value"]) == (world.joost.code, "12.00")


def test_of_an_anonymous_programme_nobody_learns_who_earned_an_incentive(
    promising: Programme, world: Any, browser_of: Any
) -> None:
    Reward.objects.create(
        invitation=ask(promising, world.joost), name="Cake", value=1, currency="EUR", due_at=NOW
    )
    Programme.objects.filter(pk=promising.pk).update(anonymous=True)
    assert (
        browser_of("administrator").get(reverse("programmes:rewards", args=[promising.code])).status_code
        == 404
    )
    assert not Reward.objects.visible_to(promising.owner).exists()


# -- apprise, spoken over HTTP to a real server

# Its own, of a module it looks for pictures with.
of_apprise = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")


class Service:
    """An SMS service that takes JSON, as apprise's json:// speaks it."""

    def __init__(self) -> None:
        self.status, self.taken = 200, list[tuple[str, dict[str, Any]]]()
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                service.taken.append((self.path, json.loads(body)))
                self.send_response(service.status)
                self.end_headers()

            def log_message(self, *_said: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def address(self) -> str:
        return f"json://127.0.0.1:{self.server.server_port}/sms/{{to}}"


@pytest.fixture
def service() -> Iterator[Service]:
    made = Service()
    yield made
    made.server.shutdown()
    made.server.server_close()


@of_apprise
@pytest.mark.enable_socket
def test_apprise_hands_a_message_to_a_service_that_speaks_http(
    service: Service, promising: Programme, world: Any
) -> None:
    row = message(ask(promising, world.joost), "queued", text="How did we do? https://x/r/1")
    hand_over(row.pk, Apprise(service.address), now=NOW)
    row.refresh_from_db()
    ((path, told),) = service.taken
    assert row.state == "sent"
    assert path.rstrip("/").replace("%2B", "+") == "/sms/+31612345678"
    assert told["message"] == "How did we do? https://x/r/1"


@of_apprise
@pytest.mark.enable_socket
def test_a_service_that_refuses_leaves_a_doubt_and_nothing_is_sent_twice(
    service: Service, promising: Programme, world: Any
) -> None:
    service.status = 500
    row = message(ask(promising, world.joost), "queued")
    for _again in range(2):
        hand_over(row.pk, Apprise(service.address), now=NOW)
    row.refresh_from_db()
    assert (row.state, len(service.taken)) == ("doubtful", 1)


@of_apprise
def test_an_address_apprise_does_not_know_is_told_plainly() -> None:
    with pytest.raises(NotTaken, match="does not know"):
        Apprise("nonsense://{to}").hand_over(key="k", to="1", text="x", at=0)
