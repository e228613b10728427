"""Febrl: a thousand people, five hundred of them twice with errors, whose truth is known."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from rapport.connectors.imports.models import ImportRun
from rapport.rooms.accounts.models import Account, Contact, ContactExternalId, DuplicateCandidate
from rapport.rooms.accounts.services.finding import find_duplicates
from rapport.stats import pairs_within, pairwise_precision_recall
from rapport.stats.matching import MatchQuality
from tests.acceptance.real.importing import NOW, assert_nothing_lost, data, fates, land, rows_of

pytestmark = [pytest.mark.real, pytest.mark.django_db, pytest.mark.xdist_group("febrl")]


@dataclass(frozen=True)
class Febrl:
    """The file, the run that brought it in, and how well its duplicates were found."""

    path: Path
    people: ImportRun
    quality: MatchQuality


@pytest.fixture(scope="module")
def febrl(taken_back: None) -> Febrl:
    path = data("febrl-dedup") / "dataset1.csv"
    Account.objects.create(name="Household customers")
    people = land(path, "febrl-people")
    find_duplicates(NOW)
    return Febrl(path, people, pairwise_precision_recall(pairs_found(), true_pairs(path)))


def pairs_found() -> list[tuple[str, str]]:
    named = dict(ContactExternalId.objects.filter(system="febrl").values_list("contact", "value"))
    pairs = DuplicateCandidate.objects.filter(kind="contact").values_list("left_id", "right_id")
    return [(named[left], named[right]) for left, right in pairs]


def true_pairs(path: Path) -> set[tuple[str, str]]:
    """Tell the pairs that are the same person: rec-223-org and rec-223-dup-0."""
    return pairs_within({row["rec_id"]: row["rec_id"].split("-")[1] for row in rows_of(path)})


def test_every_person_lands_although_blanks_follow_the_commas(febrl: Febrl) -> None:
    assert fates(febrl.people) == {"created": 1000}
    assert_nothing_lost(febrl.people, febrl.path)
    one = Contact.objects.get(external_ids__value="rec-122-org")
    assert (one.name, one.street, one.city) == ("lachlan berry", "69 giblin street", "bittern")


def test_importing_the_same_file_again_changes_nothing(febrl: Febrl) -> None:
    assert fates(land(febrl.path, "febrl-people")) == {"unchanged": 1000}
    assert Contact.objects.count() == 1000


def test_duplicates_are_found_with_few_mistakes(
    febrl: Febrl, tell_figure: Callable[[str, object], None]
) -> None:
    precision, recall = febrl.quality.precision.value, febrl.quality.recall.value
    tell_figure("precision", precision)
    tell_figure("recall", recall)
    assert febrl.quality.true_positives + febrl.quality.false_negatives == 500
    assert precision is not None
    assert precision > 0.97
    assert recall is not None
    assert recall > 0.95
