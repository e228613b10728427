"""Signals as they are read on a page: plain rows, newest first, a stretch at a time."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.urls import reverse

from rapport.kernel.models import User
from rapport.rooms.accounts.models import BuyingRole
from rapport.rooms.signals.anonymity import released_blocks
from rapport.rooms.signals.bands import band_of
from rapport.rooms.signals.emotions import FEELINGS
from rapport.rooms.signals.models import (
    FEWEST_ANONYMOUS_COMMENTS,
    Attachment,
    Comment,
    Score,
    Signal,
)
from rapport.rooms.signals.selectors.filters import Filters
from rapport.ui.components import Mood

PAGE = 50
COUNTED = 10_000
# Values instead of rows: a list of fifty would otherwise make five hundred objects.
_COLUMNS = (
    *(
        "pk",
        "occurred_at",
        "kind",
        "source",
        "account__name",
        "account__code",
        "contact__name",
        "contact__code",
    ),
    *("buying_role", "touchpoint__name", "product__name", "region__name", "partner__name", "author__name"),
    *("author__email", "anonymous", "block", "emotions", "account_hint", "contact_hint"),
)


_SCORE_COLUMNS = (
    *("signal", "metric", "metric__name", "metric__kind", "metric__higher_is_better"),
    *("value", "scale_low", "scale_high"),
)


@dataclass(frozen=True)
class ReadScore:
    """One score in words."""

    metric: str
    name: str
    kind: str
    value: float
    scale_high: float
    mood: Mood

    @property
    def text(self) -> str:
        """Write the score; anything but 0 to 10 recommendation says its scale."""
        return f"{self.value:g}" if self.kind == "nps" else f"{self.value:g}/{self.scale_high:g}"


@dataclass(frozen=True)
class Words:
    """Words and their language."""

    text: str
    language: str


@dataclass(frozen=True)
class File:
    """A file that came with a signal."""

    name: str
    url: str
    content_type: str
    size: int


@dataclass(frozen=True)
class ReadSignal:
    """One signal with all that may be shown of it."""

    id: UUID
    at: datetime
    kind: str
    kind_label: str
    source: str
    account: str
    account_code: str
    contact: str
    contact_code: str
    role: str
    role_label: str
    touchpoint: str
    product: str
    region: str
    partner: str
    noted_by: str
    anonymous: bool
    words_hidden: bool
    scores: tuple[ReadScore, ...]
    words: tuple[Words, ...]
    feelings: tuple[str, ...]
    files: tuple[File, ...]
    hint: str = ""

    @property
    def url(self) -> str:
        """Return the address of its page."""
        return reverse("signals:detail", args=[self.id])

    @property
    def first_score(self) -> ReadScore | None:
        """Return the score that stands for the signal: the recommendation where there is one."""
        ranked = sorted(self.scores, key=lambda score: score.kind != "nps")
        return ranked[0] if ranked else None

    @property
    def mood(self) -> Mood:
        """Return how the person felt, by the score that stands for the signal."""
        return self.first_score.mood if self.first_score else ""

    @property
    def role_glyph(self) -> str:
        """Return the name of the role's glyph."""
        return "r-decision" if self.role == "decision_maker" else f"r-{self.role}"

    @property
    def who(self) -> str:
        """Return who spoke, as far as it may be said."""
        return self.contact or self.hint or self.account


@dataclass(frozen=True)
class Stretch:
    """A stretch of a long list and the cursors beside it."""

    rows: tuple[ReadSignal, ...]
    newer: str
    older: str


def stretch(user: User, filters: Filters, *, after: str = "", before: str = "", size: int = PAGE) -> Stretch:
    """Return the signals after (older than) or before (newer than) a cursor, newest first."""
    rows = filters.signals(Signal.objects.visible_to(user))
    place, back = _cursor(before or after), bool(before)
    if place:
        rows = rows.filter(_beyond(*place, newer=back))
    order = ("occurred_at", "id") if back else ("-occurred_at", "-id")
    ids = list(rows.order_by(*order).values_list("occurred_at", "id")[: size + 1])
    more, ids = len(ids) > size, ids[:size]
    if back:
        ids.reverse()
    found = read_signals([pk for _at, pk in ids])
    newer = (bool(place) if not back else more) and bool(ids)
    older = (more if not back else True) and bool(ids)
    return Stretch(found, _written(*ids[0]) if newer else "", _written(*ids[-1]) if older else "")


def count_signals(user: User, filters: Filters) -> int:
    """Count the signals of a list, up to one more than COUNTED."""
    rows = filters.signals(Signal.objects.visible_to(user))
    return rows.order_by()[: COUNTED + 1].count()


def read_signals(ids: Sequence[UUID]) -> tuple[ReadSignal, ...]:
    """Read signals by id, in this order; the ids must come from a query the user may make."""
    signals = {row["pk"]: row for row in Signal.objects.filter(pk__in=ids).values(*_COLUMNS)}
    scores = _by_signal(Score.objects.filter(signal__in=ids).values(*_SCORE_COLUMNS))
    comments = _by_signal(Comment.objects.filter(signal__in=ids).values("signal", "text", "language"))
    files = _by_signal(Attachment.objects.filter(signal__in=ids).values())
    spoken = blocks_with_words(row["block"] for row in signals.values() if row["anonymous"])
    found = []
    for pk in ids:
        if pk in signals:
            row = signals[pk]
            may_read = not row["anonymous"] or row["block"] in spoken
            words = comments[pk] if may_read else []
            found.append(_read(row, scores[pk], words, files[pk], hidden=not may_read and bool(comments[pk])))
    return tuple(found)


def blocks_with_words(blocks: Iterable[str]) -> set[str]:
    """Return which of these anonymous blocks are big enough for their comments to be shown."""
    wanted = set(blocks)
    if not wanted:
        return set()
    return set(released_blocks(FEWEST_ANONYMOUS_COMMENTS).filter(block__in=wanted))


Columns = Mapping[str, Any]


def _by_signal(rows: Iterable[Columns]) -> dict[UUID, list[Columns]]:
    found: dict[UUID, list[Columns]] = defaultdict(list)
    for row in rows:
        found[row["signal"] if "signal" in row else row["signal_id"]].append(row)
    return found


def _read(
    row: Columns, scores: list[Columns], comments: list[Columns], files: list[Columns], *, hidden: bool
) -> ReadSignal:
    role, account = row["buying_role"], row["account__name"] or ""
    return ReadSignal(
        id=row["pk"],
        at=row["occurred_at"],
        kind=row["kind"],
        kind_label=str(Signal.Kind(row["kind"]).label),
        source=row["source"],
        account=account,
        account_code=row["account__code"] or "",
        contact=row["contact__name"] or "",
        contact_code=row["contact__code"] or "",
        role=role,
        role_label=str(BuyingRole.Role(role).label) if role in BuyingRole.Role else role,
        touchpoint=row["touchpoint__name"] or "",
        product=row["product__name"] or "",
        region=row["region__name"] or "",
        partner=row["partner__name"] or "",
        noted_by=row["author__name"] or row["author__email"] or "",
        anonymous=row["anonymous"],
        words_hidden=hidden,
        scores=tuple(_read_score(score) for score in scores),
        words=tuple(Words(words["text"], words["language"]) for words in comments),
        feelings=tuple(str(FEELINGS.get(key, key)) for key in row["emotions"]),
        files=tuple(_read_file(item) for item in files),
        hint=row["contact_hint"] or ("" if account else row["account_hint"]),
    )


def _read_score(row: Columns) -> ReadScore:
    kind, value, high = row["metric__kind"], row["value"], row["scale_high"]
    mood = band_of(kind, value, row["scale_low"], high, row["metric__higher_is_better"])
    return ReadScore(row["metric"], row["metric__name"], kind, value, high, mood)


def _read_file(row: Columns) -> File:
    url = reverse("signals:attachment", args=[row["signal_id"], row["id"]])
    return File(row["name"], url, row["content_type"], row["size"])


def _written(at: datetime, pk: UUID) -> str:
    return f"{at.isoformat()}~{pk.hex}"


def _cursor(text: str) -> tuple[datetime, UUID] | None:
    at, tilde, pk = text.replace(" ", "+").partition("~")
    try:
        moment, found = datetime.fromisoformat(at), UUID(hex=pk)
    except ValueError:
        return None
    return (moment, found) if tilde and moment.tzinfo else None


def _beyond(at: datetime, pk: UUID, *, newer: bool) -> Q:
    # The first condition alone lets the index on time be used.
    if newer:
        return Q(occurred_at__gte=at) & (Q(occurred_at__gt=at) | Q(pk__gt=pk))
    return Q(occurred_at__lte=at) & (Q(occurred_at__lt=at) | Q(pk__lt=pk))
