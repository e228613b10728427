"""The programmes' pages in a real browser: wide and narrow, light and dark, without complaint."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone
from tests.browser import axe_violations, open_page, overflows
from tests.rooms.listening.asking import people, programme
from tests.rooms.listening.test_programme_pages import answered

from rapport.rooms.listening.models import Invitation
from rapport.rooms.listening.programmes.plan import Dimension, Plan, Sampling
from rapport.rooms.listening.sampling.draws import draw_sample

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_the_pages_are_sound_on_a_desk_and_a_phone(
    browser: Any, live_server: Any, world: Any, cast: Any, browser_of: Any
) -> None:
    people(world.tarnhelm, {"user": 30, "buyer": 20})
    plan = Plan(
        sampling=Sampling(how="stratified", size=52, strata=(Dimension.ROLE,)),
        channels=("email", "interview"),
    )
    made = programme(cast("cx_manager"), plan=plan)
    draw = draw_sample(made, now=timezone.now() - timedelta(days=2), seed=1)
    Invitation.objects.update(sent_at=timezone.now(), state="sent", send_at=None)
    for row in Invitation.objects.filter(buying_role="user").select_related("account", "contact")[:20]:
        answered(row, 8)
    cookie = browser_of("cx_manager").cookies[settings.SESSION_COOKIE_NAME].value
    at = f"/listen/programmes/{made.code}/"
    pages = ["/listen/programmes/", at, f"{at}plan/", f"{at}draws/{draw.pk}/", f"{at}links/", f"{at}paper/"]
    for theme, phone in (("light", False), ("dark", True)):
        with open_page(browser, theme, phone) as page:
            page.set_default_navigation_timeout(60_000)
            page.context.add_cookies(
                [{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}]
            )
            for path in pages:
                page.goto(live_server.url + path)
                assert overflows(page) <= 0, path
                assert axe_violations(page, "main") == [], path
