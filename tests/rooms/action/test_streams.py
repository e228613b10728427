"""Feedback streams to those it concerns: what they may see, once by mail, signed and repeated by webhook."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from apprise.plugins.slack import NotifySlack
from django.db import transaction
from standardwebhooks.webhooks import Webhook, WebhookVerificationError
from tests.cast import World
from tests.local_server import Local, local_server, make_certificate
from tests.rooms.action.cases import WORDS, Cast, answer

from rapport.kernel.environment import environment
from rapport.kernel.models import Grant, OutgoingMail, User
from rapport.rooms.action.conditions import AccountIn, Condition, Mentions, ProductIn, RegionIn, store_all
from rapport.rooms.action.models import Stream, StreamItem, StreamMessage
from rapport.rooms.action.services import streaming, streams
from rapport.rooms.action.services.stream_words import sentence_of
from rapport.rooms.signals.api import record_signal
from rapport.rooms.signals.models import Signal

pytestmark = pytest.mark.django_db
TUESDAY = datetime(2026, 9, 15, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def stream_of(owner: User, *conditions: Condition, address: str = "", **fields: Any) -> Stream:
    """Make a stream and return it."""
    given = {"name": "Mine", "conditions": store_all(conditions)} | fields
    made = Stream(owner=owner, **given)
    streams.save_stream(made, address=address, now=TUESDAY)
    return made


def say(number: int = 1, *, now: datetime = TUESDAY, **changes: Any) -> Signal:
    """Record an answer and match it, as the jobs do; return it."""
    told = {"external_reference": f"s-{number}", "occurred_at": now} | changes
    done = record_signal(answer(**told), author=None, now=now)
    streams.match_streams([done.signal_id], now=now)
    return Signal.objects.get(pk=done.signal_id)


def send_all(now: datetime = TUESDAY) -> list[StreamMessage]:
    """Try every message that is due."""
    due = list(StreamMessage.objects.filter(streaming.due(now)).values_list("pk", flat=True))
    return [tried for pk in due if (tried := streaming.deliver(pk, now=now))]


def mails() -> list[OutgoingMail]:
    return list(OutgoingMail.objects.filter(dedupe_key__startswith="stream").order_by("pk"))


@pytest.fixture
def private(monkeypatch: pytest.MonkeyPatch) -> None:
    """Allow addresses of this machine, as a company may for its own network."""
    monkeypatch.setattr(environment(), "private_addresses", True)


@pytest.fixture
def local(private: None) -> Iterator[Local]:
    with local_server() as server:
        yield server


def hook(cast: Cast, local: Local) -> tuple[Stream, str]:
    """Return a stream to a program on the local server, and its secret."""
    made = Stream(owner=cast("cx_manager"), name="CRM", channel="webhook")
    secret = streams.save_stream(made, address=f"http://127.0.0.1:{local.port}/hook?k=v", now=TUESDAY)
    return made, secret


def test_a_stream_reads_as_a_sentence(world: World, cast: Cast) -> None:
    made = stream_of(
        cast("cx_manager"),
        ProductIn(keys=("seal-kit",)),
        AccountIn(codes=(world.veldhuis.code,)),
        Mentions(phrases=("late", "no call")),
        rhythm="weekly",
    )
    assert sentence_of(made) == (
        "Feedback where the product is Seal kit, and the customer is Veldhuis Dairy, and the words mention "
        "“late” or “no call” that I may see. Weekly, on Monday at 7 in the morning. E-mail to me."
    )


def test_feedback_comes_by_mail_at_once_and_once(world: World, cast: Cast) -> None:
    stream_of(cast("account_manager"), AccountIn(codes=(world.veldhuis.code,)))
    said = say(touchpoint="delivery")
    assert streams.match_streams([said.pk], now=TUESDAY + HOUR) == 0
    assert [one.state for one in send_all()] == ["sent"]
    assert send_all(TUESDAY + HOUR) == []
    [mail] = mails()
    assert mail.to == "account_manager@halden.example"
    assert mail.subject == "Mine: Veldhuis Meppel told us something"
    assert WORDS in mail.text
    assert f"/listen/feedback/{said.pk}/" in mail.text


def test_only_what_meets_the_conditions_comes(world: World, cast: Cast) -> None:
    stream_of(cast("cx_manager"), RegionIn(keys=("nordics",)))
    stream_of(cast("cx_manager"), Mentions(phrases=("SEAL   kits",)))
    say(1)
    say(2, comments=())
    assert [item.signal.external_reference for item in StreamItem.objects.all()] == ["s-1"]


def test_nobody_is_streamed_what_they_may_not_see(world: World, cast: Cast) -> None:
    for who in ("account_manager", "partner_user", "champion", "employee"):
        made = Stream(owner=cast(who), name=who)
        if who == "employee":
            with pytest.raises(streams.StreamRefused):
                streams.save_stream(made, address="", now=TUESDAY)
            continue
        streams.save_stream(made, address="", now=TUESDAY)
    say(1)
    say(2, contact="mikkel@kestrel.example")
    send_all()
    got = {mail.to.split("@")[0]: "Kestrel" in mail.text for mail in mails()}
    assert got == {"account_manager": False, "champion": False, "partner_user": True}


def test_anonymous_feedback_never_streams(world: World, cast: Cast) -> None:
    stream_of(cast("cx_manager"))
    say(1, anonymous=True, contact="", region="benelux")
    assert not StreamItem.objects.exists()


def test_what_may_not_be_seen_any_more_is_not_sent(world: World, cast: Cast) -> None:
    owner = cast("champion")
    stream_of(owner)
    say(1)
    Grant.objects.filter(user=owner).update(key="nordics")
    assert [one.state for one in send_all()] == ["empty"]
    assert mails() == []


def test_whoever_has_left_is_sent_nothing(world: World, cast: Cast) -> None:
    stream_of(cast("champion"))
    say(1)
    User.objects.filter(email="champion@halden.example").update(is_active=False)
    assert send_all() == []


def test_a_daily_stream_gathers_until_seven_where_its_owner_is(world: World, cast: Cast) -> None:
    owner = cast("cx_manager")
    User.objects.filter(pk=owner.pk).update(time_zone="America/New_York")
    owner.refresh_from_db()
    made = stream_of(owner, rhythm="daily")
    assert made.next_at == datetime(2026, 9, 15, 11, 0, tzinfo=UTC)
    say(1)
    say(2)
    assert streams.gather_due(now=TUESDAY) == 0
    assert streams.gather_due(now=made.next_at) == 1
    send_all(made.next_at)
    assert [mail.subject for mail in mails()] == ["Mine: 2 new"]
    made.refresh_from_db()
    assert made.next_at == datetime(2026, 9, 16, 11, 0, tzinfo=UTC)
    assert streams.gather_due(now=made.next_at) == 0  # nothing came: nothing is sent


def test_a_weekly_stream_comes_on_mondays_also_across_summer_time(world: World, cast: Cast) -> None:
    owner = cast("cx_manager")
    owner.time_zone = "Europe/Amsterdam"
    made = Stream(owner=owner, name="x", rhythm="weekly")
    assert streams.next_time(made, datetime(2026, 10, 19, 5, 0, tzinfo=UTC)) == datetime(
        2026, 10, 26, 6, 0, tzinfo=UTC
    )


def test_more_than_fit_are_counted(world: World, cast: Cast) -> None:
    made = stream_of(cast("cx_manager"), rhythm="daily")
    for number in range(22):
        say(number)
    assert made.next_at
    streams.gather_due(now=made.next_at)
    send_all(made.next_at)
    assert "And 2 more" in mails()[0].text


@pytest.mark.enable_socket
def test_a_program_gets_each_message_signed_as_standard_webhooks_say(
    world: World, cast: Cast, local: Local
) -> None:
    made, secret = hook(cast, local)
    assert secret.startswith("whsec_")
    assert secret not in made.secret_sealed
    said = say(1, touchpoint="delivery", now=datetime.now(UTC))
    [message] = send_all(datetime.now(UTC))
    assert (message.state, message.status) == ("sent", 200)
    [got] = local.got
    told = Webhook(secret).verify(got.body.decode(), got.headers)
    assert told == json.loads(got.body)
    assert told["type"] == "feedback.recorded"
    [signal] = told["data"]["signals"]
    assert (signal["id"], signal["account"]) == (str(said.pk), world.meppel.code)
    assert signal["comments"] == [{"text": WORDS, "language": "en"}]
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(got.body.decode() + " ", got.headers)
    assert got.path == "/hook?k=v"


@pytest.mark.enable_socket
def test_what_was_not_taken_is_tried_again_with_the_same_id_and_then_given_up(
    world: World, cast: Cast, local: Local
) -> None:
    made, _secret = hook(cast, local)
    say(1)
    local.status, now, waits = 503, TUESDAY, []
    while True:
        [message] = send_all(now)
        if message.state == "failed":
            break
        assert send_all(now) == []  # not before its time
        assert message.not_before
        waits.append(message.not_before - now)
        now = message.not_before
    assert waits[:4] == [timedelta(seconds=wait) for wait in (5, 10, 20, 40)]
    assert max(waits) == timedelta(hours=6)
    assert timedelta(days=2, hours=12) < now - TUESDAY <= timedelta(days=3)
    assert len({got.headers["webhook-id"] for got in local.got}) == 1
    assert len(local.got) == len(waits) + 1
    made.refresh_from_db()
    assert made.paused_at
    assert "503" in made.paused_because
    [mail] = mails()
    assert (mail.to, "is paused" in mail.subject) == ("cx_manager@halden.example", True)
    assert "503" in mail.text
    # mended: let it flow, try again
    local.status = 200
    streams.resume(made, now=now)
    streams.try_again(message, now=now)
    assert [one.state for one in send_all(now)] == ["sent"]
    with pytest.raises(streams.StreamRefused):
        streams.try_again(message, now=now)


@pytest.mark.enable_socket
def test_who_is_gone_for_good_is_not_tried_for_three_days(world: World, cast: Cast, local: Local) -> None:
    hook(cast, local)
    say(1)
    local.status = 410
    assert [one.state for one in send_all()] == ["failed"]


def test_a_name_that_leads_inside_by_now_is_not_called(world: World, cast: Cast) -> None:
    made = stream_of(cast("cx_manager"), channel="webhook", address="https://hooks.example/x")
    Stream.objects.filter(pk=made.pk).update(
        address_sealed=streams.seal("https://127.0.0.1/x", purpose=streams.ADDRESS)
    )
    say(1)
    [message] = send_all()
    assert (message.state, "not public" in message.error) == ("failed", True)


@pytest.mark.enable_socket
def test_a_message_whose_worker_died_is_sent_again_with_the_same_id(
    world: World, cast: Cast, local: Local
) -> None:
    hook(cast, local)
    say(1)
    message = StreamMessage.objects.get()
    with transaction.atomic():
        assert streaming._claim(message.pk, TUESDAY)
    assert streaming.deliver(message.pk, now=TUESDAY + timedelta(seconds=30)) is None
    later = TUESDAY + timedelta(minutes=2)
    assert streaming.take_up_left(now=later) == [message.pk]
    assert [one.state for one in send_all(later)] == ["sent"]
    assert local.got[0].headers["webhook-id"] == message.key


@pytest.mark.enable_socket
def test_slack_gets_it_through_apprise(
    world: World, cast: Cast, local: Local, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(NotifySlack, "webhook_url", f"http://127.0.0.1:{local.port}/services")
    monkeypatch.setattr(NotifySlack, "request_rate_per_sec", 0)
    address = "https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"
    stream_of(cast("cx_manager"), channel="slack", address=address)
    say(1)
    assert [one.state for one in send_all()] == ["sent"]
    [got] = local.got
    assert "/T1JJ3T3L2/" in got.path
    assert "Third time this year" in got.body.decode()
    local.status = 500
    say(2)
    [message] = send_all()
    assert (message.state, message.error) == ("waiting", "Slack did not take it.")


@pytest.mark.enable_socket
def test_teams_gets_it_through_apprise(
    world: World, cast: Cast, private: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = make_certificate(tmp_path / "own.pem")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    with local_server(certificate) as local:
        local.status = 202
        address = f"workflows://127.0.0.1:{local.port}/A1B2C3/signature-of-theirs/"
        stream_of(cast("cx_manager"), channel="teams", address=address)
        say(1)
        assert [one.state for one in send_all()] == ["sent"]
        [got] = local.got
    assert got.path.startswith("/workflows/A1B2C3/triggers/manual/paths/invoke")
    assert "Third time this year" in json.dumps(json.loads(got.body))


@pytest.mark.parametrize(
    ("channel", "address"),
    [
        ("webhook", "http://example.org/"),
        ("webhook", "https://169.254.169.254/latest"),
        ("webhook", ""),
        (
            "slack",
            "https://hooks.slack.com.evil.example/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ",
        ),
        ("slack", "json://127.0.0.1/"),
        ("slack", "https://hooks.slack.com/nothing"),
        ("teams", "https://a.powerplatform.evil.example/workflows/a/triggers/manual/paths/invoke?sig=b"),
        ("teams", "workflows://127.0.0.1:443/A1B2C3/sig/"),
        ("teams", "syslog://"),
    ],
)
def test_an_address_that_is_none_of_the_channel_is_refused(
    world: World, cast: Cast, channel: str, address: str
) -> None:
    with pytest.raises(streams.StreamRefused):
        stream_of(cast("cx_manager"), channel=channel, address=address)
    assert not Stream.objects.exists()


def test_the_address_and_the_secret_lie_sealed(world: World, cast: Cast) -> None:
    made = stream_of(cast("cx_manager"), channel="webhook", address="https://hooks.example/token-1234")
    row = str(Stream.objects.filter(pk=made.pk).values().get())
    assert "token-1234" not in row
    assert "whsec_" not in row
    assert made.address_shown == "hooks.example … 1234"


def test_a_paused_stream_carries_nothing(world: World, cast: Cast) -> None:
    made = stream_of(cast("cx_manager"))
    streams.pause(made, now=TUESDAY)
    say(1)
    assert not StreamItem.objects.exists()
    streams.resume(made, now=TUESDAY)
    say(2)
    assert StreamItem.objects.count() == 1


def test_what_others_read_needs_the_permission_to_export(world: World, cast: Cast) -> None:
    with pytest.raises(streams.StreamRefused, match="export"):
        stream_of(cast("champion"), channel="webhook", address="https://hooks.example/")


# On its pages, and for programs.


def test_a_stream_is_made_on_its_page_and_its_secret_shown_once(
    world: World, cast: Cast, browser_of: Any
) -> None:
    client = browser_of("cx_manager")
    typed = {"name": "CRM", "channel": "webhook", "rhythm": "once", "address": "https://hooks.example/x"}
    looked = client.post("/act/streams/new/", typed | {"look": "1"})
    assert "All feedback that I may see" in looked.content.decode()
    assert not Stream.objects.exists()
    shown = client.post("/act/streams/new/", typed | {"accounts": world.veldhuis.code, "region": ["benelux"]})
    assert "whsec_" in shown.content.decode()
    made = Stream.objects.get()
    assert made.conditions == {"account": [world.veldhuis.code], "region": ["benelux"]}
    again = client.get(f"/act/streams/{made.code}/").content.decode()
    assert "whsec_" not in again
    assert "hooks.example … le/x" in again
    changed = client.post(f"/act/streams/{made.code}/", typed | {"name": "CRM 2", "address": ""}, follow=True)
    assert "CRM 2" in changed.content.decode()
    renewed = client.post(f"/act/streams/{made.code}/secret/")
    assert "whsec_" in renewed.content.decode()


def test_a_customer_out_of_reach_cannot_be_named(world: World, cast: Cast, browser_of: Any) -> None:
    typed = {"name": "x", "accounts": world.tarnhelm.code}
    answered = browser_of("account_manager").post("/act/streams/new/", typed)
    assert f"There is no customer {world.tarnhelm.code}." in answered.content.decode()
    assert not Stream.objects.exists()


def test_a_partner_does_not_read_who_else_sells_for_us(world: World, cast: Cast, browser_of: Any) -> None:
    shown = browser_of("partner_user").get("/act/streams/new/").content.decode()
    assert "Served by partner" not in shown
    assert "A Slack channel" not in shown  # no permission to export


@pytest.mark.enable_socket
def test_programs_make_streams_and_read_what_became_of_each_message(
    world: World, cast: Cast, browser_of: Any, local: Local
) -> None:
    client = browser_of("cx_manager")
    asked = {"name": "CRM", "channel": "webhook", "address": f"http://127.0.0.1:{local.port}/"}
    wrong = client.post("/api/v1/streams", json.dumps(asked | {"address": "ftp://x"}), "application/json")
    assert (wrong.status_code, "https://" in wrong.json()["detail"]) == (422, True)
    made = client.post("/api/v1/streams", json.dumps(asked), "application/json").json()
    assert made["secret"].startswith("whsec_")
    assert client.get(f"/api/v1/streams/{made['code']}").json()["secret"] == ""
    assert client.post(f"/api/v1/streams/{made['code']}/trial").status_code == 202
    local.status = 500
    send_all(datetime.now(UTC))
    [row] = client.get(f"/api/v1/streams/{made['code']}/messages").json()
    assert (row["state"], row["status"], row["attempts"], row["trial"]) == ("waiting", 500, 1, True)
    local.status = 200
    assert client.post(f"/api/v1/streams/messages/{row['id']}/again").status_code == 202
    [sent] = send_all(datetime.now(UTC))
    assert sent.state == "sent"
    assert json.loads(local.got[-1].body)["type"] == "stream.trial"
    assert client.post(f"/api/v1/streams/messages/{row['id']}/again").status_code == 409
    paused = client.post(
        f"/api/v1/streams/{made['code']}/flow", json.dumps({"flow": False}), "application/json"
    )
    assert paused.json()["paused"] is True
    assert browser_of("analyst").get(f"/api/v1/streams/{made['code']}").status_code == 404
    assert client.delete(f"/api/v1/streams/{made['code']}").status_code == 204
