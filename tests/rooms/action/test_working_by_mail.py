"""A colleague works on a case by answering its mail; nobody else can, and no message counts twice."""

import base64
import io
import json
import sys
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import typer
from django.conf import settings
from django.test import Client
from tests.cast import World
from tests.rooms.action.cases import Cast, make_case
from tests.rooms.action.written_mail import GMAIL_EN, OUTLOOK_EN, THUNDERBIRD, WITH_A_FILE, WRITTEN

from rapport.kernel.environment import Environment, environment
from rapport.kernel.mail.sending import _message
from rapport.kernel.models import Grant, OutgoingMail
from rapport.rooms.action.command import take
from rapport.rooms.action.models import Case, CaseNote, TakenMail
from rapport.rooms.action.services import replies
from rapport.rooms.action.services.commands import find_command
from rapport.rooms.action.services.reading_mail import NoMail, new_text, read_reply, text_of
from rapport.rooms.action.services.reply_addresses import address_for, find_address
from rapport.rooms.action.services.steps import StepRefused, close_case, tell_customer

pytestmark = pytest.mark.django_db
MONDAY = datetime(2026, 9, 14, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def mailbox(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have replies arrive at one mailbox."""
    monkeypatch.setattr(environment(), "reply_to", "rapport+{token}@halden.example")


@pytest.fixture
def case(world: World, cast: Cast) -> Case:
    return make_case(cast, now=MONDAY)


def written(how: str, words: str, to: str) -> bytes:
    """Return a message as a program would send it."""
    text = how.format(words=words, to=to, space=" ")
    charset = "iso-8859-1" if "iso-8859-1" in text else "utf-8"
    body = text.replace("\n", "\r\n")
    if "quoted-printable" in text:
        head, _blank, rest = body.partition("\r\n\r\n")
        body = f"{head}\r\n\r\n{rest.replace('ü', '=FC').replace('ä', '=E4')}"
    return body.encode(charset)


def to_of(case: Case) -> str:
    assert case.owner
    return address_for(case, case.owner)


def answer(case: Case, words: str, *, how: str = THUNDERBIRD, now: datetime = MONDAY + HOUR) -> TakenMail:
    return replies.take_mail(written(how, words, to_of(case)), now=now)


def told() -> list[OutgoingMail]:
    return list(OutgoingMail.objects.filter(dedupe_key__startswith="mail-").order_by("pk"))


@pytest.mark.parametrize("program", WRITTEN)
def test_what_is_new_in_a_reply_becomes_a_note_of_its_writer(case: Case, program: str) -> None:
    words = "I rang Joost at nine. He is fine with Monday."
    taken = answer(case, words, how=WRITTEN[program])
    assert taken.outcome == "noted"
    note = CaseNote.objects.get()
    left = note.text.removeprefix(words).strip()
    assert note.text.startswith(words)
    assert left in ("", "Best regards,", "Mit freundlichen Grüßen")
    assert (note.author, note.case) == (case.owner, case)


def test_a_note_keeps_its_lines_and_letters(case: Case) -> None:
    answer(case, "Er ruft zurück.\n\nAm Montag schrieb er:\nPasst so.")
    assert CaseNote.objects.get().text == "Er ruft zurück.\n\nAm Montag schrieb er:\nPasst so."


def test_the_same_message_twice_changes_nothing(case: Case) -> None:
    first, second = answer(case, "Once."), answer(case, "Once.", now=MONDAY + 2 * HOUR)
    assert first.pk == second.pk
    assert CaseNote.objects.count() == 1


def test_the_mail_about_a_case_can_be_answered(case: Case) -> None:
    mail = OutgoingMail.objects.get(dedupe_key=f"case-opened:{case.pk}")
    assert mail.headers == {"Reply-To": to_of(case)}
    assert "becomes a note on the case" in mail.text
    sent = _message(mail).message()
    assert sent["Reply-To"] == to_of(case)
    assert sent["Auto-Submitted"] == "auto-generated"


def test_without_an_address_for_replies_nothing_is_promised(
    world: World, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(environment(), "reply_to", "")
    made = make_case(cast, now=MONDAY)
    mail = OutgoingMail.objects.get(dedupe_key=f"case-opened:{made.pk}")
    assert mail.headers == {}
    assert "becomes a note" not in mail.text
    assert find_address(["rapport+1-1-aaaaaaaaaaaaaaaaaaaa@halden.example"]) is None


def test_an_address_cannot_be_guessed_or_moved_to_another_case(case: Case, cast: Cast) -> None:
    right = to_of(case)
    assert find_address(["Rapport@x.example", right.upper()]) == (case.pk, case.owner.pk)  # type: ignore[union-attr]
    other = right.replace(f"+{case.pk}-", f"+{case.pk + 1}-")
    assert find_address([other, right[:-16] + "a@halden.example", f"x{right}", ""]) is None
    assert replies.take_mail(written(THUNDERBIRD, "Hi", other), now=MONDAY).outcome == "unknown"
    assert not CaseNote.objects.exists()


def test_an_address_the_mail_server_knows_is_enough(case: Case) -> None:
    raw = written(THUNDERBIRD, "By copy.", "undisclosed-recipients:;")
    assert replies.take_mail(raw, now=MONDAY, taken_for=[to_of(case)]).outcome == "noted"


@pytest.mark.parametrize(
    "sign",
    [
        *("Auto-Submitted: auto-replied", "Precedence: bulk", "X-Autoreply: yes", "Return-Path: <>"),
        *("List-Id: <all.halden.example>", "Precedence: Auto_Reply"),
    ],
)
def test_a_machine_is_not_answered(case: Case, sign: str) -> None:
    raw = f"{sign}\r\n".encode() + written(THUNDERBIRD, "I am on holiday.", to_of(case))
    taken = replies.take_mail(raw, now=MONDAY)
    assert taken.outcome == "ignored"
    assert not CaseNote.objects.exists()
    assert told() == []


def test_a_bounce_is_ignored(case: Case) -> None:
    raw = (
        f"From: MAILER-DAEMON@halden.example\r\nTo: {to_of(case)}\r\nMessage-ID: <b@x>\r\n"
        "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"
        "--b\r\nContent-Type: text/plain\r\n\r\nNo such user.\r\n--b--\r\n"
    )
    assert replies.take_mail(raw.encode(), now=MONDAY).outcome == "ignored"


def test_a_reply_from_another_address_is_put_aside_until_its_owner_says(
    case: Case, browser_of: Any, cast: Cast
) -> None:
    raw = written(THUNDERBIRD, "From home.", to_of(case)).replace(b"account_manager@", b"someone@")
    taken = replies.take_mail(raw, now=MONDAY)
    assert taken.outcome == "aside"
    assert not CaseNote.objects.exists()
    [mail] = told()
    assert mail.to == "account_manager@halden.example"
    assert f"/act/replies/{taken.pk}/" in mail.text
    assert "From home." not in mail.text
    assert browser_of("cx_manager").get(f"/act/replies/{taken.pk}/").status_code == 404
    client = browser_of("account_manager")
    assert "From home." in client.get(f"/act/replies/{taken.pk}/").content.decode()
    assert not CaseNote.objects.exists()  # looking changes nothing
    client.post(f"/act/replies/{taken.pk}/", {"decision": "mine"})
    assert CaseNote.objects.get().text == "From home."
    taken.refresh_from_db()
    assert (taken.outcome, taken.text) == ("noted", "")
    with pytest.raises(StepRefused):
        replies.throw_away(taken)


def test_what_nobody_asks_for_is_thrown_away_after_a_month(case: Case) -> None:
    raw = written(THUNDERBIRD, "Spam.", to_of(case)).replace(b"account_manager@", b"spam@")
    taken = replies.take_mail(raw, now=MONDAY)
    assert replies.forget_aside(now=MONDAY + timedelta(days=29)) == 0
    assert replies.forget_aside(now=MONDAY + timedelta(days=31)) == 1
    taken.refresh_from_db()
    assert (taken.outcome, taken.text) == ("dropped", "")


def test_whoever_may_not_see_the_case_any_more_writes_nothing_on_it(case: Case) -> None:
    Grant.objects.all().delete()
    Case.objects.update(owner=None)
    raw = written(THUNDERBIRD, "Still here.", address_for(case, case.owner))  # type: ignore[arg-type]
    case.account.owner = None  # type: ignore[union-attr]
    case.account.save()  # type: ignore[union-attr]
    assert replies.take_mail(raw, now=MONDAY).outcome == "refused"
    assert not CaseNote.objects.exists()
    assert "may not see this case any more" in told()[0].text


def test_files_are_not_kept_and_the_note_says_so(case: Case) -> None:
    answer(case, "See the offer.", how=WITH_A_FILE)
    assert CaseNote.objects.get().text == "See the offer.\n\nNot kept: offer.pdf"


def test_an_empty_reply_is_told_back(case: Case) -> None:
    assert answer(case, "", how=OUTLOOK_EN).outcome == "refused"
    assert "Nothing new stood above" in told()[0].text


@pytest.mark.parametrize(
    "words", ["snooze 3 days because he is away", "Zurückstellen 3 Tage, weil er weg ist"]
)
def test_a_case_is_put_aside_by_its_first_line(case: Case, words: str) -> None:
    assert answer(case, words).outcome == "done"
    case.refresh_from_db()
    assert case.snoozed_until == MONDAY + HOUR + timedelta(days=3)
    assert case.snooze_reason in ("he is away", "er weg ist")
    assert not CaseNote.objects.exists()
    assert "as your reply said" in told()[0].text


def test_the_customer_was_told_and_the_case_is_closed_by_mail(case: Case) -> None:
    answer(case, "told customer by phone: New seals leave on Monday.", how=GMAIL_EN)
    case.refresh_from_db()
    assert (case.state, case.told_how) == ("told", "telephone")
    assert case.told_words.startswith("New seals leave on Monday.")
    answer(case, "close: He is content.")
    case.refresh_from_db()
    assert (case.state, case.resolution) == ("closed", "He is content.")


def test_what_cannot_be_done_is_written_down_and_told(case: Case) -> None:
    taken = answer(case, "close: all good")
    assert taken.outcome == "refused"
    assert CaseNote.objects.get().text == "close: all good"
    [mail] = told()
    assert "Tell the customer first" in mail.text
    assert "written on the case as a note" in mail.text
    case.refresh_from_db()
    assert case.state == "open"


@pytest.mark.parametrize(
    "words",
    [
        "Close to a solution.",
        "Told customer service about it.",
        "Snooze is no option",
        "closed the valve: no",
    ],
)
def test_ordinary_words_ask_for_nothing(words: str) -> None:
    assert find_command(words) is None


def test_a_closed_case_still_takes_notes_by_mail(case: Case, cast: Cast) -> None:
    owner = cast("account_manager")
    tell_customer(case, by=owner, how="email", words="x", told_at=MONDAY, now=MONDAY)
    close_case(case, by=owner, resolution="x", now=MONDAY)
    assert answer(case, "He rang again, all fine.").outcome == "noted"


@pytest.mark.parametrize("raw", [b"", b"no mail", b"\xff\xfe\x00", b"Subject: x\r\n\r\nx"])
def test_what_is_no_message_is_refused(raw: bytes) -> None:
    with pytest.raises(NoMail):
        replies.take_mail(raw, now=MONDAY)
    assert not TakenMail.objects.exists()


def test_two_senders_are_none(case: Case) -> None:
    raw = written(THUNDERBIRD, "x", to_of(case)).replace(b"From: ", b"From: x@y.example, ")
    assert read_reply(raw).sender == ""
    assert replies.take_mail(raw, now=MONDAY).outcome == "aside"


def test_an_unknown_character_set_is_read_as_well_as_it_goes(case: Case) -> None:
    raw = written(THUNDERBIRD, "Fine.", to_of(case)).replace(b"charset=UTF-8", b"charset=x-nobody")
    assert replies.take_mail(raw, now=MONDAY).outcome == "noted"


def test_html_is_read_without_styles_scripts_and_quotations() -> None:
    html = (
        "<style>p{}</style><p>One&nbsp;&amp; two<br>three</p><script>x()</script>"
        "<blockquote>old <p>older</p></blockquote><div class='gmail_signature'>me</div>after"
    )
    assert new_text(text_of(html)) == "One & two\nthree\n\nafter".replace("\n\nafter", "\nafter")


# The doors mail comes through.


def test_mail_comes_through_a_pipe(
    case: Case, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    raw = written(OUTLOOK_EN, "Through the pipe.", to_of(case))
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(raw)))
    take()
    assert capsys.readouterr().out == "Written on the case.\n"
    assert CaseNote.objects.get().text == "Through the pipe."
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b"")))
    with pytest.raises(typer.Exit) as ended:
        take()
    assert ended.value.exit_code == 66


def test_mail_comes_from_the_service_in_use_and_only_with_its_secret(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = written(GMAIL_EN, "By the service.", to_of(case))
    body = json.dumps(
        {"RawEmail": raw.decode(), "OriginalRecipient": to_of(case), "FromFull": {}, "ToFull": []}
    )
    client = Client(raise_request_exception=False)

    def bring(word: str) -> int:
        given = "Basic " + base64.b64encode(f"mail:{word}".encode()).decode()
        return client.post(
            "/act/inbound/postmark/", body, "application/json", headers={"authorization": given}
        ).status_code

    monkeypatch.setattr(settings, "EMAIL_BACKEND", "anymail.backends.postmark.EmailBackend")
    monkeypatch.setattr(settings, "ANYMAIL", {})
    assert bring("secret-word") == 404
    monkeypatch.setattr(settings, "ANYMAIL", {"WEBHOOK_SECRET": "mail:secret-word"})
    assert bring("wrong") in (400, 403)
    assert client.post("/act/inbound/mailgun/", body, "application/json").status_code == 404
    assert not TakenMail.objects.exists()
    assert (bring("secret-word"), bring("secret-word")) == (200, 200)
    assert CaseNote.objects.get().text.startswith("By the service.")


@pytest.mark.parametrize(
    "given", ["rapport@halden.example", "{token}", "a{token}b{token}@x.example", "{token}@"]
)
def test_an_address_for_replies_needs_its_place_for_the_token(given: str) -> None:
    with pytest.raises(ValueError, match="token"):
        Environment(reply_to=given)
