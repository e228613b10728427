"""Looking through all customers and people for duplicates, and putting pairs aside."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from rapport.kernel.models import User
from rapport.rooms.accounts.models import Account, Contact, DuplicateCandidate
from rapport.rooms.accounts.selectors.duplicates import (
    CompanyRecord,
    PairScore,
    PersonRecord,
    score_companies,
    score_people,
)

BATCH = 2000


def find_duplicates(now: datetime) -> int:
    """Look for duplicates among all customers and all people; return how many pairs wait to be looked at.

    Pairs put aside by somebody stay aside; pairs that no longer look alike are dropped.
    """
    companies = score_companies(_companies())
    people = score_people(_people())
    with transaction.atomic():
        _keep(DuplicateCandidate.Kind.ACCOUNT, companies, now)
        _keep(DuplicateCandidate.Kind.CONTACT, people, now)
    return DuplicateCandidate.objects.filter(dismissed_at=None).count()


def _companies() -> Iterable[CompanyRecord]:
    columns = ("pk", "name", "domain", "street", "postal_code", "city", "country", "path")
    rows = Account.objects.unmerged().order_by("pk").values_list(*columns)
    return (CompanyRecord(*row) for row in rows.iterator(chunk_size=BATCH))


def _people() -> Iterable[PersonRecord]:
    columns = ("pk", "name", "email", "phone", "street", "postal_code", "city", "account__path")
    rows = Contact.objects.unmerged().order_by("pk").values_list(*columns)
    # People of one customer meet in its root, whichever site they were noted at.
    for pk, name, email, phone, street, postal_code, city, path in rows.iterator(chunk_size=BATCH):
        yield PersonRecord(pk, name, email, phone, street, postal_code, city, path.split(".")[0])


def _keep(kind: str, pairs: Iterable[PairScore], now: datetime) -> None:
    rows = [_candidate(kind, pair, now) for pair in pairs]
    DuplicateCandidate.objects.bulk_create(
        rows,
        batch_size=BATCH,
        update_conflicts=True,
        unique_fields=["kind", "left_id", "right_id"],
        update_fields=["likeness", "reasons", "found_at"],
    )
    DuplicateCandidate.objects.filter(kind=kind, dismissed_at=None, found_at__lt=now).delete()


def _candidate(kind: str, pair: PairScore, now: datetime) -> DuplicateCandidate:
    left, right = sorted((int(str(pair.left)), int(str(pair.right))))
    return DuplicateCandidate(
        kind=kind,
        left_id=left,
        right_id=right,
        likeness=pair.likeness,
        reasons=list(pair.reasons),
        found_at=now,
    )


@transaction.atomic
def dismiss_candidate(candidate: DuplicateCandidate, *, by: User, now: datetime) -> None:
    """Say that two rows are not the same; they are not proposed again."""
    candidate.dismissed_at, candidate.dismissed_by = now, by
    candidate.save(update_fields=["dismissed_at", "dismissed_by"])
