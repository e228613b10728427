"""The reference tables, in the browser and through the API: added, changed, ordered, retired, removed."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from rapport.kernel.events import listen_to
from rapport.kernel.models import ApiToken, Grant, User
from rapport.rooms.catalog.api import CatalogRefused, names_of, working_calendar
from rapport.rooms.catalog.events import ReferenceLeaves
from rapport.rooms.catalog.models import Holiday, Metric, Product, Region, Stage, Touchpoint
from rapport.rooms.catalog.tables import TABLES
from rapport.rooms.signals.api import NewScore, NewSignal, record_signal

Browser = Callable[[str], Client]


@pytest.fixture
def program(cast: Callable[[str], User]) -> Callable[[str], Client]:
    def client(who: str) -> Client:
        _token, secret = ApiToken.issue(cast(who), "a program")
        return Client(headers={"authorization": f"Bearer {secret}"})

    return client


def test_a_new_installation_has_the_usual_metrics(db: None) -> None:
    found = {m.key: (m.kind, m.scale_low, m.scale_high) for m in Metric.objects.all()}
    assert found["nps"] == ("nps", 0, 10)
    assert found["csat"] == ("csat", 1, 5)
    assert found["ces"] == ("ces", 1, 7)


@pytest.mark.parametrize("table", list(TABLES))
def test_every_table_has_its_pages(browser_of: Browser, table: str) -> None:
    manager = browser_of("cx_manager")
    for page in ("", "add/"):
        assert manager.get(f"/catalog/{table}/{page}").status_code == 200
    for key, _name in names_of(table):
        assert manager.get(f"/catalog/{table}/row/{key}/").status_code == 200


def test_a_row_is_added_and_its_key_never_changes(browser_of: Browser) -> None:
    manager = browser_of("cx_manager")
    manager.post("/catalog/touchpoints/add/", {"key": "helpline", "name": "Help line", "stage": "use"})
    made = Touchpoint.objects.get(key="helpline")
    assert (made.name, made.stage_id) == ("Help line", "use")
    assert made.position > 0
    manager.post("/catalog/touchpoints/row/helpline/", {"key": "other", "name": "Hotline", "stage": ""})
    made.refresh_from_db()
    assert (made.key, made.name, made.stage_id) == ("helpline", "Hotline", None)


@pytest.mark.parametrize(
    ("table", "told", "why"),
    [
        ("stages", {"key": "Use it", "name": "x"}, "small letters"),
        ("stages", {"key": "use", "name": "x"}, "already exists"),
        ("stages", {"key": "new", "name": ""}, "required"),
        ("regions", {"key": "mars", "name": "Mars", "time_zone": "Mars/Base"}, "valid choice"),
        (
            "metrics",
            {"key": "m", "name": "M", "kind": "index", "scale_low": 5, "scale_high": 5},
            "metric_scale",
        ),
        (
            "metrics",
            {"key": "m", "name": "M", "kind": "nps", "scale_low": 0, "scale_high": 5},
            "nps_is_0_to_10",
        ),
    ],
)
def test_what_cannot_be_used_is_said_where_it_stands(
    browser_of: Browser, table: str, told: dict[str, Any], why: str
) -> None:
    page = browser_of("cx_manager").post(f"/catalog/{table}/add/", told)
    assert page.status_code == 200
    assert why in page.content.decode()


def test_a_scale_that_was_scored_on_stays(browser_of: Browser, world: Any, program: Any) -> None:
    now = timezone.now()
    new = NewSignal("survey", "tests", "1", now, world.veldhuis.code, scores=(NewScore("csat", 4),))
    record_signal(new, author=None, now=now)
    told = {"name": "Happiness", "kind": "csat", "scale_low": 1, "scale_high": 10, "higher_is_better": "on"}
    browser_of("cx_manager").post("/catalog/metrics/row/csat/", told)
    found = Metric.objects.get(key="csat")
    assert (found.name, found.scale_high) == ("Happiness", 5)
    answer = program("cx_manager").put(
        "/api/v1/catalog/metrics/csat", {"scale_high": 10}, content_type="application/json"
    )
    assert answer.status_code == 422
    assert "stays" in answer.json()["detail"]


def test_rows_stand_in_the_order_they_are_given(browser_of: Browser) -> None:
    manager = browser_of("cx_manager")
    for key in ("a", "b", "c"):
        manager.post("/catalog/stages/add/", {"key": key, "name": key.upper()})
    manager.post("/catalog/stages/row/c/act/", {"act": "up"})
    assert [key for key, _name in names_of("stages")] == ["use", "a", "c", "b"]
    manager.post("/catalog/stages/row/use/act/", {"act": "up"})
    manager.post("/catalog/stages/row/use/act/", {"act": "down"})
    assert [key for key, _name in names_of("stages")] == ["a", "use", "c", "b"]


def test_a_retired_row_is_offered_no_longer_and_can_return(browser_of: Browser) -> None:
    manager = browser_of("cx_manager")
    manager.post("/catalog/products/row/seal-kit/act/", {"act": "retire"})
    assert "seal-kit" not in dict(names_of("products"))
    assert "seal-kit" in dict(names_of("products", retired=True))
    manager.post("/catalog/products/row/seal-kit/act/", {"act": "return"})
    assert "seal-kit" in dict(names_of("products"))


def test_only_what_nothing_refers_to_is_removed(browser_of: Browser, world: Any, cast: Any) -> None:
    manager = browser_of("cx_manager")
    Product.objects.create(key="gasket", name="Gasket")
    manager.post("/catalog/products/row/gasket/act/", {"act": "remove"})
    assert not Product.objects.filter(key="gasket").exists()
    page = manager.post("/catalog/regions/row/benelux/act/", {"act": "remove"}, follow=True)
    assert "in use" in page.content.decode()
    assert Region.objects.filter(key="benelux").exists()
    Region.objects.create(key="iberia", name="Iberia")
    Grant.objects.create(user=cast("champion"), kind="region", key="iberia")
    manager.post("/catalog/regions/row/iberia/act/", {"act": "remove"})
    assert Region.objects.filter(key="iberia").exists(), "somebody's reach names it"


def test_a_room_that_keeps_a_key_may_refuse_its_removal(browser_of: Browser) -> None:
    Stage.objects.create(key="kept", name="Kept")

    def refuse(event: ReferenceLeaves) -> None:
        if event.key == "kept":
            raise CatalogRefused("A rule names it.")

    listen_to(ReferenceLeaves)(refuse)
    page = browser_of("cx_manager").post("/catalog/stages/row/kept/act/", {"act": "remove"}, follow=True)
    assert "A rule names it." in page.content.decode()
    assert Stage.objects.filter(key="kept").exists()


def test_holidays_belong_to_a_region_once_a_day(browser_of: Browser) -> None:
    manager = browser_of("cx_manager")
    for _time in range(2):
        manager.post("/catalog/regions/row/benelux/holidays/add/", {"on": "2026-04-27", "name": "King's Day"})
    day = Holiday.objects.get()
    assert working_calendar(Region.objects.get(key="benelux")).holidays == {day.on}
    assert manager.post(f"/catalog/regions/row/nordics/holidays/{day.pk}/remove/").status_code == 404
    manager.post(f"/catalog/regions/row/benelux/holidays/{day.pk}/remove/")
    assert not Holiday.objects.exists()


def test_a_program_lists_adds_and_changes_rows(program: Any) -> None:
    manager = program("cx_manager")
    put = {"path": "/api/v1/catalog/regions/iberia", "content_type": "application/json"}
    made = manager.put(data={"name": "Iberia", "time_zone": "Europe/Madrid"}, **put)
    assert made.status_code == 201
    assert manager.put(data={"name": "Iberian peninsula"}, **put).status_code == 200
    found = manager.get("/api/v1/catalog/regions/iberia").json()
    assert found == {
        "key": "iberia",
        "name": "Iberian peninsula",
        "position": 1,
        "retired": False,
        "time_zone": "Europe/Madrid",
        "holidays": [],
    }
    assert "iberia" in [row["key"] for row in manager.get("/api/v1/catalog/regions").json()]
    assert manager.get("/api/v1/catalog/nothing").status_code == 404


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("regions/new", {}),
        ("regions/new", {"name": "New", "stage": "use"}),
        ("regions/NEW!", {"name": "New"}),
        ("touchpoints/new", {"name": "New", "stage": "no-such-stage"}),
        ("metrics/new", {"name": "New", "kind": "nps", "scale_low": 1, "scale_high": 5}),
    ],
)
def test_what_a_program_cannot_write_is_told_why(program: Any, address: str, told: dict[str, Any]) -> None:
    answer = program("cx_manager").put(f"/api/v1/catalog/{address}", told, content_type="application/json")
    assert answer.status_code == 422
    assert answer.json()["detail"]


def test_a_partners_people_see_no_other_partner(browser_of: Browser, program: Any) -> None:
    from rapport.rooms.catalog.models import Partner

    dealer = browser_of("partner_user")
    Partner.objects.create(key="rival", name="Rival dealer")
    page = dealer.get("/catalog/partners/").content.decode()
    assert "Kolding dealer" in page
    assert "Rival dealer" not in page
    api = program("partner_user")
    assert [row["key"] for row in api.get("/api/v1/catalog/partners").json()] == ["kolding-dealer"]
    assert api.get("/api/v1/catalog/partners/rival").status_code == 404
