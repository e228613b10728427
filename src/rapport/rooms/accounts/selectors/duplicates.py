"""Finding rows that look like the same customer or the same person: blocking, then weighing field by field.

Each field that both records fill adds evidence for or against, in the manner of Fellegi and Sunter (1969):
points are roughly log2 of how much oftener such an agreement is seen between true duplicates than between
strangers.
"""

import re
import unicodedata
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import combinations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from rapidfuzz.distance import OSA, JaroWinkler

# Points that strangers start with, and the score from which a pair is shown.
PRIOR = -7.0
LIKELY = 0.5
# A block larger than this says nothing: half a city shares it.
LARGEST_BLOCK = 60
FREE_MAIL = {"gmail.com", "hotmail.com", "outlook.com", "yahoo.com", "gmx.de", "web.de", "icloud.com"}
LEGAL_FORM_WORDS = (
    "ab ag aps as asa bv co company corp corporation cv gmbh group groep holding inc kg limited llc lp ltd "
    "nv oy plc pty sa sarl sas se spa srl the und and van de der"
)
LEGAL_FORMS = frozenset(LEGAL_FORM_WORDS.split())


@dataclass(frozen=True)
class PersonRecord:
    """What is compared of a person, from the database or from elsewhere; `key` only names the record."""

    key: Hashable
    name: str
    email: str = ""
    phone: str = ""
    street: str = ""
    postal_code: str = ""
    city: str = ""
    account: Hashable = None


@dataclass(frozen=True)
class CompanyRecord:
    """What is compared of a company."""

    key: Hashable
    name: str
    domain: str = ""
    street: str = ""
    postal_code: str = ""
    city: str = ""
    country: str = ""
    # The ids from the root of its tree down to itself, joined by dots.
    tree: str = ""


@dataclass(frozen=True)
class PairScore:
    """Two records that may be the same: likeness from 0 to 1, and what speaks for it."""

    left: Hashable
    right: Hashable
    likeness: float
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Evidence:
    """Points one field adds, and the reason to name when it speaks clearly for a duplicate."""

    points: float
    reason: str = ""


@dataclass
class _Prepared:
    """A record made comparable."""

    key: Hashable
    words: tuple[str, ...]
    email: str = ""
    phone: str = ""
    street: str = ""
    postal_code: str = ""
    city: str = ""
    domain: str = ""
    country: str = ""
    group: Hashable = None
    tree: str = ""
    blocks: set[Hashable] = field(default_factory=set)


NOTHING = Evidence(0.0)
# Two quite different names are two people, whatever desk, street and mailbox they share.
IMPOSSIBLE = Evidence(-100.0)
NAME = gettext_noop("name")
EMAIL = gettext_noop("e-mail address")
PHONE = gettext_noop("telephone")
ADDRESS = gettext_noop("address")
DOMAIN = gettext_noop("internet domain")
ACCOUNT = gettext_noop("account")


def reason_words(reasons: Iterable[str]) -> str:
    """Say what two rows have in common."""
    return ", ".join(_(reason) for reason in reasons)


# -- Making comparable -------------------------------------------------------------


@lru_cache(maxsize=200_000)
def folded(text: str) -> str:
    """Return small letters and digits without accents, words apart by one blank."""
    plain = unicodedata.normalize("NFKD", text.lower().replace("ß", "ss").replace("ø", "o"))
    return " ".join(
        re.findall(r"[a-z0-9]+|[^\W\d_]+", "".join(c for c in plain if not unicodedata.combining(c)))
    )


def _digits(text: str) -> str:
    """Return the last nine digits of a telephone number, which leaves country codes aside."""
    return re.sub(r"\D", "", text)[-9:]


def _person(record: PersonRecord) -> _Prepared:
    made = _Prepared(
        record.key,
        tuple(folded(record.name).split()),
        email=record.email.strip().lower(),
        phone=_digits(record.phone),
        street=folded(record.street),
        postal_code=folded(record.postal_code).replace(" ", ""),
        city=folded(record.city),
        group=record.account,
    )
    heads = {word[:3] for word in made.words}
    whole = " ".join(sorted(made.words))
    made.blocks = {("name", whole)} if whole else set()
    made.blocks |= {("word", word) for word in made.words if len(word) > 2}
    made.blocks |= {("at", made.group, head) for head in heads if made.group is not None}
    made.blocks |= {("post", made.postal_code, head[:2]) for head in heads if made.postal_code}
    made.blocks |= {("city", made.city, head) for head in heads if made.city}
    made.blocks |= {("street", " ".join(sorted(made.street.split())))} if made.street else set()
    made.blocks |= {("street", made.postal_code, word) for word in made.street.split() if len(word) > 4}
    made.blocks |= {("email", made.email)} if made.email else set()
    made.blocks |= {("phone", made.phone)} if len(made.phone) > 5 else set()
    return made


def _company(record: CompanyRecord) -> _Prepared:
    words = tuple(folded(record.name).split())
    telling = tuple(word for word in words if word not in LEGAL_FORMS) or words
    domain = record.domain.strip().lower().removeprefix("www.")
    made = _Prepared(
        record.key,
        telling,
        street=folded(record.street),
        postal_code=folded(record.postal_code).replace(" ", ""),
        city=folded(record.city),
        country=folded(record.country),
        domain="" if domain in FREE_MAIL else domain,
        tree=record.tree,
    )
    whole = "".join(made.words)
    made.blocks = {("name", "".join(sorted(made.words))), ("head", whole[:5]), ("tail", whole[-5:])}
    made.blocks |= {("word", word) for word in made.words if len(word) > 2}
    made.blocks |= {("city", made.city, word[:2]) for word in made.words if made.city}
    made.blocks |= {("post", made.postal_code, word[:2]) for word in made.words if made.postal_code}
    made.blocks |= {("street", made.postal_code, made.street)} if made.street else set()
    made.blocks |= {("domain", made.domain)} if made.domain else set()
    return made


# -- Blocking ----------------------------------------------------------------------


def candidate_pairs(records: Sequence[_Prepared]) -> Iterator[tuple[int, int]]:
    """Yield each pair of records that shares a block, once; blocks that are too large are passed over."""
    blocks: dict[Hashable, list[int]] = {}
    for index, record in enumerate(records):
        for block in record.blocks:
            blocks.setdefault(block, []).append(index)
        record.blocks = set()
    telling = [members for block, members in blocks.items() if 1 < len(members) <= _largest(block)]
    blocks.clear()
    shared: list[list[int]] = [[] for _record in records]
    for number, members in enumerate(telling):
        for index in members:
            shared[index].append(number)
    for number, members in enumerate(telling):
        for left, right in combinations(members, 2):
            if number == _first_shared(shared[left], shared[right]):
                yield left, right


def _largest(block: Hashable) -> int:
    """Return how large a block may be: that one word of a name is the same says least."""
    return LARGEST_BLOCK // 2 if isinstance(block, tuple) and block[0] == "word" else LARGEST_BLOCK


def _first_shared(left: Sequence[int], right: Sequence[int]) -> int:
    """Return the first number two ascending lists share."""
    return min(set(left).intersection(right))


# -- Weighing ----------------------------------------------------------------------


def _alike(left: str, right: str) -> float:
    """Return how alike two words are, 0 to 1, forgiving letters changed, missing or swapped."""
    return max(OSA.normalized_similarity(left, right), JaroWinkler.similarity(left, right) - 0.06)


def name_likeness(left: Sequence[str], right: Sequence[str]) -> float:
    """Pair the words of two names as well as they go, in any order; return how alike the pairs are."""
    if not left or not right:
        return 0.0
    if left == right:
        return 1.0
    pairs = sorted(
        (-_same_word(word, other), -len(word) - len(other), min(word, other), max(word, other), here, there)
        for here, word in enumerate(left)
        for there, other in enumerate(right)
    )
    total = weight = 0.0
    free, open_ = set(range(len(left))), set(range(len(right)))
    for unlike, size, _first, _second, here, there in pairs:
        if here in free and there in open_:
            total += unlike * size
            weight -= size
            free.discard(here)
            open_.discard(there)
    # A name that is only part of the other says less.
    paired = total / weight - 0.06 * bool(free or open_)
    return max(paired, _alike("".join(left), "".join(right)))


def _same_word(word: str, other: str) -> float:
    """Compare two words; an initial stands for any word that begins with it."""
    if word == other:
        return 1.0
    if 1 in (len(word), len(other)):
        return 0.9 if word[0] == other[0] else 0.0
    return _alike(word, other)


def _person_name(a: _Prepared, b: _Prepared) -> Evidence:
    if not a.words or not b.words:
        return NOTHING
    likeness = name_likeness(a.words, b.words)
    if likeness >= 0.97:
        return Evidence(6.5, NAME)
    if likeness >= 0.86:
        return Evidence(5.0, NAME)
    if likeness >= 0.72:
        return Evidence(2.0, NAME)
    return Evidence(-2.0) if likeness >= 0.55 else IMPOSSIBLE


def _equal(value: str, other: str, agree: float, differ: float, reason: str) -> Evidence:
    if not value or not other:
        return NOTHING
    return Evidence(agree, reason) if value == other else Evidence(differ)


def _street(a: _Prepared, b: _Prepared) -> Evidence:
    if not a.street or not b.street:
        return NOTHING
    likeness = max(_alike(a.street, b.street), name_likeness(a.street.split(), b.street.split()))
    if likeness >= 0.9:
        return Evidence(4.5, ADDRESS)
    return Evidence(2.5, ADDRESS) if likeness >= 0.75 else Evidence(-2.0)


def _postal(a: _Prepared, b: _Prepared) -> Evidence:
    if not a.postal_code or not b.postal_code:
        return NOTHING
    if a.postal_code == b.postal_code:
        return Evidence(3.0, ADDRESS)
    return Evidence(0.5) if OSA.distance(a.postal_code, b.postal_code) == 1 else Evidence(-1.5)


def _city(a: _Prepared, b: _Prepared) -> Evidence:
    if not a.city or not b.city:
        return NOTHING
    likeness = _alike(a.city, b.city)
    return Evidence(1.5) if likeness >= 0.85 else Evidence(-1.0)


def _person_evidence(a: _Prepared, b: _Prepared) -> list[Evidence]:
    name = _person_name(a, b)
    if name is IMPOSSIBLE:
        return [name]
    same_account = Evidence(2.0, ACCOUNT) if a.group is not None and a.group == b.group else NOTHING
    return [
        name,
        _equal(a.email, b.email, 8.0, -0.5, EMAIL),
        _equal(a.phone, b.phone, 4.0, -0.5, PHONE),
        _street(a, b),
        _postal(a, b),
        _city(a, b),
        same_account,
    ]


def _company_name(a: _Prepared, b: _Prepared) -> Evidence:
    likeness = name_likeness(a.words, b.words)
    if likeness >= 0.97:
        return Evidence(7.5, NAME)
    if likeness >= 0.86:
        return Evidence(4.5, NAME)
    return Evidence(0.0) if likeness >= 0.7 else Evidence(-6.0)


def _company_evidence(a: _Prepared, b: _Prepared) -> list[Evidence]:
    related = bool(a.tree) and a.tree.split(".")[0] == b.tree.split(".")[0]
    if related and (f"{a.tree}.".startswith(f"{b.tree}.") or f"{b.tree}.".startswith(f"{a.tree}.")):
        # A whole and its part share a name on purpose.
        return [IMPOSSIBLE]
    domain = NOTHING if related else _equal(a.domain, b.domain, 7.0, -3.0, DOMAIN)
    return [
        _company_name(a, b),
        domain,
        _street(a, b),
        _postal(a, b),
        _city(a, b),
        _equal(a.country, b.country, 0.5, -2.0, ""),
    ]


def _scored(
    records: Sequence[_Prepared], evidence: Callable[[_Prepared, _Prepared], list[Evidence]], likely: float
) -> list[PairScore]:
    pairs = []
    for left, right in candidate_pairs(records):
        found = evidence(records[left], records[right])
        points = PRIOR + sum(one.points for one in found)
        likeness = 1 / (1 + 2 ** -max(-60.0, min(60.0, points)))
        if likeness >= likely:
            reasons = dict.fromkeys(one.reason for one in found if one.reason)
            pairs.append(PairScore(records[left].key, records[right].key, likeness, tuple(reasons)))
    return sorted(pairs, key=lambda pair: -pair.likeness)


def score_people(records: Iterable[PersonRecord], *, likely: float = LIKELY) -> list[PairScore]:
    """Return the pairs of records that are likely the same person, the likeliest first."""
    return _scored([_person(record) for record in records], _person_evidence, likely)


def score_companies(records: Iterable[CompanyRecord], *, likely: float = LIKELY) -> list[PairScore]:
    """Return the pairs of records that are likely the same company, the likeliest first."""
    return _scored([_company(record) for record in records], _company_evidence, likely)
