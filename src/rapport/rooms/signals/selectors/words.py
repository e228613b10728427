"""Words customers used that are close to one nobody used."""

from django.db import connection

from rapport.kernel.models import User
from rapport.rooms.signals.models import Comment, Signal

LOOKED_AT = 3_000
CLOSE = 0.3

_NEAREST = """
SELECT lexeme FROM (SELECT DISTINCT lexeme FROM signals_comment c, unnest(to_tsvector('simple', c.text))
  WHERE c.id = ANY(%s)) used
WHERE similarity(lexeme, %s) >= %s ORDER BY similarity(lexeme, %s) DESC, lexeme LIMIT 1
"""


def nearest_words(user: User, words: str) -> list[str]:
    """Return the search with each unknown word replaced by the most alike one lately used by named customers.

    Only comments the user may read are looked at, and none that were given anonymously.
    """
    recent = Signal.objects.visible_to(user).filter(anonymous=False).order_by("-occurred_at", "-id")
    ids = list(recent.values_list("pk", flat=True)[:LOOKED_AT])
    comments = list(Comment.objects.filter(signal__in=ids).values_list("pk", flat=True))
    found = [_nearest(word.lower(), comments) for word in words.split()[:6]]
    better = " ".join(found)
    return [better] if comments and better.lower() != words.lower() and all(found) else []


def _nearest(word: str, comments: list[int]) -> str:
    with connection.cursor() as cursor:
        cursor.execute(_NEAREST, [comments, word, CLOSE, word])
        row = cursor.fetchone()
    return row[0] if row else ""
