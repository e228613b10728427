"""The draw itself: who is taken, by chance and by rule; the same seed and frame give the same people."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from rapport.rooms.listening.programmes.plan import Sampling
from rapport.rooms.listening.sampling.frame import Person

NO_LIMIT = 10**9


@dataclass(frozen=True)
class Drawn:
    """Who was taken, how probable that was, and who had to stay because the customer had enough."""

    people: tuple[Person, ...] = ()
    chances: Mapping[int, float] = field(default_factory=dict)
    too_many: tuple[Person, ...] = ()


def draw(people: Sequence[Person], sampling: Sampling, *, room: Mapping[int, int], seed: int) -> Drawn:
    """Draw from those who may be asked.

    `room` says how many people of a customer the rest rules still allow; nobody goes beyond it. The limit a
    plan sets a customer gives way to those who must be asked. Chances are shares of a stratum taken beside
    those who had to be: limits of a customer make them approximate.
    """
    rng = np.random.default_rng(seed)
    order = [people[number] for number in rng.permutation(len(people))]
    taking = _Taking(sampling, room)
    musts = [person for person in order if _must(person, sampling)]
    for person in musts:
        taking.take(person, certain=True)
    rest = [person for person in order if not _must(person, sampling)]
    by_stratum = _by_stratum(order, sampling)
    wanted = _wanted(
        by_stratum, sampling, Counter(person.stratum(sampling.strata) for person in taking.taken)
    )
    for person in rest:
        stratum = person.stratum(sampling.strata)
        if wanted[stratum] > 0 and taking.take(person, certain=False):
            wanted[stratum] -= 1
    return Drawn(tuple(taking.taken), _chances(taking.taken, order, sampling), tuple(taking.refused))


class _Taking:
    """Those taken so far, and how much room each customer has left."""

    def __init__(self, sampling: Sampling, room: Mapping[int, int]) -> None:
        self.taken: list[Person] = []
        self.refused: list[Person] = []
        self.room = room
        self.most = sampling.most_per_account or NO_LIMIT
        self.at: Counter[int] = Counter()

    def take(self, person: Person, *, certain: bool) -> bool:
        """Take a person unless the customer's limit forbids it."""
        limit = self.room.get(person.account_id, NO_LIMIT)
        if not certain:
            limit = min(limit, self.most)
        if self.at[person.account_id] >= limit:
            self.refused.append(person)
            return False
        self.at[person.account_id] += 1
        self.taken.append(person)
        return True


def _must(person: Person, sampling: Sampling) -> bool:
    return (sampling.must_vetoes and person.veto) or person.role in sampling.must_roles


def _by_stratum(people: Iterable[Person], sampling: Sampling) -> dict[str, list[Person]]:
    found: dict[str, list[Person]] = defaultdict(list)
    for person in people:
        found[person.stratum(sampling.strata)].append(person)
    return found


def _wanted(
    by_stratum: Mapping[str, Sequence[Person]], sampling: Sampling, taken: Mapping[str, int]
) -> dict[str, int]:
    """Return how many more each stratum shall give."""
    sizes = {stratum: len(people) for stratum, people in by_stratum.items()}
    if sampling.how == "everyone":
        return dict.fromkeys(sizes, NO_LIMIT)
    if sampling.how == "quota":
        return {name: max(0, sampling.quotas.get(name, 0) - taken.get(name, 0)) for name in sizes}
    if sampling.how == "simple":
        left = max(0, (sampling.size or 0) - sum(taken.values()))
        return _Pool(dict.fromkeys(sizes, 0), left)
    shares = allocate(sizes, sampling.size or 0, equal=sampling.allocation == "equal")
    more = {name: max(0, shares[name] - taken.get(name, 0)) for name in sizes}
    # Who had to be asked may fill a stratum beyond its share; the size then comes off the largest others.
    for _over in range(sum(more.values()) - max(0, (sampling.size or 0) - sum(taken.values()))):
        more[max(sorted(more), key=lambda name: more[name])] -= 1
    return more


class _Pool(dict[str, int]):
    """One number that all strata draw from."""

    def __init__(self, names: Mapping[str, int], left: int) -> None:
        super().__init__(names)
        self.left = left

    def __getitem__(self, name: str) -> int:
        return self.left

    def __setitem__(self, name: str, left: int) -> None:
        self.left = left


def allocate(sizes: Mapping[str, int], total: int, *, equal: bool = False) -> dict[str, int]:
    """Share a sample out among strata: in proportion to their sizes, or equally; none gets more than it has.

    Fractions go to the largest remainders, ties to the first by name; what a full stratum cannot take goes
    to the others.
    """
    given = dict.fromkeys(sizes, 0)
    left = min(total, sum(sizes.values()))
    while left > 0:
        open_ = sorted(name for name, size in sizes.items() if given[name] < size)
        weight = {name: 1 if equal else sizes[name] for name in open_}
        whole = sum(weight.values())
        exact = {name: left * weight[name] / whole for name in open_}
        step = {name: min(int(exact[name]), sizes[name] - given[name]) for name in open_}
        if not any(step.values()):
            for name in sorted(open_, key=lambda name: (-exact[name], name))[:left]:
                step[name] = 1
        for name, more in step.items():
            given[name] += more
        left -= sum(step.values())
    return given


def _chances(taken: Sequence[Person], people: Sequence[Person], sampling: Sampling) -> dict[int, float]:
    """Return for each person taken the share of like people that was taken; 1 for who had to be."""
    strata = () if sampling.how == "simple" else sampling.strata
    possible = Counter(person.stratum(strata) for person in people if not _must(person, sampling))
    got = Counter(person.stratum(strata) for person in taken if not _must(person, sampling))
    return {
        person.contact_id: 1.0
        if _must(person, sampling)
        else got[person.stratum(strata)] / possible[person.stratum(strata)]
        for person in taken
    }
