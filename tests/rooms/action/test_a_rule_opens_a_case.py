"""From an unhappy answer to the right colleague."""

from collections.abc import Callable
from datetime import UTC, datetime

from django.utils import timezone
from tests.cast import World
from tests.kernel.mail.post_office import post_office
from tests.rooms.action.cases import answer, make_rule

from rapport.kernel.jobs.worker import run_pending_jobs
from rapport.kernel.models import OutgoingMail, User
from rapport.rooms.action.models import Case, CaseCause
from rapport.rooms.action.services.evaluate import evaluate_rules
from rapport.rooms.signals.api import record_signal


def test_an_unhappy_answer_reaches_the_owner_by_one_real_mail(
    world: World, cast: Callable[[str], User]
) -> None:
    make_rule(cast("cx_manager"))
    with post_office() as office:
        done = record_signal(answer(), author=None, now=timezone.now())
        run_pending_jobs()
    case = Case.objects.get()
    assert (case.account, case.contact, case.owner) == (world.meppel, world.joost, cast("account_manager"))
    assert case.title == "Third time this year the seal kits came later than promised."
    assert [cause.signal_id for cause in case.causes.all()] == [done.signal_id]
    [message] = office.accepted
    assert message["To"] == "account_manager@halden.example"
    assert "Nobody rang." in message.get_payload()
    assert f"/act/cases/{case.code}/" in message.get_payload()
    assert OutgoingMail.objects.get().state == "sent"


def test_evaluating_the_same_signal_again_changes_nothing(world: World, cast: Callable[[str], User]) -> None:
    make_rule(cast("cx_manager"))
    done = record_signal(answer(), author=None, now=timezone.now())
    run_pending_jobs()
    assert evaluate_rules([done.signal_id], now=timezone.now()) == []
    assert Case.objects.count() == OutgoingMail.objects.count() == CaseCause.objects.count() == 1


def test_several_rules_make_one_case_with_the_strictest_time(
    world: World, cast: Callable[[str], User]
) -> None:
    slow = make_rule(cast("cx_manager"), due_hours=40)
    quick = make_rule(cast("cx_manager"), name="Tier A", conditions={"tier": ["A"]}, due_hours=4)
    done = record_signal(answer(), author=None, now=timezone.now())
    evaluate_rules([done.signal_id], now=datetime(2026, 9, 17, 7, 0, tzinfo=UTC))
    case = Case.objects.get()
    assert case.rule == quick
    assert case.due_at == datetime(2026, 9, 17, 13, 0, tzinfo=UTC)
    assert {cause.rule for cause in case.causes.all()} == {slow, quick}


def test_old_feedback_from_a_file_rouses_nobody(world: World, cast: Callable[[str], User]) -> None:
    make_rule(cast("cx_manager"))
    record_signal(answer(), author=None, now=timezone.now(), live=False)
    run_pending_jobs()
    assert not Case.objects.exists()


def test_anonymous_feedback_opens_no_case(world: World, cast: Callable[[str], User]) -> None:
    make_rule(cast("cx_manager"), conditions={})
    done = record_signal(answer(anonymous=True), author=None, now=timezone.now())
    run_pending_jobs()
    evaluate_rules([done.signal_id], now=timezone.now())
    assert not Case.objects.exists()


def test_a_rule_that_is_switched_off_opens_nothing(world: World, cast: Callable[[str], User]) -> None:
    make_rule(cast("cx_manager"), active=False)
    record_signal(answer(), author=None, now=timezone.now())
    run_pending_jobs()
    assert not Case.objects.exists()


def test_a_customer_nobody_owns_goes_to_the_fallback(world: World, cast: Callable[[str], User]) -> None:
    make_rule(cast("cx_manager"))
    record_signal(answer(contact="", account="Tarnhelm Chemicals"), author=None, now=timezone.now())
    run_pending_jobs()
    assert Case.objects.get().owner == cast("cx_manager")


def test_an_owner_who_cannot_see_the_account_is_passed_over(
    world: World, cast: Callable[[str], User]
) -> None:
    world.tarnhelm.owner = cast("partner_user")
    world.tarnhelm.save()
    make_rule(cast("cx_manager"))
    record_signal(answer(contact="", account="Tarnhelm Chemicals"), author=None, now=timezone.now())
    run_pending_jobs()
    assert Case.objects.get().owner == cast("cx_manager")


def test_a_correction_joins_the_case_of_what_it_corrects(world: World, cast: Callable[[str], User]) -> None:
    make_rule(cast("cx_manager"))
    first = record_signal(answer(), author=None, now=timezone.now())
    run_pending_jobs()
    second = answer(external_reference="t-2", supersedes=first.signal_id)
    record_signal(second, author=None, now=timezone.now())
    run_pending_jobs()
    assert Case.objects.get().causes.count() == 2
    assert OutgoingMail.objects.count() == 1


def test_an_unknown_customer_still_makes_a_case_for_the_fallback(
    world: World, cast: Callable[[str], User]
) -> None:
    make_rule(cast("cx_manager"))
    record_signal(answer(contact="", account="Velthuis", region="benelux"), author=None, now=timezone.now())
    run_pending_jobs()
    case = Case.objects.get()
    assert (case.account, case.region_id, case.owner) == (None, "benelux", cast("cx_manager"))
