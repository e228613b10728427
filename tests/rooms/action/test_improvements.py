"""A problem of many customers goes away for good, or opens again by itself."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from tests.cast import World
from tests.rooms.action.cases import Cast, make_case

from rapport.kernel.models import OutgoingMail
from rapport.rooms.accounts.models import Contract
from rapport.rooms.action.models import Improvement, Look
from rapport.rooms.action.selectors.improvements import ranked, read_improvement, share_that_held
from rapport.rooms.action.selectors.problems import found_problems, weeks_of
from rapport.rooms.action.services import improving
from rapport.rooms.action.services.recurrence import look_at_all
from rapport.rooms.action.services.steps import StepRefused
from rapport.rooms.catalog.models import Metric
from rapport.rooms.signals.models import Score, Signal

SHIPPED = date(2026, 3, 2)  # a Monday
WEEK = timedelta(weeks=1)


def at(weeks: int, days: float = 0) -> datetime:
    """Return a moment so many weeks after the change came into force."""
    return datetime(2026, 3, 2, 12, tzinfo=UTC) + weeks * WEEK + timedelta(days=days)


@pytest.fixture
def say(world: World) -> Callable[..., None]:
    """Record so many answers a week about deliveries, a share of them unhappy."""
    rng = np.random.default_rng(7)
    number = iter(range(10**6))

    def speak(
        weeks: range,
        share: float,
        each: int = 14,
        touchpoint: str = "delivery",
        elsewhere: bool = False,
    ) -> None:
        signals, bad = [], []
        for week in weeks:
            for one in range(each):
                moment = at(week, one * 6 / each)
                place: dict[str, Any] = {"account": world.meppel, "contact": world.joost}
                if elsewhere:
                    place = {"account": world.tarnhelm}
                signals.append(
                    Signal(
                        occurred_at=moment,
                        recorded_at=moment,
                        kind="survey",
                        source="t",
                        external_reference=str(next(number)),
                        touchpoint_id=touchpoint,
                        region_id="benelux",
                        **place,
                    )
                )
                bad.append(rng.random() < share)
        Signal.objects.bulk_create(signals)
        Score.objects.bulk_create(
            Score(signal=signal, metric_id="nps", value=3 if unhappy else 9, scale_low=0, scale_high=10)
            for signal, unhappy in zip(signals, bad, strict=True)
        )

    return speak


def problem(cast: Cast, **changes: Any) -> Improvement:
    given: dict[str, Any] = {
        "title": "One owner for every promised date",
        "problem": "Parts come late and nobody rings.",
        "metric": Metric.objects.get(pk="nps"),
        "places": {"touchpoint": ["delivery"], "region": ["benelux"]},
        "owner": cast("service_lead"),
        "function": None,
        "by": cast("cx_manager"),
        "now": at(-4),
    }
    return improving.find_problem(**(given | changes))


def ship(one: Improvement, cast: Cast, expected: float = 0.2) -> Improvement:
    done = improving.plan_action(
        one, text="Desk keeps dates", owner=cast("service_lead"), due_on=SHIPPED, cost=None
    )
    improving.finish_action(done, on=SHIPPED)
    return improving.put_in_force(one, on=SHIPPED, expected_share=expected, since=None, now=at(0))


def watch(weeks: range) -> None:
    """Look daily, as the job does; only one look a week counts."""
    for week in weeks:
        for days in (0, 1, -1, 3):
            look_at_all(now=at(week, days))


def test_a_fix_that_works_is_judged_better_and_a_relapse_opens_it_again_by_itself(
    world: World, cast: Cast, say: Callable[..., None]
) -> None:
    say(range(-80, 0), 0.5)
    one = ship(problem(cast), cast)
    assert (one.baseline_n, one.state) == (80 * 14, "shipped")
    assert one.needed_n is not None
    say(range(10), 0.12)
    watch(range(1, 11))
    one.refresh_from_db()
    assert one.state == "held"
    assert "Better" in one.looks.last().words  # type: ignore[union-attr]
    assert share_that_held(cast("cx_manager")).n == 1
    say(range(10, 26), 0.6)
    watch(range(11, 27))
    one.refresh_from_db()
    assert (one.state, one.came_back) == ("back", 1)
    held = share_that_held(cast("cx_manager"))
    assert (held.value, held.n) == (0, 1)
    mails = OutgoingMail.objects.filter(dedupe_key__startswith="verdict:").order_by("pk")
    assert [mail.to for mail in mails] == [cast("service_lead").email] * 2
    assert "open again by itself" in mails[1].text


def test_nothing_changed_is_not_called_better_and_is_looked_at_once_a_week(
    world: World, cast: Cast, say: Callable[..., None]
) -> None:
    say(range(-60, 0), 0.4)
    one = ship(problem(cast), cast)
    say(range(12), 0.4)
    watch(range(13))
    one.refresh_from_db()
    assert one.state == "shipped"
    assert Look.objects.count() == 12
    assert not one.looks.filter(verdict__in=["better", "back"]).exists()


def test_a_change_that_does_no_better_says_so_once_by_mail_and_is_opened_again_by_hand(
    world: World, cast: Cast, say: Callable[..., None], browser_of: Any
) -> None:
    say(range(-80, 0), 0.5)
    one = ship(problem(cast), cast)
    say(range(30), 0.5)
    watch(range(1, 31))
    one.refresh_from_db()
    last = one.looks.last()
    assert last
    assert (last.verdict, one.state) == ("no_better", "shipped")
    [mail] = OutgoingMail.objects.filter(dedupe_key__startswith="verdict:")
    assert "whether it met the cause" in mail.text
    held = share_that_held(cast("cx_manager"))
    assert (held.value, held.n) == (0, 1)
    lead = browser_of("cx_manager")
    page = lead.get(f"/act/improvements/{one.code}/").content.decode()
    assert "something else has to change" in page
    lead.post(f"/act/improvements/{one.code}/rethink/")
    one.refresh_from_db()
    assert one.state == "analysed"
    assert share_that_held(cast("cx_manager")).n == 1
    with pytest.raises(StepRefused, match="no better"):
        improving.rethink(one)


def test_whoever_sees_some_customers_is_shown_no_number_of_the_others(
    world: World, cast: Cast, say: Callable[..., None], browser_of: Any
) -> None:
    say(range(-80, 0), 0.5, elsewhere=True)
    one = ship(problem(cast), cast)
    say(range(10), 0.12, elsewhere=True)
    watch(range(1, 11))
    whole = browser_of("cx_manager").get(f"/api/v1/improvements/{one.code}").json()
    part = browser_of("account_manager").get(f"/api/v1/improvements/{one.code}").json()
    assert (whole["baseline_n"], whole["weight"]["share"]["n"]) != (0, 0)
    assert (part["baseline_n"], part["baseline_unhappy"], part["needed_n"]) == (0, 0, None)
    assert (part["weight"]["share"]["n"], part["weight"]["accounts"], part["weight"]["worth"]) == (0, 0, 0)
    assert {(look["n"], look["unhappy"], look["change"]) for look in part["looks"]} == {(None, None, None)}
    assert [look["verdict"] for look in part["looks"]] == [look["verdict"] for look in whole["looks"]]
    page = browser_of("account_manager").get(f"/act/improvements/{one.code}/").content.decode()
    assert "the customers you may see; the check weighs all of them" in page
    assert str(whole["baseline_n"]) not in page


def test_a_missed_monday_is_made_up_for_and_a_clock_put_back_looks_at_nothing_twice(
    world: World, cast: Cast, say: Callable[..., None]
) -> None:
    say(range(-40, 3), 0.4)
    ship(problem(cast), cast)
    moments = [at(0), at(1, 2), at(0, 5), at(1, 2.04), at(1, 1), at(3), at(2), at(3, -0.04), at(3, 0.04)]
    assert [look_at_all(now=moment) for moment in moments] == [0, 1, 0, 0, 0, 1, 0, 0, 0]


def test_weeks_hold_every_answer_once_and_empty_weeks_too(
    world: World, cast: Cast, say: Callable[..., None]
) -> None:
    say(range(-3, 0), 0.5, each=4)
    say(range(-3, 0), 0.5, each=9, touchpoint=None)  # type: ignore[arg-type]
    weeks = weeks_of(problem(cast), start=SHIPPED - 5 * WEEK, end=SHIPPED + WEEK)
    assert [week.n for week in weeks] == [0, 0, 4, 4, 4, 0]


@pytest.mark.parametrize(
    ("expected", "share", "says"),
    [(0.9, 0.4, "Expect fewer"), (0.1, 0.0, "Expect fewer"), (0.1, None, "at least 30")],
)
def test_a_promise_that_cannot_be_checked_is_refused(
    world: World, cast: Cast, say: Callable[..., None], expected: float, share: float | None, says: str
) -> None:
    if share is not None:
        say(range(-40, 0), share)
    with pytest.raises(StepRefused, match=says):
        ship(problem(cast), cast, expected)
    assert Improvement.objects.get().shipped_on is None


def test_without_anything_done_nothing_can_be_in_force(world: World, cast: Cast) -> None:
    with pytest.raises(StepRefused, match="Nothing was changed"):
        improving.put_in_force(problem(cast), on=SHIPPED, expected_share=0.1, now=at(0))


def test_five_whys_and_a_fishbone_are_drawn_from_parts_linked_to_what_was_said(
    world: World, cast: Cast
) -> None:
    case = make_case(cast)
    signal = case.causes.get().signal
    one = problem(cast, cases=[case], now=case.opened_at)
    for number in range(5):
        improving.say_why(one, answer=f"Because {number}", evidence="Log", signal=signal)
    with pytest.raises(StepRefused, match="five"):
        improving.say_why(one, answer="Another", evidence="")
    with pytest.raises(StepRefused, match="how we know"):
        improving.name_cause(one, family="Desk", text="By hand", standing="proven", evidence="")
    improving.name_cause(one, family="Desk", text="By hand <b>", standing="possible", evidence="")
    improving.name_cause(one, family="Desk", text="By hand <b>", standing="proven", evidence="Seen")
    improving.name_cause(one, family="Carrier", text="Border", standing="ruled_out", evidence="Papers")
    shown = read_improvement(one, cast("cx_manager"), now=case.opened_at)
    assert (len(shown.whys), len(shown.causes), len(shown.cases)) == (5, 2, 1)
    assert shown.fish is not None
    assert "By hand &lt;b&gt;" in shown.fish.svg
    assert "proven: Desk: By hand" in shown.fish.summary
    assert one.state == "found"
    one.refresh_from_db()
    assert one.state == "analysed"


def test_problems_are_ranked_by_what_is_surely_at_stake_and_found_where_nobody_works(
    world: World, cast: Cast, say: Callable[..., None]
) -> None:
    Contract.objects.create(
        account=world.meppel, starts_on=SHIPPED, annual_value=100_000, currency="EUR", status="active"
    )
    say(range(-20, 0), 0.6)
    say(range(-20, 0), 0.05, touchpoint=None)  # type: ignore[arg-type]
    [found] = found_problems(cast("cx_manager"), now=at(0))
    assert (found.touchpoint, found.region, found.weight.worth) == ("delivery", "benelux", 100_000)
    assert 0.5 < found.weight.share.low < found.weight.share.value  # type: ignore[operator]
    problem(cast)
    problem(cast, title="Elsewhere", places={"touchpoint": ["delivery"], "region": ["nordics"]})
    assert found_problems(cast("cx_manager"), now=at(0)) == []
    assert [row.title for row in ranked(cast("cx_manager"), now=at(0))] == [
        "One owner for every promised date",
        "Elsewhere",
    ]
    assert ranked(cast("partner_user"), now=at(0)) == []


def test_a_problem_is_worked_by_plain_forms(world: World, cast: Cast, browser_of: Any) -> None:
    case = make_case(cast)
    browser = browser_of("account_manager")
    typed = {
        "title": "Dates",
        "problem": "They move",
        "metric": "nps",
        "touchpoint": ["delivery"],
        "owner": cast("service_lead").pk,
        "case": case.code,
    }
    page = browser.post("/act/improvements/new/", typed, follow=True)
    one = Improvement.objects.get()
    at_page = f"/act/improvements/{one.code}/"
    assert page.redirect_chain[-1][0] == at_page
    for step, data in [
        ("why", {"answer": "Nobody owns the date", "evidence": "Desk log"}),
        ("cause", {"family": "Desk", "text": "By hand", "standing": "proven", "evidence": "Seen"}),
        ("action", {"text": "One owner", "owner": cast("service_lead").pk, "due_on": "2026-03-02"}),
    ]:
        assert browser.post(f"{at_page}{step}/", data, follow=True).redirect_chain, step
    action = one.actions.get()
    browser.post(f"{at_page}action/{action.pk}/done/")
    refused = browser.post(f"{at_page}ship/", {"on": "2026-03-02", "expected": "10"})
    assert "at least 30 are needed" in refused.content.decode()
    shown = browser.get(at_page).content.decode()
    assert "Nobody owns the date" in shown
    assert "proven: Desk: By hand" in shown
    assert one.title in browser.get(f"/act/cases/{case.code}/").content.decode()
    assert "Dates" in browser.get("/act/improvements/").content.decode()


def test_programs_write_a_problem_down_and_read_it(world: World, cast: Cast, browser_of: Any) -> None:
    browser, kind = browser_of("cx_manager"), "application/json"
    body = {"title": "Dates", "problem": "They move", "owner": cast("service_lead").email}
    code = browser.post("/api/v1/improvements", body, kind).json()["code"]
    why = browser.post(f"/api/v1/improvements/{code}/whys", {"answer": "Nobody owns it"}, kind)
    assert why.json()["state"] == "analysed"
    wrong = browser.post("/api/v1/improvements", body | {"metric": "moon"}, kind)
    assert (wrong.status_code, "metric" in wrong.json()["detail"]) == (422, True)
    late = browser.post(
        f"/api/v1/improvements/{code}/ship", {"on": "2026-03-02", "expected_share": 0.1}, kind
    )
    assert (late.status_code, "Nothing was changed" in late.json()["detail"]) == (409, True)
    assert browser.get("/api/v1/improvements").json()["improvements"][0]["code"] == code
