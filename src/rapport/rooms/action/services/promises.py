"""Promises to customers: made with a day, kept or broken, never forgotten."""

from datetime import date, datetime

from django.utils.translation import gettext as _

from rapport.kernel.models import User
from rapport.rooms.accounts.models import Account, Contact
from rapport.rooms.action.models import Case, Improvement, Promise, Publication
from rapport.rooms.action.services.steps import StepRefused
from rapport.rooms.catalog.models import Region


def promise(
    *,
    account: Account,
    words: str,
    owner: User,
    due_on: date,
    by: User,
    now: datetime,
    contact: Contact | None = None,
    case: Case | None = None,
) -> Promise:
    """Write a promise down."""
    if not words.strip():
        raise StepRefused(_("Say what was promised."))
    return Promise.objects.create(
        account=account,
        contact=contact,
        case=case,
        words=words.strip(),
        owner=owner,
        due_on=due_on,
        made_at=now,
        made_by=by,
    )


def keep(one: Promise, *, on: date, outcome: str = "") -> None:
    """Say that a promise was kept."""
    _settle(one, kept_on=on, broken_on=None, outcome=outcome)


def give_up_promise(one: Promise, *, on: date, outcome: str) -> None:
    """Say that a promise was broken, and why."""
    if not outcome.strip():
        raise StepRefused(_("Say why it was not kept."))
    _settle(one, kept_on=None, broken_on=on, outcome=outcome)


def _settle(one: Promise, *, kept_on: date | None, broken_on: date | None, outcome: str) -> None:
    open_one = Promise.objects.filter(pk=one.pk, kept_on=None, broken_on=None)
    if not open_one.update(kept_on=kept_on, broken_on=broken_on, outcome=outcome.strip()):
        raise StepRefused(_("It was said before what became of it."))


def publish(
    improvement: Improvement, *, you_said: str, we_did: str, region: Region | None, by: User, now: datetime
) -> Publication:
    """Tell the public what was said and done; raise StepRefused before the change is in force."""
    if improvement.state not in (Improvement.State.SHIPPED, Improvement.State.HELD):
        raise StepRefused(_("Publish it when the change is in force: only then has something been done."))
    if not you_said.strip() or not we_did.strip():
        raise StepRefused(_("Say both: what was said, and what was done."))
    return Publication.objects.create(
        improvement=improvement,
        region=region,
        you_said=you_said.strip(),
        we_did=we_did.strip(),
        published_at=now,
        published_by=by,
    )


def withdraw(publication: Publication, *, now: datetime) -> None:
    """Take something off the public page."""
    Publication.objects.filter(pk=publication.pk, withdrawn_at=None).update(withdrawn_at=now)
