"""Search that forgives typos: the best matches by likeness of words; codes, ids and addresses exactly."""

from collections.abc import Sequence
from typing import Any

from django.contrib.postgres.search import TrigramSimilarity, TrigramWordSimilarity
from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Lower

from rapport.rooms.accounts.models import Account, AccountExternalId, Contact, ContactExternalId

# Two letters changed places in a word of eight leave 0.45 of its trigrams.
LIKENESS = 0.4
MOST_MATCHES = 1000


def search_accounts(rows: "QuerySet[Account]", query: str, *, most: int = MOST_MATCHES) -> list[int]:
    """Return the ids of the accounts among `rows` that fit the words, the best first."""
    text = query.strip().lower()
    exact = rows.filter(
        Q(code=text.upper())
        | Q(pk__in=AccountExternalId.objects.filter(value=query.strip()).values("account"))
        | Q(pk__in=_accounts_of_address(text))
    )
    return _joined(exact, rows, text, most)


def search_contacts(rows: "QuerySet[Contact]", query: str, *, most: int = MOST_MATCHES) -> list[int]:
    """Return the ids of the people among `rows` that fit the words, the best first."""
    text = query.strip().lower()
    exact = rows.filter(
        Q(code=text.upper())
        | Q(pk__in=ContactExternalId.objects.filter(value=query.strip()).values("contact"))
        | Q(pk__in=_people_of_address(text).values("pk"))
    )
    return _joined(exact, rows, text, most)


def _people_of_address(text: str) -> "QuerySet[Contact]":
    if "@" not in text:
        return Contact.objects.none()
    return Contact.objects.alias(address=Lower("email")).filter(address=text)


def _accounts_of_address(text: str) -> "QuerySet[Contact, Any]":
    return _people_of_address(text).values("account")


def _joined(exact: "QuerySet[Any]", rows: "QuerySet[Any]", text: str, most: int) -> list[int]:
    if not text:
        return []
    first = list(exact.order_by("pk").values_list("pk", flat=True)[:most])
    return list(dict.fromkeys([*first, *_alike(rows, text, most)]))[:most]


def _alike(rows: "QuerySet[Any]", text: str, most: int) -> Sequence[int]:
    """Let the trigram index find rows with alike words; the threshold holds for this one query only."""
    likeness = TrigramWordSimilarity(text, "search_text")
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT set_config('pg_trgm.word_similarity_threshold', %s, true)", [str(LIKENESS)]
            )
        alike = rows.filter(search_text__trigram_word_similar=text)
        # Of rows that hold the words equally well, the one that says least else is meant.
        whole = TrigramSimilarity("search_text", text)
        ranked = alike.annotate(likeness=likeness, whole=whole).order_by("-likeness", "-whole", "pk")
        return list(ranked.values_list("pk", flat=True)[:most])
