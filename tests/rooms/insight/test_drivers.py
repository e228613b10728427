"""The page of drivers: what it says, for whom, and when it says why it cannot."""

from collections.abc import Callable

import pytest
from django.test import Client
from tests.cast import World
from tests.rooms.insight.ratings import plant

URL = "/understand/drivers/"


def text_of(browser: Client, query: str = "?period=24m") -> str:
    response = browser.get(URL + query)
    assert response.status_code == 200
    return response.content.decode()


def test_it_says_what_it_is_for_whom(world: World, browser_of: Callable[[str], Client]) -> None:
    plant(world)
    text = text_of(browser_of("cx_manager"))
    assert "for approvers it is delivery reliability" in text.lower()
    assert "for users it is documentation" in text.lower()
