"""Cases and rules through the API."""

from collections.abc import Callable
from typing import Any

from django.test import Client
from tests.cast import World
from tests.rooms.action.cases import Cast, make_case

Browser = Callable[[str], Client]


def post(browser: Client, path: str, **body: Any) -> Any:
    return browser.post(f"/api/v1{path}", body, content_type="application/json")


def test_a_program_works_a_case_from_new_to_closed(world: World, cast: Cast, browser_of: Browser) -> None:
    case, browser = make_case(cast), browser_of("account_manager")
    [listed] = browser.get("/api/v1/cases?state=open").json()["cases"]
    assert (listed["code"], listed["owner"]) == (case.code, cast("account_manager").email)
    at = f"/cases/{case.code}"
    assert post(browser, f"{at}/acknowledge").json()["state"] == "acknowledged"
    assert post(browser, f"{at}/fix", words="Sent.").json()["state"] == "fixed"
    refused = post(browser, f"{at}/close", words="Done.")
    assert (refused.status_code, "Tell the customer" in refused.json()["detail"]) == (409, True)
    assert post(browser, f"{at}/tell", how="email", words="Sorry.").json()["state"] == "told"
    assert post(browser, f"{at}/notes", words="He laughed.").json()["notes"][0]["text"] == "He laughed."
    done = post(browser, f"{at}/close", words="Done.").json()
    assert [event["kind"] for event in done["events"]] == [
        "opened",
        "acknowledged",
        "fixed",
        "told",
        "closed",
    ]
    assert post(browser, f"{at}/reopen", words="Again.").json()["reopened"] == 1


def test_handing_on_names_the_colleague_by_address(world: World, cast: Cast, browser_of: Browser) -> None:
    case, browser = make_case(cast), browser_of("account_manager")
    lead = cast("service_lead").email
    assert post(browser, f"/cases/{case.code}/reassign", to=lead, words="Yours.").json()["owner"] == lead
    nobody = post(browser, f"/cases/{case.code}/reassign", to="nobody@halden.example", words="Yours.")
    assert nobody.status_code == 409


def test_cases_are_listed_a_stretch_at_a_time(world: World, cast: Cast, browser_of: Browser) -> None:
    codes = [make_case(cast, external_reference=f"n-{number}").code for number in range(3)]
    browser = browser_of("cx_manager")
    first = browser.get("/api/v1/cases?limit=2").json()
    rest = browser.get(f"/api/v1/cases?limit=2&before={first['next']}").json()
    assert [case["code"] for case in first["cases"] + rest["cases"]] == codes[::-1]
    assert rest["next"] is None


def test_a_case_out_of_scope_does_not_exist(world: World, cast: Cast, browser_of: Browser) -> None:
    case = make_case(cast)
    assert browser_of("partner_user").get(f"/api/v1/cases/{case.code}").status_code == 404
    assert post(browser_of("executive"), f"/cases/{case.code}/acknowledge").status_code == 404


def test_rules_are_read_back(world: World, cast: Cast, browser_of: Browser) -> None:
    make_case(cast)
    [rule] = browser_of("cx_manager").get("/api/v1/rules").json()
    assert rule["sentence"].startswith("When Likely to recommend is 6 or lower, open a case for")
    assert browser_of("account_manager").get("/api/v1/rules").status_code == 404
