"""U1 in Chromium: a metric by three dimensions, its figures met by a count of our own, saved as a tile."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, expect

from rapport.rooms.accounts.models import Account
from rapport.ui.formats import number
from tests.acceptance.test_u3_drivers import become
from tests.browser import axe_violations, open_page, overflows
from tests.cast import World
from tests.rooms.insight.ratings import plant

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket, pytest.mark.django_db(transaction=True)]


def test_any_metric_is_explored_by_clicking_and_kept_as_a_tile(
    transactional_db: None,
    world: World,
    browser_of: Callable[[str], Client],
    browser: Browser,
    live_server: Any,
) -> None:
    given = plant(world, now=timezone.now())
    tier = dict(Account.objects.values_list("name", "tier"))
    client = browser_of("cx_manager")
    with open_page(browser) as page:
        become(page, live_server.url, client)
        page.goto(f"{live_server.url}/understand/")
        page.get_by_role("link", name="Explore by anything").click()
        page.get_by_label("By", exact=True).select_option("role")
        page.get_by_label("for each").select_option("tier")
        page.get_by_role("button", name="Show").click()
        expect(page.locator("main h1")).to_have_text("NPS by role and tier")
        scores = np.array(
            [
                one.nps
                for one in given
                if (one.role, tier[one.account], one.anonymous) == ("approver", "A", False)
            ]
        )
        nps = 100 * (np.mean(scores >= 9) - np.mean(scores <= 6))
        row = page.locator("#all tbody tr", has_text="Approver").filter(has_text="A").first
        expect(row).to_contain_text(number(float(nps), sign=True))
        assert axe_violations(page, "main") == []
        page.get_by_label("Title of the tile").fill("Roles in each tier")
        page.get_by_label("Name of a new dashboard").fill("My week")
        page.get_by_role("button", name="Save the tile").click()
        expect(page.locator("main")).to_contain_text("Roles in each tier")
        expect(page.locator("main")).to_contain_text("Approver · A")
    with open_page(browser, phone=True, theme="dark") as page:
        become(page, live_server.url, client)
        page.goto(f"{live_server.url}/understand/explore/?by=role&by=tier&by=region")
        assert overflows(page) == 0
