"""The respondent's pages in a real browser: on a phone, without scripts, in two directions of writing."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.browser import DESKTOP, PHONE, axe_violations, overflows
from tests.rooms.listening.conftest import Asking

from rapport.kernel.jobs.worker import run_pending_jobs
from rapport.rooms.listening import definition as d
from rapport.rooms.listening.models import Response
from rapport.rooms.listening.respond.look import look_of, stylesheet
from rapport.rooms.signals.models import Signal

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket, pytest.mark.django_db(transaction=True)]
SHOTS = os.environ.get("RAPPORT_TEST_SHOTS")


def both(english: str, arabic: str) -> d.Text:
    return {"en": english, "ar": arabic}


def choices(*pairs: tuple[str, str, str], **more: Any) -> tuple[d.Choice, ...]:
    return tuple(d.Choice(key=key, text=both(english, arabic)) for key, english, arabic in pairs)


REASONS = (
    *choices(
        ("late", "It came later than promised", "وصلت متأخرة عن الموعد"),
        ("told", "Nobody told us it would be late", "لم يخبرنا أحد بالتأخير"),
        ("wrong", "Something was wrong or missing", "كان هناك شيء خاطئ أو ناقص"),
    ),
    d.Choice(key="other", text=both("Something else", "شيء آخر"), open=True),
    d.Choice(key="none", text=both("None of these", "لا شيء مما سبق"), exclusive=True),
)
GRADES = choices(("bad", "Poor", "ضعيف"), ("fair", "Fair", "مقبول"), ("good", "Good", "جيد"))
THINGS = choices(("price", "Price", "السعر"), ("advice", "Advice", "المشورة"), ("speed", "Speed", "السرعة"))
SURVEY = d.Definition(
    title=both("Your spare parts order {occasion|}", "طلب قطع الغيار"),
    languages=("en", "ar"),
    welcome=both(
        "Two short pages, about a minute. Your answer goes to the people who can change things.",
        "صفحتان قصيرتان، حوالي دقيقة واحدة.",
    ),
    theme=d.Theme(name="Halden Flow", color="#1D4E3A"),
    pages=(
        d.Page(
            key="first",
            questions=(
                d.Scale(
                    type="nps",
                    key="nps",
                    metric="nps",
                    required=True,
                    text=both("How likely are you to recommend Halden Flow to a colleague?", "هل توصي بنا؟"),
                    low_label=both("not at all likely", "مستبعد جدًا"),
                    high_label=both("extremely likely", "محتمل جدًا"),
                ),
                d.MultipleChoice(
                    key="why",
                    text=both("What is the main reason?", "ما السبب الرئيسي؟"),
                    choices=REASONS,
                    most=3,
                ),
                d.Emotions(
                    key="felt",
                    text=both("How did it leave you feeling?", "كيف كان شعورك؟"),
                    offered=("pleased", "safe", "valued", "interested", "hurried", "neglected", "frustrated"),
                    most=2,
                ),
                d.TextQuestion(
                    type="long_text",
                    key="words",
                    text=both("In your own words, what happened?", "ماذا حدث؟"),
                    help=both("Any language.", "بأي لغة."),
                ),
            ),
        ),
        d.Page(
            key="more",
            title=both("A few more", "المزيد"),
            questions=(
                d.Statement(
                    key="intro", text=both("Now about the people you dealt with.", "الآن عن الأشخاص.")
                ),
                d.Scale(
                    type="rating",
                    key="stars",
                    low=1,
                    high=5,
                    style="stars",
                    text=both("How was the service?", "كيف كانت الخدمة؟"),
                    allow_unknown=True,
                ),
                d.Scale(
                    type="csat", key="faces", low=1, high=5, style="smileys", text=both("And us?", "ونحن؟")
                ),
                d.SingleChoice(
                    key="site", text=both("Which site?", "أي موقع؟"), style="drop_down", choices=THINGS
                ),
                d.SingleChoice(key="kind", text=both("What was it?", "ما كان؟"), choices=REASONS),
                d.Matrix(key="grid", text=both("How was", "كيف كان"), rows=THINGS, columns=GRADES),
                d.Ranking(key="rank", text=both("What matters most?", "ما الأهم؟"), choices=THINGS),
                d.ConstantSum(key="share", text=both("Share out 100", "وزع 100"), choices=THINGS),
                d.NumberQuestion(
                    key="pumps", text=both("How many pumps?", "كم مضخة؟"), unit=both("pumps", "مضخة"), low=0
                ),
                d.DateQuestion(key="day", text=both("On which day?", "في أي يوم؟")),
                d.TextQuestion(
                    type="text", key="order", text=both("Order number", "رقم الطلب"), pattern=r"\d+-\d+"
                ),
                d.FileQuestion(key="photo", text=both("A picture", "صورة")),
                d.ContactRequest(key="call", text=both("Please ring me about this", "اتصلوا بي")),
                d.ConsentQuestion(key="consent", text=both("You may write to me", "يمكنكم مراسلتي")),
            ),
        ),
    ),
    thanks=d.Thanks(
        text=both("Nadia Okafor will tell you what came of it.", "سنخبركم بالنتيجة."), offer_contact=True
    ),
)


@contextmanager
def open_page(browser: Browser, *, phone: bool = False, **options: Any) -> Iterator[Page]:
    """Open a page; of what is complained about in its console only a form that comes back is right."""
    context = browser.new_context(viewport=PHONE if phone else DESKTOP, has_touch=phone, **options)
    context.set_default_timeout(15_000)
    page = context.new_page()
    problems: list[str] = []
    page.on("console", lambda said: problems.append(said.text) if said.type == "error" else None)
    try:
        yield page
        assert not [said for said in problems if "422" not in said]
    finally:
        context.close()


def shot(page: Page, name: str) -> None:
    if SHOTS:
        page.screenshot(path=str(Path(SHOTS) / f"{name}.png"), full_page=True)


@pytest.fixture
def link(asking: Asking, live_server: Any) -> str:
    """Invite Joost and return the whole link."""
    return str(live_server.url) + asking.invite(SURVEY, occasion="40-7731", buying_role="user")[1]


def test_a_survey_is_answered_on_a_phone_without_scripts_and_finished_elsewhere(
    browser: Browser, link: str
) -> None:
    with open_page(browser, phone=True, java_script_enabled=False) as phone:
        phone.goto(f"{link}?nps=9")
        expect(phone.get_by_role("radio", name="9", exact=True)).to_be_checked()
        phone.get_by_role("radio", name="3", exact=True).check()
        phone.get_by_role("checkbox", name="It came later than promised").check()
        phone.get_by_role("checkbox", name="Neglected").check()
        phone.get_by_label("In your own words").fill("Third time this year.")
        shot(phone, "phone-first")
        assert not Response.objects.exists()
        phone.get_by_role("button", name="Next").last.click()
        expect(phone.get_by_role("heading", name="A few more")).to_be_visible()
        shot(phone, "phone-more")
    with open_page(browser, java_script_enabled=False) as desk:
        desk.goto(link)
        expect(desk.get_by_role("heading", name="A few more")).to_be_visible()
        desk.get_by_role("button", name="Back").click()
        expect(desk.get_by_label("In your own words")).to_have_value("Third time this year.")
        desk.get_by_role("button", name="Next").last.click()
        desk.get_by_label("Order number").fill("no number")
        desk.get_by_role("group", name="Which site?").or_(desk.get_by_label("Which site?")).select_option(
            "speed"
        )
        desk.get_by_role("button", name="Send").click()
        expect(desk.get_by_role("alert")).to_contain_text("Order number")
        shot(desk, "desk-problem")
        desk.get_by_label("Order number").fill("40-7731")
        desk.get_by_role("button", name="Send").click()
        expect(desk.get_by_role("heading", name="Thank you")).to_be_visible()
        shot(desk, "desk-thanks")
        desk.go_back()
        desk.go_back()
        desk.goto(link)
        expect(desk.get_by_text("Nadia Okafor will tell you")).to_be_visible()
    run_pending_jobs()
    signal = Signal.objects.get()
    assert (signal.buying_role, signal.emotions) == ("user", ["neglected"])
    assert {comment.text for comment in signal.comments.all()} == {"Third time this year.", "40-7731"}


def _weight(page: Page) -> int:
    """Return the bytes of the page and its stylesheet, not even packed."""
    sheet = stylesheet(look_of("#1D4E3A"))
    assert sheet is not None
    return len(page.content().encode()) + len(sheet[0])


def test_no_page_shuts_anybody_out_in_either_direction_of_writing(browser: Browser, link: str) -> None:
    with open_page(browser, phone=True) as page:
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(link)
        assert _weight(page) < 30_000
        assert len(asked) == 2
        assert axe_violations(page) == []
        page.get_by_role("button", name="Next").last.click(force=True)
        expect(page.get_by_role("alert")).to_be_visible()
        assert axe_violations(page) == []
    with open_page(browser, phone=True) as page:
        page.goto(f"{link}?lang=ar")
        assert page.evaluate("document.dir") == "rtl"
        assert overflows(page) <= 0
        shot(page, "phone-arabic")
        page.get_by_role("radio", name="3", exact=True).check()
        page.locator("button.primary").click()
        page.wait_for_url("**page=more")
        assert axe_violations(page) == []
        assert overflows(page) <= 0
        shot(page, "phone-arabic-more")
        page.locator("button.primary").click()
        page.wait_for_load_state()
        assert axe_violations(page) == []
