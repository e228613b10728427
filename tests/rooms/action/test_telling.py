"""Everybody who raised it is told, nobody who asked not to be, each once and in their language."""

import re
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from tests.cast import World
from tests.rooms.action.cases import WORDS, Cast, answer, make_case

from rapport.kernel.mail.queue import message_id
from rapport.kernel.models import OutgoingMail
from rapport.rooms.action.models import Case, Improvement, LetterTemplate, Promise, Recipient, Telling
from rapport.rooms.action.seen import on_tracking
from rapport.rooms.action.selectors.telling import fixed_share, promise_figures, seen_share
from rapport.rooms.action.services import promises, telling
from rapport.rooms.action.services.evaluate import evaluate_rules
from rapport.rooms.action.services.steps import StepRefused
from rapport.rooms.signals.api import record_signal
from rapport.rooms.signals.models import Signal

MONDAY = datetime(2026, 9, 14, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def letters(cast: Cast) -> None:
    """Approve a letter in English and in Dutch."""
    for language, hello in (("en", "Dear"), ("nl", "Beste")):
        row = LetterTemplate.objects.create(
            language=language, subject="We heard you", body=hello + " {name}: {said} {changed} {link}"
        )
        telling.approve(row, by=cast("cx_manager"), now=MONDAY)


def two_of_one_trouble(world: World, cast: Cast) -> Case:
    """Return a case that Joost (Dutch) and Eva raised."""
    world.joost.language = "nl"
    world.joost.save()
    case = make_case(cast, now=MONDAY, touchpoint="delivery")
    Case.objects.update(account=world.veldhuis)
    rule = case.rule
    assert rule
    rule.joins_days = 14
    rule.save()
    said = answer(
        external_reference="t-2", contact="eva@veldhuis.example", touchpoint="delivery", occurred_at=MONDAY
    )
    done = record_signal(said, author=None, now=MONDAY, live=False)
    assert evaluate_rules([done.signal_id], now=MONDAY) == []
    return case


def mails() -> "list[OutgoingMail]":
    return list(OutgoingMail.objects.filter(dedupe_key__startswith="telling:").order_by("to"))


def link_of(mail: OutgoingMail) -> str:
    found = re.search(r"/act/answer/\S+/", mail.text)
    assert found
    return found[0]


def test_each_gets_one_letter_in_their_language_with_their_own_words(
    world: World, cast: Cast, letters: None
) -> None:
    case = two_of_one_trouble(world, cast)
    owner = cast("account_manager")
    one = telling.draft(case, words={"en": "One owner.", "nl": "Eén eigenaar."}, by=owner, now=MONDAY + HOUR)
    assert mails() == []
    telling.send(one, by=owner, now=MONDAY + HOUR)
    with pytest.raises(StepRefused, match="before"):
        telling.send(one, by=owner, now=MONDAY + HOUR)
    eva, joost = mails()
    assert (eva.to, joost.to) == ("eva@veldhuis.example", "joost@veldhuis.example")
    assert eva.text.startswith(f"Dear Eva Hoekstra: {WORDS} One owner. http")
    assert joost.text.startswith(f"Beste Joost Brandsma: {WORDS} Eén eigenaar. http")
    assert link_of(eva) != link_of(joost)
    case.refresh_from_db()
    assert (case.state, case.told_how, case.told_words) == ("told", "email", "One owner.")


def test_who_asked_not_to_be_written_to_is_left_out_also_when_they_ask_after_the_draft(
    world: World, cast: Cast, letters: None
) -> None:
    case = two_of_one_trouble(world, cast)
    owner = cast("account_manager")
    one = telling.draft(case, words={"en": "x"}, by=owner, now=MONDAY)
    world.joost.consent = "withdrawn"
    world.joost.save()
    telling.send(one, by=owner, now=MONDAY)
    assert [mail.to for mail in mails()] == ["eva@veldhuis.example"]
    raised = telling.who_raised(case, cast("account_manager"))
    assert [(left.contact, left.reason) for left in raised.left_out] == [
        (world.joost, "asked not to be written to")
    ]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"left_on": date(2026, 1, 1)}, "left the company"),
        ({"email": ""}, "no e-mail"),
        ({"email": "EVA@veldhuis.example"}, "same address"),
    ],
)
def test_nobody_is_written_to_in_vain_or_twice(
    world: World, cast: Cast, change: dict[str, Any], says: str
) -> None:
    case = two_of_one_trouble(world, cast)
    type(world.joost).objects.filter(pk=world.joost.pk).update(**change)
    raised = telling.who_raised(case, cast("account_manager"))
    assert len(raised.people) == 1
    assert says in raised.left_out[0].reason


def test_without_an_approved_letter_or_words_nothing_is_drafted(world: World, cast: Cast) -> None:
    case = two_of_one_trouble(world, cast)
    owner = cast("account_manager")
    with pytest.raises(StepRefused, match="approved"):
        telling.draft(case, words={"en": "x"}, by=owner, now=MONDAY)
    with pytest.raises(StepRefused, match="our own language"):
        telling.draft(case, words={"nl": "x"}, by=owner, now=MONDAY)
    assert not Telling.objects.exists()


@pytest.mark.parametrize(
    ("body", "says"), [("{link} {secret}", "secret"), ("Hello", "needs {link}"), ("{link", "not closed")]
)
def test_a_letter_that_cannot_be_filled_in_is_refused(body: str, says: str) -> None:
    with pytest.raises(StepRefused, match=says):
        telling.check_letter(body)


def test_looking_at_the_page_answers_nothing_and_the_answer_is_a_new_signal(
    world: World, cast: Cast, letters: None, browser_of: Any
) -> None:
    case = two_of_one_trouble(world, cast)
    owner = cast("account_manager")
    one = telling.draft(case, words={"en": "x"}, by=owner, now=MONDAY)
    telling.send(one, by=owner, now=MONDAY)
    visitor, at = browser_of("respondent"), link_of(mails()[0])
    before = Signal.objects.count()
    for _look in range(2):
        assert "Is it fixed for you?" in visitor.get(at).content.decode()
    assert visitor.head(at).status_code == 200
    assert Signal.objects.count() == before
    assert "Thank you" in visitor.post(at, {"fixed": "yes", "words": "Good."}).content.decode()
    visitor.post(at, {"fixed": "no", "words": "Again."})
    assert Signal.objects.count() == before + 1
    signal = Signal.objects.latest("recorded_at")
    assert (signal.contact, signal.touchpoint_id) == (world.eva, "delivery")
    score = signal.scores.get()
    assert (score.metric_id, score.value) == ("fixed", 1.0)
    case.refresh_from_db()
    assert case.confirmed_at is not None
    assert fixed_share(one).value == 1.0
    assert visitor.get("/act/answer/nothing/").status_code == 404


def test_a_no_opens_the_case_again_and_its_owner_hears_the_words(
    world: World, cast: Cast, letters: None, browser_of: Any
) -> None:
    case = two_of_one_trouble(world, cast)
    owner = cast("account_manager")
    telling.send(telling.draft(case, words={"en": "x"}, by=owner, now=MONDAY), by=owner, now=MONDAY)
    browser_of("respondent").post(link_of(mails()[0]), {"fixed": "no", "words": "Late once more."})
    case.refresh_from_db()
    assert (case.state, case.reopened) == ("acknowledged", 1)
    mail = OutgoingMail.objects.get(dedupe_key__startswith="case-reopened:")
    assert "Late once more." in mail.text


def test_everybody_who_raised_an_improvement_is_found(world: World, cast: Cast, letters: None) -> None:
    case = two_of_one_trouble(world, cast)
    happy = answer(external_reference="t-9", contact="mikkel@kestrel.example", occurred_at=MONDAY)
    record_signal(happy, author=None, now=MONDAY, live=False)
    one = Improvement.objects.create(
        title="Dates",
        problem="They move",
        metric_id="nps",
        places={"touchpoint": ["delivery"]},
        owner=cast("service_lead"),
        found_at=MONDAY,
    )
    one.cases.add(case)
    raised = telling.who_raised(one, cast("cx_manager"))
    assert {person.pk for person in raised.people} == {world.joost.pk, world.eva.pk}
    made = telling.draft(one, words={"en": "x"}, by=cast("cx_manager"), now=MONDAY)
    assert set(Recipient.objects.filter(telling=made).values_list("case", flat=True)) == {case.pk}


def test_it_is_told_by_plain_forms_and_by_programs(
    world: World, cast: Cast, letters: None, browser_of: Any
) -> None:
    case = two_of_one_trouble(world, cast)
    browser, kind = browser_of("account_manager"), "application/json"
    page = browser.get(f"/act/cases/{case.code}/tell-all/").content.decode()
    assert "2 people raised it" in page
    assert "What changed, in Dutch" in page
    browser.post(f"/act/cases/{case.code}/tell-all/", {"words_en": "One owner."})
    one = Telling.objects.get()
    assert "One owner." in browser.get(f"/act/told/{one.code}/").content.decode()
    browser.post(f"/act/told/{one.code}/send/")
    assert len(mails()) == 2
    api = browser.get(f"/api/v1/tellings/{one.code}").json()
    assert [letter["answered"] for letter in api["letters"]] == [False, False]
    again = browser.post(f"/api/v1/tellings/{one.code}/send", {}, kind)
    assert again.status_code == 409


def test_promises_are_kept_only_by_their_day_and_never_forgotten(world: World, cast: Cast) -> None:
    owner, day = cast("account_manager"), date(2026, 9, 14)
    made = [
        promises.promise(
            account=world.veldhuis,
            words=f"Promise {number}",
            owner=owner,
            due_on=day + timedelta(days=number),
            by=owner,
            now=MONDAY,
        )
        for number in range(4)
    ]
    promises.keep(made[0], on=day)
    promises.keep(made[1], on=day + timedelta(days=9))
    with pytest.raises(StepRefused, match="Say why"):
        promises.give_up_promise(made[2], on=day, outcome=" ")
    with pytest.raises(StepRefused, match="said before"):
        promises.give_up_promise(made[0], on=day, outcome="x")
    found = promise_figures(owner, today=day + timedelta(days=3))
    assert (found.open, found.late, found.kept.n) == (2, 1, 3)
    assert found.kept.value == pytest.approx(1 / 3)
    assert promise_figures(cast("partner_user"), today=day).open == 0


def test_you_said_we_did_is_public_only_once_it_is_in_force(
    world: World, cast: Cast, browser_of: Any
) -> None:
    one = Improvement.objects.create(
        title="Dates", problem="They move", metric_id="nps", owner=cast("service_lead"), found_at=MONDAY
    )
    manager, public = browser_of("cx_manager"), browser_of("stranger")
    typed = {"you_said": "Dates move <b>", "we_did": "One owner", "region": "benelux"}
    manager.post(f"/act/improvements/{one.code}/publish/", typed)
    assert "One owner" not in public.get("/act/said-and-done/benelux/").content.decode()
    Improvement.objects.update(
        state="shipped", shipped_on=date(2026, 9, 1), expected_share=0.1, baseline_n=9, baseline_unhappy=5
    )
    manager.post(f"/act/improvements/{one.code}/publish/", typed)
    assert "Dates move &lt;b&gt;" in public.get("/act/said-and-done/benelux/").content.decode()
    assert "One owner" not in public.get("/act/said-and-done/").content.decode()
    assert public.get("/act/said-and-done/moon/").status_code == 404
    manager.post(f"/act/published/{one.publications.get().pk}/withdraw/")
    assert "One owner" not in public.get("/act/said-and-done/benelux/").content.decode()


def test_a_promise_is_made_on_a_case_and_settled_in_the_ledger(
    world: World, cast: Cast, browser_of: Any
) -> None:
    case = make_case(cast)
    browser = browser_of("account_manager")
    typed = {"words": "Femke rings", "owner": cast("account_manager").pk, "due_on": "2026-03-02"}
    browser.post(f"/act/cases/{case.code}/promise/", typed)
    one = Promise.objects.get()
    assert (one.account, one.case) == (world.meppel, case)
    assert "1 promise is late" in browser.get("/act/promises/").content.decode()
    browser.post(f"/act/promises/{one.pk}/settle/", {"kept": "yes", "outcome": "She rang"})
    one.refresh_from_db()
    assert one.kept_on is not None
    assert "Femke rings" in browser.get(f"/act/cases/{case.code}/").content.decode()


def test_of_an_improvement_an_account_manager_tells_and_reads_of_their_own_customers_only(
    world: World, cast: Cast, letters: None, browser_of: Any
) -> None:
    for reference, who in (("t-1", "joost@veldhuis.example"), ("t-2", "mikkel@kestrel.example")):
        said = answer(external_reference=reference, contact=who, touchpoint="delivery", occurred_at=MONDAY)
        record_signal(said, author=None, now=MONDAY, live=False)
    one = Improvement.objects.create(
        title="Dates",
        problem="They move",
        metric_id="nps",
        places={"touchpoint": ["delivery"]},
        owner=cast("service_lead"),
        found_at=MONDAY,
    )
    whole = telling.draft(one, words={"en": "x"}, by=cast("cx_manager"), now=MONDAY)
    assert whole.recipients.count() == 2
    browser = browser_of("account_manager")
    people = browser.get(f"/api/v1/improvements/{one.code}/raised-by").json()
    assert [person["name"] for person in people] == ["Joost Brandsma"]
    page = browser.get(f"/act/improvements/{one.code}/tell-all/").content.decode()
    assert "Joost Brandsma" in page
    assert "Mikkel Friis" not in page
    assert whole.code not in page
    assert browser.get(f"/act/told/{whole.code}/").status_code == 404
    assert browser.get(f"/api/v1/tellings/{whole.code}").status_code == 404
    assert browser.post(f"/act/told/{whole.code}/send/").status_code == 404
    own = telling.draft(one, words={"en": "x"}, by=cast("account_manager"), now=MONDAY)
    assert [letter.contact for letter in own.recipients.all()] == [world.joost]
    assert own.code in browser.get(f"/act/improvements/{one.code}/").content.decode()


def test_a_letter_is_seen_by_a_press_and_not_by_looking(
    world: World, cast: Cast, letters: None, client: Any
) -> None:
    case = two_of_one_trouble(world, cast)
    one = telling.draft(case, words={"en": "x"}, by=cast("account_manager"), now=MONDAY)
    telling.send(one, by=cast("account_manager"), now=MONDAY)
    link = link_of(mails()[0])
    assert "cannot say yet" in client.get(link).content.decode()
    assert not Recipient.objects.exclude(seen_at=None).exists()
    assert "Take your time" in client.post(link, {"later": "1"}).content.decode()
    seen = Recipient.objects.exclude(seen_at=None).get()
    assert (seen.contact, seen.answered_at) == (world.eva, None)
    share = seen_share(one)
    assert (share.value, share.n) == (0.5, 2)
    # and it can still be answered
    client.post(link, {"fixed": "yes", "words": ""})
    first = seen.seen_at
    seen.refresh_from_db()
    assert (seen.fixed, seen.seen_at) == (True, first)


def test_a_letter_is_seen_when_the_mail_service_reports_exactly_this_one(
    world: World, cast: Cast, letters: None
) -> None:
    case = two_of_one_trouble(world, cast)
    one = telling.draft(case, words={"en": "x"}, by=cast("account_manager"), now=MONDAY)
    telling.send(one, by=cast("account_manager"), now=MONDAY)
    eva, joost = Recipient.objects.order_by("contact__email")

    def report(kind: str, **told: Any) -> None:
        fields = {"click_url": None, "message_id": None, "recipient": None, "timestamp": MONDAY}
        on_tracking(None, SimpleNamespace(event_type=kind, **fields | told), "postmark")

    report("opened", recipient="eva@veldhuis.example", message_id="<another@x>")
    report("delivered", click_url=f"https://x.example{link_of(mails()[0])}")
    assert not Recipient.objects.exclude(seen_at=None).exists()
    report("clicked", click_url=f"https://x.example{link_of(mails()[0])}")
    report("opened", recipient="Joost@veldhuis.example", message_id=message_id(telling.key_of(joost)))
    assert {row.pk for row in Recipient.objects.filter(seen_at=MONDAY)} == {eva.pk, joost.pk}
