"""A9: a playbook puts its steps on a case, by a rule or a hand; who is late is told once."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from tests.cast import World
from tests.rooms.action.cases import Cast, make_case, make_rule

from rapport.kernel.models import OutgoingMail
from rapport.rooms.action.models import Case, CaseTask, Playbook
from rapport.rooms.action.services.playbooks import add_step, call_late_tasks, start, tick, untick
from rapport.rooms.action.services.steps import StepRefused

TUESDAY = datetime(2026, 9, 15, 7, 0, tzinfo=UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture
def playbook(cast: Cast) -> Playbook:
    """A playbook of two steps: one of the case's owner, one of the service lead."""
    book = Playbook.objects.create(name="Late delivery")
    add_step(book, text="Ring the customer", colleague=None, hours=4)
    add_step(book, text="Find the parts", colleague=cast("service_lead"), hours=16)
    return book


def letters(to: str) -> int:
    return OutgoingMail.objects.filter(to=to).count()


def test_a_rule_puts_its_playbook_on_the_case_and_others_are_told_of_their_step(
    world: World, cast: Cast, playbook: Playbook
) -> None:
    make_rule(cast("cx_manager"), playbook=playbook)
    case = make_case(cast, now=TUESDAY)
    tasks = list(case.tasks.order_by("position"))
    assert [(task.text, task.owner) for task in tasks] == [
        ("Ring the customer", case.owner),
        ("Find the parts", cast("service_lead")),
    ]
    # The owner works from nine to five, UTC: four hours end at one, sixteen at the end of the next day.
    assert [task.due_at.strftime("%d %H:%M") for task in tasks] == ["15 13:00", "16 17:00"]
    assert letters(cast("service_lead").email) == 1


def test_a_playbook_is_started_once_and_its_steps_are_ticked_once(
    world: World, cast: Cast, playbook: Playbook
) -> None:
    case, owner = make_case(cast, now=TUESDAY), cast("account_manager")
    first, _second = start(case, playbook, by=owner, now=TUESDAY)
    with pytest.raises(StepRefused, match="started before"):
        start(case, playbook, by=owner, now=TUESDAY)
    tick(first, by=owner, now=TUESDAY)
    with pytest.raises(StepRefused, match="done before"):
        tick(first, by=owner, now=TUESDAY)
    untick(first)
    assert not CaseTask.objects.filter(done_at__isnull=False).exists()


def test_whoever_is_late_is_told_once_and_not_of_a_closed_case(
    world: World, cast: Cast, playbook: Playbook
) -> None:
    case = make_case(cast, now=TUESDAY)
    start(case, playbook, by=cast("account_manager"), now=TUESDAY)
    before = letters(cast("service_lead").email)
    late = TUESDAY + timedelta(days=7)
    assert call_late_tasks(now=late) == 2
    assert call_late_tasks(now=late + timedelta(hours=1)) == 0
    assert letters(cast("service_lead").email) == before + 1
    CaseTask.objects.update(told_late_at=None)
    told = {"customer_told_at": late, "closed_at": late, "told_how": "telephone"}
    Case.objects.update(state=Case.State.CLOSED, **told)
    assert call_late_tasks(now=late) == 0


def test_a_playbook_without_steps_or_out_of_use_is_refused(
    world: World, cast: Cast, playbook: Playbook
) -> None:
    case = make_case(cast, now=TUESDAY)
    Playbook.objects.update(active=False)
    playbook.refresh_from_db()
    with pytest.raises(StepRefused, match="not in use"):
        start(case, playbook, by=cast("account_manager"), now=TUESDAY)
    assert not case.tasks.exists()


def test_the_checklist_is_started_and_ticked_in_the_browser(
    world: World, cast: Cast, playbook: Playbook, browser_of: Callable[[str], Client]
) -> None:
    case, browser = make_case(cast, now=TUESDAY), browser_of("account_manager")
    sent = browser.post(f"/act/cases/{case.code}/play/", {"playbook": str(playbook.pk)}, follow=True)
    assert "Ring the customer" in sent.content.decode()
    task = case.tasks.get(position=1)
    browser.post(f"/act/cases/{case.code}/tasks/{task.pk}/", {"done": "yes"})
    task.refresh_from_db()
    assert task.done_by == cast("account_manager")
