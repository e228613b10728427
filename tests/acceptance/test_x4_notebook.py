"""X4: the notebook works a page out again from the API, on a real server, and meets it to the last digit."""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from rapport.kernel.models import ApiToken, User
from rapport.ui.formats import number
from tests.cast import World
from tests.rooms.insight.ratings import PARTS, plant

pytestmark = [pytest.mark.enable_socket, pytest.mark.django_db(transaction=True)]
NOTEBOOK = Path(__file__).parents[2] / "docs" / "notebooks" / "drivers.py"
SOURCE = Path(__file__).parents[2] / "src"


def test_the_notebook_says_what_the_page_says(
    transactional_db: None,
    world: World,
    cast: Callable[[str], User],
    browser_of: Callable[[str], Client],
    live_server: Any,
) -> None:
    plant(world, now=timezone.now())
    _token, secret = ApiToken.issue(cast("analyst"), "notebook")
    environment = {"RAPPORT_URL": live_server.url, "RAPPORT_TOKEN": secret, "PYTHONPATH": str(SOURCE)}
    ran = subprocess.run(
        [sys.executable, str(NOTEBOOK)], env=environment, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert "largest difference from the page: 0.0e+00" in ran.stdout or re.search(
        r"largest difference from the page: \de-1[0-9]", ran.stdout
    ), ran.stdout
    page = browser_of("analyst").get("/understand/drivers/?metric=nps&by=role").content.decode()
    for key, name in PARTS.items():
        said = re.search(rf"^{key} +([0-9.]+)%", ran.stdout, re.MULTILINE)
        assert said, ran.stdout
        row = re.search(rf'<th scope="row">{name}</th><td class="num">([0-9]+)%', page)
        assert row, name
        assert number(float(said.group(1))) == row.group(1)
    for role, key in (("approver", "delivery"), ("user", "documents"), ("buyer", "price")):
        assert re.search(rf"^{role} +{key}$", ran.stdout, re.MULTILINE), ran.stdout
