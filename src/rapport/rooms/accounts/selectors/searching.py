"""Search that forgives typos: the best matches by likeness of words; codes, ids and addresses exactly."""

from collections.abc import Sequence
from typing import Any

from django.contrib.postgres.search import TrigramSimilarity, TrigramWordSimilarity
from django.db import connection, transaction
from django.db.models import QuerySet
from django.db.models.functions import Lower

from rapport.rooms.accounts.models import Account, AccountExternalId, Contact, ContactExternalId

# Two letters changed places in a word of eight leave 0.45 of its trigrams.
LIKENESS = 0.4
MOST_MATCHES = 1000


def search_accounts(rows: "QuerySet[Account]", query: str, *, most: int = MOST_MATCHES) -> list[int]:
    """Return the ids of the accounts among `rows` that fit the words, the best first."""
    text = query.strip().lower()
    known = AccountExternalId.objects.filter(value=query.strip()).values_list("account", flat=True)
    return _joined(rows, text, [known, _people_of_address(text).values_list("account", flat=True)], most)


def search_contacts(rows: "QuerySet[Contact]", query: str, *, most: int = MOST_MATCHES) -> list[int]:
    """Return the ids of the people among `rows` that fit the words, the best first."""
    text = query.strip().lower()
    known = ContactExternalId.objects.filter(value=query.strip()).values_list("contact", flat=True)
    return _joined(rows, text, [known, _people_of_address(text).values_list("pk", flat=True)], most)


def _people_of_address(text: str) -> "QuerySet[Contact]":
    if "@" not in text:
        return Contact.objects.none()
    return Contact.objects.alias(address=Lower("email")).filter(address=text)


def _joined(
    rows: "QuerySet[Any]", text: str, exactly: Sequence["QuerySet[Any, int]"], most: int
) -> list[int]:
    """Join what is meant exactly, by code, id or address, and what is alike.

    Each exact way is asked by itself: the database has an index for each, and none for all of them at once.
    """
    if not text:
        return []
    coded = rows.model._default_manager.filter(code=text.upper()).values_list("pk", flat=True)
    named = {pk for way in (coded, *exactly) for pk in way[:most]}
    first = list(rows.filter(pk__in=named).order_by("pk").values_list("pk", flat=True)) if named else []
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
