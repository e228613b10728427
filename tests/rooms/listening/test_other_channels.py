"""Short messages, open links and the web snippet."""

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from django.test import Client
from tests.rooms.listening.asking import NOW, programme

from rapport.kernel.outbound.signing import sign
from rapport.rooms.listening.channels.codes import add_open_link
from rapport.rooms.listening.channels.messages import doubt_lost_messages, hand_over
from rapport.rooms.listening.channels.providers import Folder, Webhook
from rapport.rooms.listening.channels.sending import send_due
from rapport.rooms.listening.channels.web import script_of
from rapport.rooms.listening.links import secret_of
from rapport.rooms.listening.models import Invitation, ShortMessage
from rapport.rooms.listening.programmes.plan import Plan
from rapport.rooms.listening.sampling.draws import draw_sample

pytestmark = pytest.mark.django_db
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@contextmanager
def provider_says(status: int) -> Iterator[tuple[str, list[tuple[Any, bytes]]]]:
    """Run a provider of short messages that answers with a status; status 0 hangs up without an answer."""
    got: list[tuple[Any, bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append((self.headers, self.rfile.read(int(self.headers["Content-Length"]))))
            if status:
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

        def log_message(self, *told: Any) -> None:
            del told

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/send", got
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def message(world: Any, cast: Any) -> ShortMessage:
    world.eva.phone = "+31612345678"
    world.eva.save()
    draw_sample(programme(cast("cx_manager"), plan=Plan(channels=("message",))), now=NOW, seed=1)
    assert send_due(now=NOW).messages == 1
    return ShortMessage.objects.get()


def test_a_provider_gets_each_message_once_and_signed(message: ShortMessage) -> None:
    with provider_says(202) as (url, got):
        for _time in range(2):
            hand_over(message.pk, Webhook(url, SECRET), now=NOW)
    [(headers, body)] = got
    told = json.loads(body)
    asked = Invitation.objects.get()
    assert told["to"] == "+31612345678"
    assert f"/r/{secret_of(asked.pk)}" in told["text"]
    assert headers["Webhook-Signature"] == sign(SECRET, message.key, int(NOW.timestamp()), body)
    message.refresh_from_db()
    assert (message.state, message.attempts) == ("sent", 1)


def test_the_signature_is_that_of_standard_webhooks() -> None:
    # The example of the specification's reference implementation.
    signed = sign(SECRET, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize(
    ("status", "state"), [(400, "refused"), (429, "queued"), (500, "doubtful"), (0, "doubtful")]
)
def test_what_the_provider_did_not_plainly_take_is_refused_or_in_doubt(
    message: ShortMessage, status: int, state: str
) -> None:
    with provider_says(status) as (url, _got):
        hand_over(message.pk, Webhook(url), now=NOW)
    message.refresh_from_db()
    assert message.state == state


def test_a_provider_that_is_not_there_is_tried_again(message: ShortMessage) -> None:
    with provider_says(200) as (url, _got):
        pass
    hand_over(message.pk, Webhook(url), now=NOW)
    message.refresh_from_db()
    assert message.state == "queued"


def test_a_message_whose_worker_died_is_doubted_and_not_sent_again(
    message: ShortMessage, tmp_path: Any
) -> None:
    ShortMessage.objects.update(state="handing", handed_at=NOW)
    assert doubt_lost_messages(now=NOW + timedelta(minutes=2)) == 1
    hand_over(message.pk, Folder(tmp_path), now=NOW + timedelta(minutes=3))
    assert list(tmp_path.iterdir()) == []


def test_without_a_provider_nothing_pretends_to_be_sent(message: ShortMessage) -> None:
    hand_over(message.pk, None, now=NOW)
    message.refresh_from_db()
    assert (message.state, "RAPPORT_MESSAGES_URL" in message.error) == ("refused", True)


def test_the_snippet_holds_one_question_no_cookie_and_stops_with_its_programme(world: Any, cast: Any) -> None:
    made = programme(cast("cx_manager"), plan=Plan(web_share=0.25, web_origins=("https://shop.example",)))
    row = add_open_link(made, label="Shop", channel="web", place={"touchpoint": "delivery"}, now=NOW)
    answer = Client().get(f"/ask/snippet/{row.pk}.js")
    script = answer.content.decode()
    assert answer["Content-Type"].startswith("text/javascript")
    assert not answer.cookies
    ask = json.loads(re.search(r"var ask = (\{.*\});", script)[1])  # type: ignore[index]
    assert (ask["share"], ask["origins"]) == (0.25, ["https://shop.example"])
    assert ask["words"]["nl"]["offers"][9]["url"].endswith(f"/r/{secret_of(row.pk)}?nps=9")
    assert not re.search(
        r"cookie|localStorage|sessionStorage|eval\(|innerHTML|setAttribute\(.style", script.split("*/")[1]
    )
    made.state = "paused"
    made.save()
    row.refresh_from_db()
    assert script_of(Invitation.objects.get(pk=row.pk)).startswith("/* Nobody is asked")
