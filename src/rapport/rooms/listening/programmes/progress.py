"""How far a programme got: asked, reached, opened, started, answered, as far as the reader may see."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Exists, OuterRef, Q

from rapport.kernel.models import User
from rapport.rooms.listening.models import Invitation, Programme, Response
from rapport.rooms.listening.programmes.plan import NO_STRATUM
from rapport.rooms.signals.models import Score
from rapport.stats import HIDDEN_BELOW, Estimate
from rapport.stats.shares import share_from_counts

State = Invitation.State


@dataclass
class Steps:
    """How many got how far; each step is among those of the step before."""

    asked: int = 0
    reached: int = 0
    opened: int = 0
    started: int = 0
    answered: int = 0

    @property
    def rate(self) -> Estimate:
        """Return the share of those asked that has answered, with its interval."""
        if not self.asked:
            return Estimate.without_value("Nobody was asked.", method="Wilson", unit="share")
        return share_from_counts(self.answered, self.asked)


@dataclass(frozen=True)
class Asked:
    """One personal asking with how far it got and, where answers are not anonymous, its score."""

    invitation_id: UUID
    account_id: int
    labels: Mapping[str, str]
    reached: bool
    opened: bool
    started: bool
    answered: bool
    chance: float | None
    score: float | None = None


BY = ("role", "region", "tier", "channel", "language", "stratum")


def asked_by(programme: Programme, user: User) -> list[Asked]:
    """Return everybody the programme asked whom the user may see; those never asked are left out."""
    responses = Response.objects.filter(invitation=OuterRef("pk"), test=False)
    rows = (
        Invitation.objects.visible_to(user)
        .filter(programme=programme, open_link=False, contact__isnull=False)
        .exclude(state=State.WITHDRAWN)
        .annotate(begun=Exists(responses), done=Exists(responses.exclude(state="open")))
        .values(
            *("id", "account_id", "buying_role", "channel", "language", "stratum", "state", "chance"),
            *("sent_at", "opened_at", "begun", "done", "account__region_id", "account__tier"),
        )
    )
    scores = {} if programme.anonymous else _scores(programme, user)
    return [_asked(row, scores) for row in rows]


def _asked(row: Mapping[str, object], scores: Mapping[UUID, float]) -> Asked:
    done = bool(row["done"]) or row["state"] == State.ANSWERED
    begun = done or bool(row["begun"]) or row["state"] == State.STARTED
    opened = begun or row["opened_at"] is not None
    bounced = row["state"] == State.BOUNCED
    pk = row["id"]
    assert isinstance(pk, UUID)
    return Asked(
        invitation_id=pk,
        account_id=int(str(row["account_id"])),
        labels={
            "role": str(row["buying_role"] or NO_STRATUM),
            "region": str(row["account__region_id"] or NO_STRATUM),
            "tier": str(row["account__tier"] or NO_STRATUM),
            "channel": str(row["channel"]),
            "language": str(row["language"] or NO_STRATUM),
            "stratum": str(row["stratum"] or NO_STRATUM),
        },
        reached=opened or (row["sent_at"] is not None and not bounced),
        opened=opened,
        started=begun,
        answered=done,
        chance=float(str(row["chance"])) if row["chance"] is not None else None,
        score=scores.get(pk),
    )


def _scores(programme: Programme, user: User) -> dict[UUID, float]:
    """Return the score to recommend of each asking that the ledger has and the user may see."""
    given = dict(
        Response.objects.filter(
            invitation__programme=programme, invitation__open_link=False, test=False, signal_id__isnull=False
        ).values_list("signal_id", "invitation_id")
    )
    scores = Score.objects.visible_to(user).filter(signal__in=list(given), metric__kind="nps")
    return {given[signal]: value for signal, value in scores.values_list("signal_id", "value")}


def count(asked: Iterable[Asked]) -> Steps:
    """Count how far everybody got."""
    steps = Steps()
    for one in asked:
        steps.asked += 1
        steps.reached += one.reached
        steps.opened += one.opened
        steps.started += one.started
        steps.answered += one.answered
    return steps


def group(asked: Iterable[Asked], by: str) -> dict[str, list[Asked]]:
    """Divide those asked by one of their labels, the biggest group first."""
    found: dict[str, list[Asked]] = defaultdict(list)
    for one in asked:
        found[one.labels[by]].append(one)
    return dict(sorted(found.items(), key=lambda item: (-len(item[1]), item[0])))


def safe_groups(groups: Mapping[str, list[Asked]], *, anonymous: bool) -> dict[str, list[Asked]]:
    """Put small groups of an anonymous programme together, so that none tells who answered."""
    if not anonymous:
        return dict(groups)
    big = {name: rows for name, rows in groups.items() if len(rows) >= HIDDEN_BELOW}
    small = [row for name, rows in groups.items() if name not in big for row in rows]
    if not small:
        return big
    if len(small) < HIDDEN_BELOW and big:
        # Alone they would be told by the difference to the whole: the smallest big group joins them.
        last = min(big, key=lambda name: (len(big[name]), name))
        small += big.pop(last)
    return big | {NO_STRATUM: small} if len(small) >= HIDDEN_BELOW else {}


def is_telling(programme: Programme, steps: Steps) -> bool:
    """Say whether even the totals would tell who has answered: of an anonymous programme, with few asked."""
    return programme.anonymous and 0 < steps.asked < HIDDEN_BELOW


@dataclass(frozen=True)
class OpenAnswers:
    """What came in by open links."""

    links: int
    answers: int


def open_answers(programme: Programme, user: User) -> OpenAnswers:
    """Count answers by open links, where nobody is asked by name."""
    rows = Invitation.objects.visible_to(user).filter(programme=programme, open_link=True)
    answers = Response.objects.filter(invitation__in=rows.values("pk"), test=False).filter(~Q(state="open"))
    return OpenAnswers(rows.count(), answers.count())
