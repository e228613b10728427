"""The pages of the room as their readers meet them."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from tests.cast import World
from tests.rooms.action.cases import WORDS, Cast, make_case, make_rule

from rapport.kernel.models import Sighting
from rapport.rooms.action.models import Case, Rule

Browser = Callable[[str], Client]


def text(response: Any) -> str:
    return str(response.content.decode())


def test_my_list_opens_on_the_very_words(world: World, cast: Cast, browser_of: Browser) -> None:
    case = make_case(cast)
    browser = browser_of("account_manager")
    listed = text(browser.get("/act/"))
    assert case.title in listed
    assert f"/act/cases/{case.code}/" in listed
    page = text(browser.get(f"/act/cases/{case.code}/"))
    assert "The very words" in page
    assert WORDS in page
    assert "Joost Brandsma" in page
    assert "When Likely to recommend is 6 or lower" in page


def test_seeing_a_case_is_noted(world: World, cast: Cast, browser_of: Browser) -> None:
    case = make_case(cast)
    browser_of("executive").get(f"/act/cases/{case.code}/")
    assert Sighting.objects.get(kind="case").object_code == case.code


def test_a_case_is_worked_by_plain_forms(world: World, cast: Cast, browser_of: Browser) -> None:
    case = make_case(cast)
    browser, at = browser_of("account_manager"), f"/act/cases/{case.code}/"
    now = timezone.localtime().strftime("%Y-%m-%dT%H:%M")
    for step, data in [
        ("acknowledge", {}),
        ("fix", {"words": "24 kits by courier."}),
        ("tell", {"how": "telephone", "told_at": now, "words": "Femke owns the date."}),
        ("close", {"words": "Joost is content."}),
        ("note", {"words": "Rings again in May."}),
        ("reopen", {"words": "It happened again."}),
    ]:
        response = browser.post(f"{at}{step}/", data, follow=True)
        assert response.redirect_chain[-1][0] == at, (step, text(response))
    case.refresh_from_db()
    assert (case.state, case.reopened, case.notes.count()) == ("acknowledged", 1, 1)


def test_a_refused_step_keeps_what_was_typed_and_says_why(
    world: World, cast: Cast, browser_of: Browser
) -> None:
    case = make_case(cast)
    response = browser_of("account_manager").post(f"/act/cases/{case.code}/close/", {"words": "All is well"})
    assert "Tell the customer first" in text(response)
    assert Case.objects.get().state == "open"


def test_htmx_gets_only_the_case(world: World, cast: Cast, browser_of: Browser) -> None:
    case = make_case(cast)
    response = browser_of("account_manager").post(
        f"/act/cases/{case.code}/acknowledge/", headers={"HX-Request": "true"}
    )
    assert "<html" not in text(response)
    assert 'id="case"' in text(response)
    assert "HX-Trigger" in response.headers


def test_what_is_overdue_comes_first_on_the_teams_list(world: World, cast: Cast, browser_of: Browser) -> None:
    first = make_case(cast)
    late = make_case(cast, external_reference="t-2", contact="eva@veldhuis.example")
    Case.objects.filter(pk=late.pk).update(due_at=timezone.now() - timedelta(days=1))
    page = text(browser_of("account_manager").get("/act/team/"))
    assert page.index(late.code) < page.index(first.code)
    assert "1 case is overdue" in page


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", 2),
        ("?state=open", 1),
        ("?state=acknowledged&state=open", 2),
        ("?tier=C", 1),
        ("?region=nordics", 1),
        ("?overdue=yes", 0),
        ("?owner=nobody", 0),
        ("?region=moon", 2),
    ],
)
def test_the_address_narrows_the_list(
    world: World, cast: Cast, browser_of: Browser, query: str, found: int
) -> None:
    make_case(cast)
    other = make_case(cast, contact="mikkel@kestrel.example", external_reference="t-2")
    Case.objects.filter(pk=other.pk).update(state="acknowledged")
    page = text(browser_of("cx_manager").get(f"/act/cases/{query}"))
    assert page.count('<th scope="row">') == found


def test_a_list_asks_the_database_as_often_for_many_as_for_few(
    world: World, cast: Cast, browser_of: Browser
) -> None:
    browser = browser_of("cx_manager")
    make_case(cast)
    counts = []
    for size in (1, 8):
        for number in range(size):
            make_case(cast, external_reference=f"n-{size}-{number}")
        with CaptureQueriesContext(connection) as captured:
            browser.get("/act/team/")
        counts.append(len(captured))
    assert counts[0] == counts[1]


def test_a_rule_is_looked_at_before_it_is_saved(world: World, cast: Cast, browser_of: Browser) -> None:
    make_case(cast)
    browser = browser_of("cx_manager")
    typed = {
        "name": "Anybody unhappy",
        "score_metric": "",
        "score_test": "unhappy",
        "tier": ["A"],
        "due_hours": 4,
        "remind_hours": 1,
        "assign_to": "owner",
        "fallback": cast("cx_manager").pk,
        "active": "on",
    }
    looked = text(browser.post("/act/rules/new/", typed | {"look": "1"}))
    assert "When any score is unhappy, and the customer is tier A, open a case for the account" in looked
    assert "Would have opened 1 case" in looked
    assert Rule.objects.count() == 1
    browser.post("/act/rules/new/", typed)
    rule = Rule.objects.get(name="Anybody unhappy")
    assert rule.conditions == {
        "score": {"metric": "", "test": "unhappy", "threshold": None},
        "tier": ["A"],
    }


def test_a_changed_rule_is_a_new_version_and_the_old_one_is_kept(
    world: World, cast: Cast, browser_of: Browser
) -> None:
    rule = make_rule(cast("cx_manager"))
    browser = browser_of("cx_manager")
    page = text(browser.get(f"/act/rules/{rule.code}/"))
    assert 'value="6.0"' in page or 'value="6"' in page
    browser.post(
        f"/act/rules/{rule.code}/",
        {
            "name": rule.name,
            "score_metric": "nps",
            "score_test": "at_most",
            "score_threshold": "4",
            "due_hours": 8,
            "remind_hours": 2,
            "assign_to": "owner",
            "fallback": cast("cx_manager").pk,
            "active": "on",
        },
    )
    rule.refresh_from_db()
    assert (rule.version, rule.conditions["score"]["threshold"]) == (2, 4.0)
    assert "is 6 or lower" in text(browser.get(f"/act/rules/{rule.code}/"))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"score_test": "at_most", "score_threshold": ""}, "Give the number"),
        ({"score_metric": "nps", "score_test": "at_most", "score_threshold": "11"}, "runs from 0 to 10"),
        ({"remind_hours": 9}, "must come before"),
        ({"assign_to": "user"}, "Name the colleague"),
        ({"due_hours": 0}, "at least one"),
    ],
)
def test_a_rule_that_makes_no_sense_is_explained(
    world: World, cast: Cast, browser_of: Browser, change: dict[str, Any], says: str
) -> None:
    typed: dict[str, Any] = {
        "name": "x",
        "due_hours": 8,
        "remind_hours": 2,
        "assign_to": "owner",
        "fallback": cast("cx_manager").pk,
    }
    assert says in text(browser_of("cx_manager").post("/act/rules/new/", typed | change))
    assert not Rule.objects.exists()


def test_switching_a_rule_off_leaves_its_cases(world: World, cast: Cast, browser_of: Browser) -> None:
    make_case(cast)
    rule = Rule.objects.get()
    browser_of("cx_manager").post(f"/act/rules/{rule.code}/switch/", {"active": "no"})
    rule.refresh_from_db()
    assert not rule.active
    assert Case.objects.open().count() == 1


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("stranger", 302),
        ("employee", 404),
        ("executive", 200),
        ("partner_user", 404),
        ("account_manager", 200),
    ],
)
def test_a_case_page_opens_only_to_those_in_scope(
    world: World, cast: Cast, browser_of: Browser, who: str, status: int
) -> None:
    case = make_case(cast)
    assert browser_of(who).get(f"/act/cases/{case.code}/").status_code == status


@pytest.mark.parametrize("who", ["executive", "analyst", "champion", "employee"])
def test_only_those_who_work_on_cases_may_change_one(
    world: World, cast: Cast, browser_of: Browser, who: str
) -> None:
    case = make_case(cast)
    assert browser_of(who).post(f"/act/cases/{case.code}/acknowledge/").status_code == 404
