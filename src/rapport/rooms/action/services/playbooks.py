"""Starting a playbook on a case, ticking off its checklist, and telling whose step is late."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from rapport.kernel.mail.queue import queue_mails
from rapport.kernel.models import User
from rapport.rooms.action.models import Case, CaseEvent, CaseTask, Playbook, PlaybookStep
from rapport.rooms.action.services import mails
from rapport.rooms.action.services.due import load_holidays
from rapport.rooms.action.services.steps import StepRefused, locked, note_event
from rapport.rooms.action.working_hours import add_working_time

BATCH = 200


def add_step(playbook: Playbook, *, text: str, colleague: User | None, hours: int) -> PlaybookStep:
    """Add a step at the end; cases on which the playbook was started keep their checklist."""
    if not text.strip():
        raise StepRefused(_("Say what is to be done."))
    with transaction.atomic():
        held = Playbook.objects.select_for_update().get(pk=playbook.pk)
        last = held.steps.order_by("-position").first()
        return PlaybookStep.objects.create(
            playbook=held,
            position=last.position + 1 if last else 1,
            text=text.strip(),
            colleague=colleague,
            hours=hours,
        )


def start(case: Case, playbook: Playbook, *, by: User | None, now: datetime) -> list[CaseTask]:
    """Put a playbook's steps on a case; raise StepRefused when it is closed or was started before."""
    with transaction.atomic():
        case = locked(case)
        if case.is_closed:
            raise StepRefused(_("%(code)s is closed; open it again first.") % {"code": case.code})
        steps = list(playbook.steps.select_related("colleague"))
        if not playbook.active or not steps:
            raise StepRefused(_("%(name)s is not in use, or has no steps.") % {"name": playbook})
        if case.tasks.filter(playbook=playbook).exists():
            raise StepRefused(_("%(name)s was started before.") % {"name": playbook})
        return put_on(case, playbook, steps, by=by, now=now)


def put_on(
    case: Case, playbook: Playbook, steps: Sequence[PlaybookStep], *, by: User | None, now: datetime
) -> list[CaseTask]:
    """Write the checklist, in the caller's transaction."""
    off = load_holidays([case.region_id], since=now.date()).of(case.region_id)
    zone = ZoneInfo(case.time_zone)
    tasks = CaseTask.objects.bulk_create(
        CaseTask(
            case=case,
            playbook=playbook,
            position=step.position,
            text=step.text,
            owner=step.colleague or case.owner,
            due_at=add_working_time(now, timedelta(hours=step.hours), zone, off),
        )
        for step in steps
    )
    note_event(case, CaseEvent.Kind.PLAYED, by=by, now=now, words=playbook.name)
    others = [task for task in tasks if task.owner and task.owner_id not in (case.owner_id, by and by.pk)]
    queue_mails([mails.about_task(case, task) for task in others], now=now)
    return tasks


def tick(task: CaseTask, *, by: User, now: datetime) -> None:
    """Say that a step is done; raise StepRefused when it was done before."""
    if not CaseTask.objects.filter(pk=task.pk, done_at=None).update(done_at=now, done_by=by):
        raise StepRefused(_("It was done before."))


def untick(task: CaseTask) -> None:
    """Say that a step is not done after all."""
    if not CaseTask.objects.filter(pk=task.pk, done_at__isnull=False).update(done_at=None, done_by=None):
        raise StepRefused(_("It is not done yet."))


def call_late_tasks(*, now: datetime) -> int:
    """Tell whoever is late with a step, once; what is on the list of a closed case rouses nobody."""
    told = 0
    while True:
        with transaction.atomic():
            late = CaseTask.objects.select_for_update(skip_locked=True, of=("self",)).filter(
                done_at=None, told_late_at=None, due_at__lt=now
            )
            late = late.exclude(case__state=Case.State.CLOSED).select_related("case__account", "owner")
            tasks = list(late.order_by(F("due_at"))[:BATCH])
            CaseTask.objects.filter(pk__in=[task.pk for task in tasks]).update(told_late_at=now)
            queue_mails([mails.about_late_task(task.case, task) for task in tasks if task.owner], now=now)
        told += len(tasks)
        if len(tasks) < BATCH:
            return told
