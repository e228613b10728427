"""A4: promoters are thanked and asked, rarely; only what they agreed to by their own link is used."""

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from tests.cast import World
from tests.rooms.action.cases import Cast, answer, make_case

from rapport.kernel.models import OutgoingMail
from rapport.rooms.accounts.models import Contact, Opportunity
from rapport.rooms.action.models import Ask, AskingLimits, AskKind, PromoterLetter
from rapport.rooms.action.selectors.promoters import (
    PromoterFilters,
    promoter_figures,
    promoters,
    promoting_signal,
    references,
)
from rapport.rooms.action.services.promoters import (
    Answer,
    approve_letter,
    note_use,
    record_answer,
    withdraw,
    write_to,
)
from rapport.rooms.action.services.steps import StepRefused
from rapport.rooms.listening.channels.suppression import suppress
from rapport.rooms.signals.api import NewComment, NewScore, record_signal

MONDAY = datetime(2026, 9, 14, 9, 0, tzinfo=UTC)
MONDAYS = MONDAY.date()
DAY = timedelta(days=1)
EVERY = PromoterFilters()
pytestmark = pytest.mark.django_db


@pytest.fixture
def letters(cast: Cast) -> None:
    """Approve a letter for each purpose in English, and the quote's in Dutch too."""
    for kind in AskKind.values:
        link = "" if kind == AskKind.THANKS else " {link}"
        row = PromoterLetter.objects.create(
            kind=kind,
            language="en",
            subject="Hello",
            body=f"Dear {{name}}: {{said}} ({kind}, {{product}}){link}",
        )
        approve_letter(row, by=cast("cx_manager"), now=MONDAY)
    dutch = PromoterLetter.objects.create(
        kind="quote", language="nl", subject="Hallo", body="Beste {name} {link}"
    )
    approve_letter(dutch, by=cast("cx_manager"), now=MONDAY)


def recommends(who: str, value: float = 9, at: datetime = MONDAY, **changes: Any) -> None:
    """Record what somebody said when asked whether they would recommend us."""
    given = answer(
        external_reference=f"{who}-{at.isoformat()}-{value}",
        contact=who,
        scores=(NewScore("nps", value),),
        comments=(NewComment("They ring before I do.", "en"),),
        occurred_at=at,
        **changes,
    )
    record_signal(given, author=None, now=at, live=False)


def ask(cast: Cast, contact: Contact, kind: str = "reference", at: datetime = MONDAY) -> Ask:
    owner = cast("account_manager")
    return write_to(contact, kind, signal=promoting_signal(contact, owner, now=at), by=owner, now=at)


def no_rest(**changes: int) -> None:
    AskingLimits.objects.update_or_create(pk=1, defaults={"rest_days": 0, **changes})


def test_only_whose_latest_answer_of_a_year_recommends_us_is_a_promoter(world: World, cast: Cast) -> None:
    recommends("eva@veldhuis.example", 10)
    recommends("joost@veldhuis.example", 10)
    recommends("joost@veldhuis.example", 8, at=MONDAY + DAY)
    recommends("mikkel@kestrel.example", 9)
    everybody = promoters(cast("cx_manager"), EVERY, now=MONDAY + 2 * DAY)
    assert {row.name for row in everybody.rows} == {"Eva Hoekstra", "Mikkel Friis"}
    mine = promoters(cast("account_manager"), EVERY, now=MONDAY + 2 * DAY)
    assert [row.name for row in mine.rows] == ["Eva Hoekstra"]
    first = promoters(cast("cx_manager"), EVERY, now=MONDAY + 2 * DAY, limit=1)
    assert (len(first.rows), first.total) == (1, 2)
    assert promoters(cast("cx_manager"), EVERY, now=MONDAY + 400 * DAY).total == 0


def test_a_thank_you_leaves_once_without_a_link_and_a_question_with_one_of_its_own(
    world: World, cast: Cast, letters: None
) -> None:
    no_rest()
    recommends("eva@veldhuis.example")
    thanks, reference = ask(cast, world.eva, "thanks"), ask(cast, world.eva, "reference")
    first, second = OutgoingMail.objects.filter(dedupe_key__startswith="ask:").order_by("pk")
    assert first.text == "Dear Eva Hoekstra: They ring before I do. (thanks, )"
    assert (thanks.digest, first.to) == (None, "eva@veldhuis.example")
    assert re.search(r"/act/asked/\S{40,}/$", second.text)
    assert reference.digest
    assert reference.digest not in second.text


def test_the_language_is_theirs_where_a_letter_is_approved(world: World, cast: Cast, letters: None) -> None:
    no_rest()
    recommends("eva@veldhuis.example")
    world.eva.language = "nl-NL"
    world.eva.save()
    assert ask(cast, world.eva, "quote").language == "nl"
    assert ask(cast, world.eva, "reference").language == "en"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"consent": "withdrawn"}, "asked not to be"),
        ({"left_on": date(2026, 1, 1)}, "left the company"),
        ({"email": ""}, "no e-mail"),
    ],
)
def test_their_own_wishes_come_first(
    world: World, cast: Cast, letters: None, change: dict[str, Any], says: str
) -> None:
    recommends("eva@veldhuis.example")
    Contact.objects.filter(pk=world.eva.pk).update(**change)
    with pytest.raises(StepRefused, match=says):
        ask(cast, Contact.objects.get(pk=world.eva.pk))
    assert not OutgoingMail.objects.filter(dedupe_key__startswith="ask:").exists()


def test_who_unsubscribed_from_surveys_gets_no_letter_either(world: World, cast: Cast, letters: None) -> None:
    recommends("eva@veldhuis.example")
    suppress("EVA@veldhuis.example", "unsubscribed", now=MONDAY)
    with pytest.raises(StepRefused, match="unsubscribed"):
        ask(cast, world.eva)


def test_nobody_is_asked_while_their_company_waits_for_us(world: World, cast: Cast, letters: None) -> None:
    case = make_case(cast, now=MONDAY)
    recommends("eva@veldhuis.example")
    type(case).objects.update(account=world.veldhuis)
    with pytest.raises(StepRefused, match="open case"):
        ask(cast, world.eva)


def test_rest_and_the_years_caps_hold_for_a_person_and_for_a_customer(
    world: World, cast: Cast, letters: None
) -> None:
    AskingLimits.objects.create(pk=1, a_contact=1, an_account=1, rest_days=30)
    recommends("eva@veldhuis.example")
    ask(cast, world.eva, "thanks")
    with pytest.raises(StepRefused, match="rests until 2026-10-14"):
        ask(cast, world.eva, at=MONDAY + 29 * DAY)
    ask(cast, world.eva, at=MONDAY + 30 * DAY)
    with pytest.raises(StepRefused, match="one person"):
        ask(cast, world.eva, "quote", at=MONDAY + 90 * DAY)
    assert ask(cast, world.eva, "thanks", at=MONDAY + 90 * DAY).kind == "thanks"
    Contact.objects.filter(pk=world.joost.pk).update(account=world.veldhuis)
    recommends("joost@veldhuis.example")
    with pytest.raises(StepRefused, match="one customer"):
        ask(cast, Contact.objects.get(pk=world.joost.pk), at=MONDAY + 91 * DAY)


def test_without_an_approved_letter_or_a_promoters_answer_nothing_is_sent(world: World, cast: Cast) -> None:
    with pytest.raises(StepRefused, match="no promoter"):
        ask(cast, world.eva)
    recommends("eva@veldhuis.example")
    PromoterLetter.objects.create(kind="reference", language="en", subject="a", body="{link}")
    with pytest.raises(StepRefused, match="approved"):
        ask(cast, world.eva)


def test_a_letter_is_refused_that_nobody_can_fill_in_or_answer(world: World, cast: Cast) -> None:
    for kind, body, says in [
        ("quote", "Dear {nobody} {link}", "nobody"),
        ("quote", "Dear {name}", "link"),
        ("thanks", "Dear {name} {link}", "leads nowhere"),
        ("quote", "{link", "brace"),
    ]:
        row = PromoterLetter(kind=kind, language="en", subject="a", body=body)
        with pytest.raises(StepRefused, match=says):
            approve_letter(row, by=cast("cx_manager"), now=MONDAY)


def test_only_what_was_agreed_to_and_still_holds_can_be_used(world: World, cast: Cast, letters: None) -> None:
    recommends("eva@veldhuis.example")
    one, owner = ask(cast, world.eva), cast("account_manager")

    def use(on: date = MONDAYS) -> Any:
        return note_use(one, opportunity=None, used_on=on, words="A call", by=owner, now=MONDAY + 3 * DAY)

    with pytest.raises(StepRefused, match="Nobody has agreed"):
        use()
    with pytest.raises(StepRefused, match="what we may do"):
        record_answer(one, Answer(agreed=True), now=MONDAY)
    record_answer(one, Answer(True, ("talk",), "After ten only", MONDAY.date() + DAY), now=MONDAY)
    use()
    with pytest.raises(StepRefused, match="Nobody has agreed"):
        use(MONDAY.date() + 2 * DAY)
    [row] = references(owner, EVERY, now=MONDAY)
    assert (row.contact, row.used, row.asked, row.words) == ("Eva Hoekstra", 1, 1, "After ten only")
    assert references(owner, EVERY, now=MONDAY + 2 * DAY) == []
    withdraw(one, now=MONDAY)
    assert references(owner, EVERY, now=MONDAY) == []
    with pytest.raises(StepRefused, match="nothing to take back"):
        withdraw(one, now=MONDAY)
    assert [event.withdrawn_at for event in one.events.order_by("pk")][-1] == MONDAY


def test_business_is_counted_once_in_its_own_currency_and_only_when_won(
    world: World, cast: Cast, letters: None
) -> None:
    no_rest()
    recommends("eva@veldhuis.example")
    owner = cast("account_manager")
    won = Opportunity.objects.create(
        account=world.meppel, name="Line 3", outcome="won", amount=1200, currency="EUR"
    )
    dollars = Opportunity.objects.create(
        account=world.meppel, name="Line 4", outcome="won", amount=50, currency="USD"
    )
    waiting = Opportunity.objects.create(account=world.meppel, name="Line 5", amount=9000, currency="EUR")
    for kind, allowed in (("referral", "introduce"), ("reference", "talk")):
        one = ask(cast, world.eva, kind)
        record_answer(one, Answer(True, (allowed,)), now=MONDAY)
        for linked in (won, dollars, waiting):
            note_use(one, opportunity=linked, used_on=MONDAY.date(), words="Joost", by=owner, now=MONDAY)
        with pytest.raises(StepRefused, match="stands here already"):
            note_use(one, opportunity=won, used_on=MONDAY.date(), words="Joost", by=owner, now=MONDAY)
    found = promoter_figures(owner, now=MONDAY + DAY)
    euros, others = found.brought
    assert (euros.currency, euros.won, euros.value, euros.open) == ("EUR", 1, Decimal(1200), 1)
    assert (others.currency, others.won, others.value) == ("USD", 1, Decimal(50))
    assert (found.total.asked, found.total.agreed.value, found.total.agreed.n, found.total.used) == (
        2,
        1.0,
        2,
        2,
    )
    assert promoter_figures(cast("partner_user"), now=MONDAY + DAY).brought == ()


def test_the_share_that_agreed_is_of_those_who_answered(world: World, cast: Cast, letters: None) -> None:
    no_rest(a_contact=9, an_account=9)
    recommends("eva@veldhuis.example")
    first, second, _third = (ask(cast, world.eva, kind) for kind in ("quote", "reference", "referral"))
    record_answer(first, Answer(True, ("quote",)), now=MONDAY)
    record_answer(second, Answer(False), now=MONDAY)
    found = promoter_figures(cast("account_manager"), now=MONDAY + DAY)
    assert (found.total.agreed.value, found.total.agreed.n, found.unanswered) == (0.5, 2, 1)


def test_looking_at_the_link_changes_nothing_and_the_same_link_says_yes_and_takes_it_back(
    world: World, cast: Cast, letters: None, client: Client
) -> None:
    recommends("eva@veldhuis.example")
    one = ask(cast, world.eva)
    link = re.search(r"/act/asked/\S+/", OutgoingMail.objects.get(dedupe_key=f"ask:{one.pk}").text)
    assert link
    client.get(link[0])
    client.head(link[0])
    one.refresh_from_db()
    assert (one.agreed, one.answered_at) == (None, None)
    empty = client.post(link[0], {"agreed": "yes"})
    assert "Choose what we may do" in empty.content.decode()
    given = {"agreed": "yes", "allowed": ["talk", "quote"], "until": "2099-12-31", "words": "Gladly"}
    assert "What you let us do" in client.post(link[0], given).content.decode()
    one.refresh_from_db()
    assert (one.agreed, one.allowed, one.until) == (True, ["talk", "quote"], date(2099, 12, 31))
    assert "Taken back" in client.post(link[0], {"withdraw": "yes"}).content.decode()
    one.refresh_from_db()
    assert one.withdrawn_at is not None
    assert client.get("/act/asked/somebody-elses/").status_code == 404


def test_a_cap_written_nonsensically_is_refused_and_names_its_field(world: World, browser_of: Any) -> None:
    done = browser_of("cx_manager").post(
        "/act/promoters/limits/", {"a_contact": "0", "an_account": "3", "rest_days": "10"}
    )
    assert "greater than or equal to 1" in done.content.decode()
    assert not AskingLimits.objects.exists()
