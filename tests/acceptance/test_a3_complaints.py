"""A3: a complaint is taken up, confirmed, decided, told, answered and counted, by people and programs."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import Browser, Page

from rapport.kernel.models import OutgoingMail
from rapport.rooms.action.models import Complaint
from tests.browser import axe_violations, open_page, overflows
from tests.cast import World

BrowserOf = Callable[[str], Client]
pytestmark = [pytest.mark.browser, pytest.mark.enable_socket, pytest.mark.django_db(transaction=True)]


def sign_in(page: Page, url: str, client: Client) -> None:
    page.context.clear_cookies()
    page.context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": url}])


@pytest.mark.parametrize("javascript", [True, False], ids=["with scripts", "without scripts"])
def test_a3_a_complaint_goes_from_receipt_to_the_figures_of_the_year(
    transactional_db: None,
    world: World,
    cast: Any,
    browser_of: BrowserOf,
    browser: Browser,
    live_server: Any,
    javascript: bool,
) -> None:
    url = live_server.url
    with open_page(browser, java_script_enabled=javascript) as page:
        sign_in(page, url, browser_of("administrator"))
        page.goto(f"{url}/act/letters/receipt/en/")
        page.get_by_role("button", name="Approve the letter").click()
        page.goto(f"{url}/act/complaints/terms/")
        page.get_by_label("Name").fill("Late parts")
        page.get_by_role("button", name="Add the category").click()

        page.goto(f"{url}/act/complaints/new/?account={world.veldhuis.code}")
        page.get_by_label("Who complains").fill("joost@veldhuis.example")
        page.get_by_label("In their words").fill("The pump stands still for the third time.")
        page.get_by_label("What it is about").select_option(label="Late parts")
        page.get_by_role("button", name="Take the complaint up").click()

        page.get_by_role("button", name="Send the letter of receipt").click()
        page.get_by_text("confirmed By e-mail").wait_for()
        page.get_by_text("Write down what was found out").click()
        page.get_by_label("What was found out").fill("Nobody owns the date.")
        page.get_by_role("button", name="Add the finding").click()
        page.get_by_text("Nobody owns the date.").first.wait_for()
        page.get_by_label("Partly upheld").check()
        page.get_by_label("What caused it").fill("No owner")
        page.get_by_label("Why it was decided so").fill("The parts were late, the pump was not ours.")
        page.get_by_role("button", name="Write down the decision").click()
        page.get_by_text("Partly upheld.").wait_for()
        page.get_by_text("Add a remedy").click()
        page.get_by_label("What the customer was given").fill("A credit")
        page.get_by_label("What it costs us").fill("250")
        page.get_by_role("button", name="Write down the remedy").click()
        page.get_by_text("Give the currency").first.wait_for()
        page.get_by_label("Currency").fill("EUR")
        page.get_by_role("button", name="Write down the remedy").click()
        page.get_by_text("€250").or_(page.get_by_text("250 €")).first.wait_for()
        page.get_by_label("What was said").fill("Femke owns the date now.")
        page.get_by_role("button", name="Write down that the customer was told").click()
        page.get_by_label("Yes", exact=True).check()
        page.get_by_role("button", name="Write down the answer").click()
        page.get_by_label("How it ended").wait_for()
        if javascript:
            assert axe_violations(page) == []
        assert overflows(page) == 0

        page.goto(f"{url}/act/complaints/?step=told")
        page.get_by_role("cell", name="Partly upheld").wait_for()
        page.goto(f"{url}/act/complaints/year/")
        page.get_by_role("heading", name="1 complaint was received").wait_for()
        if javascript:
            assert axe_violations(page) == []
        assert overflows(page) == 0

    one = Complaint.objects.get()
    assert (one.decision, one.remedies.get().currency) == ("partly", "EUR")
    assert (
        OutgoingMail.objects.get(dedupe_key__startswith="complaint-receipt:").to == "joost@veldhuis.example"
    )


def test_a3_a_program_takes_a_complaint_up_and_through(
    transactional_db: None, world: World, cast: Any, browser_of: BrowserOf
) -> None:
    client = browser_of("account_manager")

    def post(path: str, given: dict[str, Any]) -> Any:
        return client.post(f"/api/v1{path}", given, content_type="application/json")

    who = {"account": world.veldhuis.code, "contact": world.joost.code}
    given = who | {"words": "Late again", "how": "email"}
    made = post("/complaints", given)
    assert made.status_code == 201, made.content
    code = made.json()["code"]
    track = f"/cases/{code}/complaint"
    assert post(f"{track}/receipt", {}).status_code == 409
    assert post(f"{track}/receipt", {"how": "telephone", "words": "Rang"}).status_code == 200
    assert post(f"{track}/findings", {"words": "Nobody owns it"}).status_code == 200
    early = post(f"/cases/{code}/tell", {"how": "telephone", "words": "x"})
    assert (early.status_code, "Decide" in early.json()["detail"]) == (409, True)
    assert post(f"{track}/decision", {"decision": "maybe", "reasons": "x"}).status_code == 409
    assert post(f"{track}/decision", {"decision": "upheld", "reasons": "It was late"}).status_code == 200
    paid = {"kind": "refund", "words": "Money back", "cost": "10.50", "currency": "EUR"}
    assert post(f"{track}/remedies", paid).status_code == 200
    assert post(f"/cases/{code}/tell", {"how": "telephone", "words": "x"}).status_code == 200
    assert post(f"{track}/referral", {"to": "An ombudsman"}).status_code == 200
    found = client.get("/api/v1/complaints?step=told").json()["complaints"]
    assert [(one["code"], one["decision"], one["referred_to"]) for one in found] == [
        (code, "upheld", "An ombudsman")
    ]
    year = client.get(f"/api/v1/complaints/year/{found[0]['received_at'][:4]}").json()
    assert (year["now"]["received"], year["now"]["costs"]) == (1, [{"amount": "10.50", "currency": "EUR"}])
