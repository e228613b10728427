"""Open links, anonymous programmes, quotas, several responses, previews: what each promises."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from tests.rooms.listening.conftest import NOW, Asking

from rapport.kernel.events import listen_to
from rapport.rooms.listening.api import ContactWanted, tell_what_was_done
from rapport.rooms.listening.definition import (
    ConsentQuestion,
    ContactRequest,
    Definition,
    FileQuestion,
    Operator,
    Page,
    Part,
    Quota,
    Scale,
    Subject,
    TextQuestion,
    Thanks,
)
from rapport.rooms.listening.models import Ballot, Invitation, QuotaFill, Response, Upload
from rapport.rooms.listening.respond import answering
from rapport.rooms.listening.respond.answering import Reply, Request, answer
from rapport.rooms.listening.respond.limits import Limit, network_of
from rapport.rooms.listening.sampling.draws import CannotDraw, published_version
from rapport.rooms.listening.services.inviting import create_invitation, open_link
from rapport.rooms.listening.services.passing_on import empty_ballots, pass_on
from rapport.rooms.signals.models import Signal

NPS = Scale(type="nps", key="nps", text={"en": "Would you recommend us?"}, required=True, metric="nps")
WORDS = TextQuestion(type="long_text", key="words", text={"en": "Why?"})
ONE = Definition(title={"en": "Orders"}, pages=(Page(key="p", questions=(NPS, WORDS)),))
TWO = ONE.model_copy(update={"pages": (Page(key="p", questions=(NPS,)), Page(key="q", questions=(WORDS,)))})
wanted: list[ContactWanted] = []
listen_to(ContactWanted)(wanted.append)


def ask(path: str, at: datetime = NOW, address: str = "192.0.2.1", **form: str) -> Reply:
    """Ask a link for its page, or post to it when a form is given."""
    told = {name: [value] for name, value in form.items()}
    path, _, query = path.partition("?")
    asked = {part.partition("=")[0]: [part.partition("=")[2]] for part in query.split("&") if part}
    return answer(Request("POST" if form else "GET", path.removeprefix("/r/"), asked, told, {}, address), at)


def token_in(page: str) -> str:
    """Return what lets the reader of a page begin."""
    found = re.search(r'name="_me" value="([^"]+)"', page)
    assert found
    return found[1]


def begin(path: str, at: datetime = NOW, **form: str) -> Reply:
    """Open a link and post its first page some seconds later."""
    token = token_in(ask(path, at).html)
    told = {"_page": "p", "_asked": "nps words", "nps": "7"} | form
    return ask(path, at + timedelta(seconds=5), _me=token, **told)


def test_each_who_comes_by_an_open_link_has_a_response_and_a_link_of_their_own(asking: Asking) -> None:
    invitation, path = asking.open(TWO)
    first = begin(path, _asked="nps")
    second = begin(path, _asked="nps", nps="2")
    assert first.location != second.location
    assert first.location.partition("?")[0] != path
    assert "Why?" in ask(first.location).html
    own = first.location.partition("?")[0]
    ask(own, _page="q", _asked="words", words="All well")
    assert "Thank you" in ask(own).html
    assert sorted(response.state for response in invitation.responses.all()) == ["open", "sent"]
    assert pass_on(now=NOW) == 1
    assert Signal.objects.get().contact is None


def test_the_same_form_sent_twice_by_an_open_link_is_one_response(asking: Asking) -> None:
    invitation, path = asking.open(ONE)
    token = token_in(ask(path).html)
    for score in ("7", "3"):
        told = {"_page": "p", "_asked": "nps words", "nps": score, "_me": token}
        sent = ask(path, NOW + timedelta(seconds=5), **told)
        assert sent.status == 303
        assert "Thank you" in ask(sent.location).html
    assert [response.answers["nps"] for response in invitation.responses.all()] == [7.0]


def test_an_open_link_holds_back_what_is_too_quick_too_old_forged_or_too_much(
    asking: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    invitation, path = asking.open(ONE)
    token = token_in(ask(path).html)
    told = {"_page": "p", "_asked": "nps words", "nps": "7", "words": "Typed already"}
    quick = ask(path, _me=token, **told)
    assert (quick.status, "Typed already" in quick.html) == (422, True)
    assert ask(path, NOW + timedelta(days=2), _me=token, **told).status == 422
    forged = token[:-1] + ("0" if token[-1] != "0" else "1")
    assert ask(path, NOW + timedelta(seconds=5), _me=forged, **told).status == 422
    assert ask(path, **told).status == 422
    assert not invitation.responses.exists()
    monkeypatch.setattr(answering, "OPENINGS", Limit(2, 3600))
    assert [begin(path).status for _ in range(3)] == [303, 303, 429]


def test_guessing_is_slowed_down_by_address(asking: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answering, "GUESSES", Limit(3, 600))
    _invitation, path = asking.invite(ONE)
    assert [ask("/r/guess", address="2001:db8::1").status for _ in range(4)] == [404, 404, 404, 429]
    assert ask(path, address="2001:db8::2").status == 429
    assert ask(path, address="2001:db8:0:1::2").status == 200


def test_limits_refill_and_count_ipv6_by_network() -> None:
    now = [0.0]
    limit = Limit(2, 10, clock=lambda: now[0])
    assert [limit.take("a") for _ in range(3)] == [True, True, False]
    now[0] = 5.0
    assert [limit.take("a"), limit.take("a")] == [True, False]
    assert network_of("::ffff:192.0.2.7") == "192.0.2.7"
    assert network_of("2001:db8::7") == "2001:db8::/64"


def test_nothing_kept_with_an_anonymous_answer_leads_back(asking: Asking) -> None:
    invitation, path = asking.invite(TWO, anonymous=True)
    ask(path, _page="p", _asked="nps", nps="2")
    under_way = invitation.responses.get()
    assert set(under_way.answers) == {"sealed"}
    assert under_way.pk.version == 4
    assert re.search(r'value="2" checked', ask(f"{path}?page=p").html)
    ask(path, _page="q", _asked="words", words="They never ring back")
    sent = invitation.responses.get()
    assert (sent.state, sent.answers) == ("sent", {})
    assert sent.sent_at == sent.started_at == NOW.replace(day=1, hour=0)
    ballot = Ballot.objects.get()
    assert ballot.answers == {"nps": 2.0, "words": "They never ring back"}
    assert str(invitation.pk) not in str(vars(ballot))
    assert pass_on(now=NOW) == 0
    assert empty_ballots(now=NOW, rng=Random(1)) == 1
    assert not Ballot.objects.exists()
    signal = Signal.objects.get()
    assert signal.anonymous
    assert (signal.account, signal.contact, signal.buying_role) == (None, None, "")
    assert str(ballot.pk) != signal.external_reference
    assert invitation.responses.get().signal_id is None


def test_a_quota_takes_so_many_and_no_more(asking: Asking) -> None:
    low = Part(subject=Subject(kind="answer", key="nps"), operator=Operator.AT_MOST, value=6)
    full = Quota(key="low", when=low, most=1, message={"en": "We have heard enough unhappy people."})
    _invitation, path = asking.open(TWO.model_copy(update={"quotas": (full,)}))
    early, late = (begin(path, _asked="nps", nps="2").location.partition("?")[0] for _ in range(2))
    for own in (early, late):
        ask(own, _page="q", _asked="words", words="Late again")
    assert [Response.objects.filter(state=state).count() for state in ("sent", "screened")] == [1, 1]
    assert QuotaFill.objects.get().taken == 1
    screened = begin(path, _asked="nps", nps="1")
    assert "We have heard enough unhappy people." in ask(screened.location).html
    assert begin(path, _asked="nps", nps="9").location.endswith("page=q")
    assert pass_on(now=NOW) == 1


def test_a_programme_may_let_a_link_be_answered_again(asking: Asking) -> None:
    invitation, path = asking.invite(ONE, several_responses=True)
    told = {"_page": "p", "_asked": "nps words", "nps": "4"}
    first = ask(path, _n="1", **told)
    assert "Thank you" in ask(first.location).html
    assert 'name="_n" value="2"' in ask(path).html
    assert ask(path, _n="1", **told).status == 303
    assert invitation.responses.count() == 1
    ask(path, _n="2", **told)
    assert sorted(invitation.responses.values_list("number", flat=True)) == [1, 2]


def test_what_is_answered_in_a_preview_is_kept_apart(asking: Asking) -> None:
    version = asking.publish(ONE)
    _invitation, link = create_invitation(version, programme=None, channel="link", now=NOW)
    path = "/r/" + link.rpartition("/")[2]
    assert "Test: answers" in ask(path).html
    ask(path, _page="p", _asked="nps words", nps="4")
    assert Response.objects.get().test
    assert pass_on(now=NOW) == 0
    assert not Signal.objects.exists()


def test_consent_is_dated_on_the_person_and_a_wish_to_talk_is_announced_once(asking: Asking) -> None:
    wanted.clear()
    asked = (
        NPS,
        ConsentQuestion(key="consent", text={"en": "You may write to me."}),
        ContactRequest(key="call", text={"en": "Please ring me."}),
    )
    definition = ONE.model_copy(
        update={"pages": (Page(key="p", questions=asked),), "thanks": Thanks(offer_contact=True)}
    )
    invitation, path = asking.invite(definition)
    ask(path, _page="p", _asked="nps consent call", nps="4", consent="yes", call="yes")
    pass_on(now=NOW)
    pass_on(now=NOW)
    asking.world.joost.refresh_from_db()
    assert (asking.world.joost.consent, asking.world.joost.consent_at) == ("given", NOW)
    assert [one.contact_id for one in wanted] == [asking.world.joost.pk]
    assert wanted[0].signal_id == invitation.responses.get().signal_id
    _other, again = asking.invite(definition, contact=asking.world.eva)
    ask(again, _page="p", _asked="nps consent call", nps="4")
    for _twice in range(2):
        ask(again, _go="contact")
    assert "We will get in touch" in ask(again).html
    assert [one.contact_id for one in wanted[1:]] == [asking.world.eva.pk]


def test_files_are_looked_at_kept_and_become_attachments(
    asking: Asking, tmp_path: Any, settings: Any, django_capture_on_commit_callbacks: Any
) -> None:
    settings.MEDIA_ROOT = tmp_path
    file = FileQuestion(key="photo", text={"en": "A picture?"}, most_megabytes=1, kinds=("image/png",))
    definition = ONE.model_copy(update={"pages": (Page(key="p", questions=(NPS, file)), TWO.pages[1])})
    invitation, path = asking.invite(definition)

    def send(name: str, content: bytes) -> Any:
        upload = SimpleUploadedFile(name, content, "image/png")
        return Client().post(path, {"_page": "p", "_asked": "nps photo", "nps": "4", "photo": upload})

    assert "kind of file" in send("seal.png", b"<script>alert(1)</script>").content.decode()
    assert "too big" in send("seal.png", b"\x89PNG\r\n\x1a\n" + bytes(2**20)).content.decode()
    assert send("seal.png", b"\x89PNG\r\n\x1a\nleaking").status_code == 303
    assert "Kept: seal.png" in ask(f"{path}?page=p").html
    ask(path, _page="q", _asked="words", words="See the picture")
    stored = Upload.objects.get(invitation=invitation).file.path
    with django_capture_on_commit_callbacks(execute=True):
        pass_on(now=NOW)
    with Signal.objects.get().attachments.get().file.open() as attached:
        assert attached.read() == b"\x89PNG\r\n\x1a\nleaking"
    assert not Upload.objects.exists()
    assert not Path(stored).exists()


def test_the_thanks_tell_what_was_done(asking: Asking) -> None:
    told = tell_what_was_done(lambda account, language: [f"Parts come in two days now ({language})."])
    try:
        definition = ONE.model_copy(update={"thanks": Thanks(show_done=True)})
        _invitation, path = asking.invite(definition)
        ask(path, _page="p", _asked="nps words", nps="4")
        assert "Parts come in two days now (en)." in ask(path).html
    finally:
        from rapport.rooms.listening import done

        done._providers.remove(told)


def test_a_closed_version_and_a_withdrawn_invitation_take_no_answers(asking: Asking) -> None:
    invitation, path = asking.invite(ONE)
    told = {"_page": "p", "_asked": "nps words", "nps": "4"}
    Invitation.objects.filter(pk=invitation.pk).update(state="withdrawn")
    assert (ask(path).status, ask(path, **told).status) == (410, 410)
    _other, again = open_link(invitation.version, programme=invitation.programme, now=NOW)
    type(invitation.version).objects.filter(pk=invitation.version_id).update(state="closed", closed_at=NOW)
    assert ask("/r/" + again.rpartition("/")[2]).status == 410
    assert not Response.objects.exists()


def test_words_of_respondents_and_authors_are_never_markup(asking: Asking) -> None:
    wicked = "<script>alert(1)</script>"
    text = TextQuestion(
        type="text", key="words", text={"en": f"{wicked} {{contact.name}}"}, help={"en": wicked}
    )
    definition = ONE.model_copy(
        update={"pages": (Page(key="p", title={"en": wicked}, questions=(NPS, text)),)}
    )
    _invitation, path = asking.invite(definition, facts={"contact.name": wicked})
    page = ask(f"{path}?nps={wicked}").html
    assert "<script" not in page
    assert page.count("&lt;script&gt;") >= 4
    again = ask(path, _page="p", _asked="nps words", words=f'"{wicked}')
    assert again.status == 422
    assert "<script" not in again.html


def test_utc_is_what_the_coarse_month_counts_in() -> None:
    assert answering._coarse(datetime(2026, 9, 30, 23, tzinfo=UTC)) == datetime(2026, 9, 1, tzinfo=UTC)


def test_no_link_fills_the_disk_with_files(
    asking: Asking, tmp_path: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.MEDIA_ROOT = tmp_path
    monkeypatch.setattr(answering, "FILES", Limit(2, 3600))
    file = FileQuestion(key="photo", text={"en": "A picture?"}, kinds=("image/png",))
    invitation, path = asking.invite(
        ONE.model_copy(update={"pages": (Page(key="p", questions=(NPS, file)),)})
    )
    told = {"_page": "p", "_asked": "nps photo"}

    def send() -> int:
        photo = SimpleUploadedFile("seal.png", b"\x89PNG\r\n\x1a\nleaking", "image/png")
        return Client().post(path, told | {"photo": photo}).status_code

    assert [send() for _ in range(3)] == [422, 422, 429]
    assert invitation.uploads.count() == 2
    assert ask(path, **told, nps="7").status == 303


def test_a_programme_that_promises_anonymity_cannot_ask_for_files(asking: Asking) -> None:
    file = FileQuestion(key="photo", text={"en": "A picture?"})
    version = asking.publish(ONE.model_copy(update={"pages": (Page(key="p", questions=(NPS, file)),)}))
    assert published_version(asking.programme(version)) == version
    with pytest.raises(CannotDraw, match="who sent it"):
        published_version(asking.programme(version, anonymous=True))


def test_letters_beyond_ascii_in_a_forged_token_are_no_error(asking: Asking) -> None:
    _invitation, path = asking.open(ONE)
    assert ask(path, _me="a.1.ü", _page="p", nps="7").status == 422
