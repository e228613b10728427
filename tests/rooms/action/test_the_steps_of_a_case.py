"""Acknowledged, fixed, told, closed, and open again."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from tests.cast import World
from tests.rooms.action.cases import Cast, make_case

from rapport.kernel.models import OutgoingMail
from rapport.rooms.action.models import Case, CaseEvent
from rapport.rooms.action.services.steps import (
    StepRefused,
    acknowledge,
    close_case,
    record_fix,
    reopen_case,
    tell_customer,
)


def tell(case: Case, cast: Cast) -> Case:
    now = timezone.now()
    by = cast("account_manager")
    return tell_customer(case, by=by, how="telephone", words="Femke owns the date.", told_at=now, now=now)


def test_a_case_walks_its_steps_and_each_is_written_down(world: World, cast: Cast) -> None:
    case, by = make_case(cast), cast("account_manager")
    acknowledge(case, by=by, now=timezone.now())
    record_fix(case, by=by, words="24 kits by courier.", now=timezone.now())
    tell(case, cast)
    case = close_case(case, by=by, resolution="Joost is content.", now=timezone.now())
    assert case.state == "closed"
    kinds = list(case.events.values_list("kind", flat=True))
    assert kinds == ["opened", "acknowledged", "fixed", "told", "closed"]


def test_a_case_cannot_close_before_the_customer_was_told(world: World, cast: Cast) -> None:
    case = make_case(cast)
    with pytest.raises(StepRefused, match="Tell the customer first"):
        close_case(case, by=cast("account_manager"), resolution="Done.", now=timezone.now())


def test_the_database_itself_refuses_a_closed_case_nobody_told(world: World, cast: Cast) -> None:
    case = make_case(cast)
    with pytest.raises(IntegrityError), transaction.atomic():
        Case.objects.filter(pk=case.pk).update(state="closed", closed_at=timezone.now())


def test_telling_needs_words(world: World, cast: Cast) -> None:
    now = timezone.now()
    with pytest.raises(StepRefused, match="Write down"):
        tell_customer(
            make_case(cast), by=cast("account_manager"), how="email", words=" ", told_at=now, now=now
        )


@pytest.mark.parametrize("hours", [-1, 1])
def test_the_customer_was_told_between_opening_and_now(world: World, cast: Cast, hours: int) -> None:
    now = timezone.now()
    with pytest.raises(StepRefused, match="cannot have been told"):
        tell_customer(
            make_case(cast, now=now),
            by=cast("account_manager"),
            how="email",
            words="Sorry.",
            told_at=now + timedelta(hours=hours),
            now=now,
        )


def test_acknowledging_twice_is_refused(world: World, cast: Cast) -> None:
    case = acknowledge(make_case(cast), by=cast("account_manager"), now=timezone.now())
    with pytest.raises(StepRefused, match="acknowledged before"):
        acknowledge(case, by=cast("cx_manager"), now=timezone.now())


def test_an_opened_again_case_has_a_new_time_and_must_be_told_again(world: World, cast: Cast) -> None:
    case = tell(make_case(cast), cast)
    case = close_case(case, by=cast("account_manager"), resolution="Done.", now=timezone.now())
    later = timezone.now() + timedelta(days=30)
    case = reopen_case(case, by=cast("cx_manager"), reason="It happened again.", now=later)
    assert (case.state, case.reopened, case.customer_told_at) == ("acknowledged", 1, None)
    assert case.due_at > later
    with pytest.raises(StepRefused):
        close_case(case, by=cast("cx_manager"), resolution="Done.", now=later)
    assert OutgoingMail.objects.filter(dedupe_key__startswith="case-reopened:").count() == 1


def test_what_happened_to_a_case_cannot_be_changed_or_removed(world: World, cast: Cast) -> None:
    make_case(cast)
    for change in (lambda: CaseEvent.objects.update(words="Nothing."), CaseEvent.objects.all().delete):
        with pytest.raises(Exception, match="pgtrigger"), transaction.atomic():
            change()
