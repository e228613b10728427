"""U2: each role finds what hurts on its dashboard by clicking, and every figure is the export's own."""

import csv
import io
import math
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from rapport.demo.load import load_company
from rapport.kernel.models import User
from rapport.ui.formats import interval, number
from tests.browser import open_page, serving

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket]
Z = 1.959963984540054


@pytest.fixture(scope="module")
def company(django_db_setup: None, django_db_blocker: Any) -> Iterator[str]:
    """Load the fictional company once, serve it, and empty the database again."""
    with django_db_blocker.unblock():
        try:
            load_company(password="a password for nobody", now=timezone.now())
            with serving() as url:
                yield url
        finally:
            call_command("flush", verbosity=0, interactive=False, allow_cascade=True)


@pytest.fixture
def client_of(company: str) -> Callable[[str], Client]:
    """Return a client signed in as a colleague of the company."""

    def client(key: str) -> Client:
        made = Client()
        made.force_login(User.objects.get(email=f"{key}@halden.example"))
        return made

    return client


@pytest.fixture
def page_of(
    company: str, client_of: Callable[[str], Client], browser: Browser
) -> Iterator[Callable[[str, str], Page]]:
    """Open a page as a colleague."""
    opened: list[Any] = []

    def open_as(key: str, path: str) -> Page:
        held = open_page(browser)
        page = held.__enter__()
        opened.append(held)
        session = client_of(key).cookies["sessionid"].value
        page.context.add_cookies([{"name": "sessionid", "value": session, "url": company}])
        page.goto(f"{company}{path}")
        return page

    yield open_as
    for held in opened:
        held.__exit__(None, None, None)


def tile(page: Page, heading: str) -> Any:
    """Return the tile whose heading says this."""
    return page.locator("section.tile").filter(has=page.get_by_role("heading", name=heading, exact=True))


def narrow(page: Page, heading: str, link: str) -> None:
    """Follow a tile's way further down."""
    tile(page, heading).get_by_role("link", name=link, exact=True).click()
    page.wait_for_load_state()


def test_a_cx_manager_finds_the_late_parts_of_one_region(page_of: Callable[[str, str], Page]) -> None:
    page = page_of("priya", "/understand/?period=12m")
    narrow(page, "Parts delivery stands out", "Only Parts delivery")
    narrow(page, "Benelux stands out", "Only Benelux")
    figure = page.locator(".tile-figure").first
    assert figure.inner_text().startswith("−"), "detractors outnumber promoters there"
    said = re.search(r"n (\d+(?:,\d{3})*)", figure.inner_text())
    assert said is not None
    figure.get_by_role("link").click()
    page.wait_for_load_state()
    expect(page.locator(".filters .label")).to_contain_text(re.compile(rf"^\D*{said.group(1)}\b"))
    assert "touchpoint=delivery" in page.url
    assert "region=benelux" in page.url


def test_an_executive_sees_the_slow_partner_and_that_people_are_not_customers(
    page_of: Callable[[str, str], Page],
) -> None:
    page = page_of("karin", "/understand/?period=12m&touchpoint=service-visit")
    views = tile(page, "NPS of people, of customers, of revenue")
    for label in ("People", "Customers", "Revenue"):
        expect(views.locator("svg text", has_text=re.compile(f"^{label} ?$"))).to_have_count(1)
    narrow(page, "Kolding Pumpeservice stands out", "Only Kolding Pumpeservice")
    assert "partner=kolding-pumpeservice" in page.url
    assert page.locator(".tile-figure").first.inner_text().startswith("−")


def test_an_account_manager_sees_who_must_approve_and_was_never_asked_again(
    page_of: Callable[[str, str], Page], client_of: Callable[[str], Client]
) -> None:
    found = client_of("admin").get("/api/v1/accounts", {"q": "Tarnhelm Chemicals"}).json()
    code = next(one["code"] for one in found["items"] if one["name"] == "Tarnhelm Chemicals")
    owner = found["items"][0].get("owner") or "emil@halden.example"
    page = page_of(owner.split("@")[0], f"/understand/?account={code}&period=24m")
    silent = tile(page, "Who is silent")
    expect(silent.get_by_role("link", name="Jürgen Falk")).to_be_visible()
    expect(silent).to_contain_text("can veto")


def test_a_partner_sees_that_its_own_service_visits_hurt(page_of: Callable[[str, str], Page]) -> None:
    page = page_of("kolding", "/understand/?period=24m")
    expect(page.get_by_text("Figures are of the customers you may see.").first).to_be_visible()
    narrow(page, "Service visit stands out", "Only Service visit")
    assert page.locator(".tile-figure").first.inner_text().startswith("−")


def test_an_analysts_figures_are_those_recomputed_from_the_export(
    page_of: Callable[[str, str], Page], client_of: Callable[[str], Client]
) -> None:
    rows = exported(client_of("amir"))
    page = page_of("amir", "/understand/?period=12m")
    figure = page.locator(".tile-figure").first.inner_text().split("\n")
    value, low, high = clustered_nps(rows)
    assert " ".join(figure).split()[0] == number(value, sign=True)
    assert interval(low, high, sign=True) in " ".join(figure)
    assert f"n {number(len(rows))}" in " ".join(figure)
    names = {"delivery": "Parts delivery", "service-visit": "Service visit", "invoice": "Invoice"}
    table = tile(page, "Parts delivery stands out").locator("table").first
    everybody = spread_of(rows)
    for key, name in names.items():
        part = [row for row in rows if row["touchpoint"] == key]
        value, low, high = nps_of(part, everybody)
        told = table.locator("tr", has=page.locator("th", has_text=name)).locator("td").all_text_contents()
        assert told[:3] == [number(value, sign=True), interval(low, high, sign=True), number(len(part))]


def test_customers_and_revenue_are_those_recomputed_from_the_export(
    page_of: Callable[[str, str], Page], client_of: Callable[[str], Client]
) -> None:
    client = client_of("amir")
    accounts = list(csv.DictReader(io.StringIO(_csv(client, "/exports/accounts/csv/"))))
    above = {row["code"]: row["parent"] for row in accounts}

    def top(code: str) -> str:
        while above.get(code):
            code = above[code]
        return code

    signs: dict[str, list[int]] = defaultdict(list)
    for row in exported(client):
        if row["account"]:
            signs[top(row["account"])].append(sign(float(row["score nps"])))
    scores = {code: 100 * sum(found) / len(found) for code, found in signs.items()}
    mean = sum(scores.values()) / len(scores)
    page = page_of("amir", "/understand/?period=12m")
    table = tile(page, "NPS of people, of customers, of revenue").locator("table").first
    told = table.locator("tr", has=page.locator("th", has_text=re.compile("^Customers$"))).locator("td")
    assert told.all_text_contents()[0] == number(mean, sign=True)
    assert told.all_text_contents()[2] == number(len(scores))


# -- The same figures from the export, without any of the product's arithmetic ----------


def exported(client: Client) -> list[dict[str, str]]:
    """Return the scored rows of the last twelve months from the export."""
    today = timezone.now().date()
    days = f"from={today - timedelta(days=364)}&to={today}"
    rows = csv.DictReader(io.StringIO(_csv(client, f"/exports/signals/csv/?{days}")))
    return [row for row in rows if row["score nps"]]


def _csv(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, path
    return b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]


def sign(score: float) -> int:
    return (score >= 9) - (score <= 6)


def spread_of(rows: list[dict[str, str]]) -> float:
    """Return by how much answers of one account being alike widens the variance (linearised)."""
    signs = [sign(float(row["score nps"])) for row in rows]
    mean = sum(signs) / len(signs)
    units: dict[str, float] = defaultdict(float)
    for at, (row, one) in enumerate(zip(rows, signs, strict=True)):
        units[row["account"] or f"alone {at}"] += one - mean
    clustered = sum(u * u for u in units.values()) * len(units) / (len(units) - 1)
    lone = sum((one - mean) ** 2 for one in signs) * len(signs) / (len(signs) - 1)
    return max(1.0, clustered / lone)


def nps_of(rows: list[dict[str, str]], spread: float) -> tuple[float, float, float]:
    """Return NPS and its adjusted Wald range (Rocks 2016) at the effective number of answers."""
    signs = [sign(float(row["score nps"])) for row in rows]
    n = len(signs) / min(spread, len(signs))
    p, d = signs.count(1) / len(signs), signs.count(-1) / len(signs)
    m = n + 3
    pp, dd = (n * p + 0.75) / m, (n * d + 0.75) / m
    half = Z * math.sqrt((pp + dd - (pp - dd) ** 2) / m)
    return 100 * (p - d), 100 * max(-1, pp - dd - half), 100 * min(1, pp - dd + half)


def clustered_nps(rows: list[dict[str, str]]) -> tuple[float, float, float]:
    return nps_of(rows, spread_of(rows))


def test_the_recomputation_knows_a_figure_by_heart() -> None:
    rows = [
        {"account": str(at), "score nps": str(score)} for at, score in enumerate([9] * 15 + [8] * 8 + [2] * 4)
    ]
    _value, low, high = nps_of(rows, 1.0)
    assert (round(low, 2), round(high, 2)) == (10.16, 63.18)
