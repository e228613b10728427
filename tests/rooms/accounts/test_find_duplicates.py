"""Finding duplicates: how records are scored, and the list of pairs."""

import csv
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st
from tests.cast import World

from rapport.kernel.models import User
from rapport.rooms.accounts.api import CompanyRecord, PersonRecord, score_companies, score_people
from rapport.rooms.accounts.models import Account, Contact, DuplicateCandidate
from rapport.rooms.accounts.selectors.duplicates import name_likeness
from rapport.rooms.accounts.services.finding import dismiss_candidate, find_duplicates
from rapport.stats.matching import pairwise_precision_recall

Browser = Callable[[str], Client]
NOW = datetime(2026, 9, 17, 10, 0, tzinfo=UTC)
DATA = Path(__file__).parents[4] / "shared" / "data" / "febrl-dedup"


def likely(*records: PersonRecord) -> bool:
    return bool(score_people(records))


def test_one_address_and_alike_names_are_one_person() -> None:
    assert likely(
        PersonRecord(1, "Joost Brandsma", email="J@x.example"), PersonRecord(2, "J. Brandsma", "j@x.example")
    )


def test_one_name_at_one_customer_is_likely_one_person_also_with_words_turned() -> None:
    assert likely(PersonRecord(1, "Eva Hoekstra", account=7), PersonRecord(2, "Hoekstra, Eva", account=7))
    assert likely(PersonRecord(1, "Eva Hoekstra", account=7), PersonRecord(2, "Eva Hoextra", account=7))


def test_one_name_at_two_customers_is_not_enough() -> None:
    assert not likely(PersonRecord(1, "Eva Hoekstra", account=7), PersonRecord(2, "Eva Hoekstra", account=8))


def test_two_names_behind_one_shared_address_are_two_people() -> None:
    assert not likely(
        PersonRecord(1, "Eva Hoekstra", email="info@x.example"),
        PersonRecord(2, "Tom Wouters", email="info@x.example"),
    )


def test_two_colleagues_in_one_street_are_two_people() -> None:
    here = {"street": "Dorpsstraat 1", "postal_code": "1234 AB", "city": "Meppel", "account": 1}
    assert not likely(PersonRecord(1, "Eva Hoekstra", **here), PersonRecord(2, "Tom Wouters", **here))  # type: ignore[arg-type]


def test_legal_forms_and_accents_do_not_tell_companies_apart() -> None:
    pairs = score_companies([CompanyRecord(1, "Müller Pumpen GmbH"), CompanyRecord(2, "MULLER PUMPEN AG")])
    assert [(pair.left, pair.right) for pair in pairs] == [(1, 2)]


def test_a_whole_and_its_part_of_one_name_are_not_duplicates() -> None:
    assert not score_companies(
        [CompanyRecord(1, "Veldhuis", tree="1"), CompanyRecord(2, "Veldhuis", tree="1.2")]
    )


def test_two_sites_of_one_name_under_one_whole_are_duplicates() -> None:
    assert score_companies(
        [CompanyRecord(2, "Veldhuis Gent", tree="1.2"), CompanyRecord(3, "Veldhuis Gent", tree="1.3")]
    )


def test_sister_sites_that_share_a_domain_are_not_duplicates() -> None:
    assert not score_companies(
        [
            CompanyRecord(2, "Veldhuis Gent", "veldhuis.example", tree="1.2"),
            CompanyRecord(3, "Veldhuis Meppel", "veldhuis.example", tree="1.3"),
        ]
    )


def test_a_shared_mail_provider_is_no_shared_domain() -> None:
    assert not score_companies(
        [CompanyRecord(1, "Bakker", "gmail.com"), CompanyRecord(2, "Slager", "gmail.com")]
    )


@given(st.lists(st.text(alphabet="abcdé -", max_size=12), min_size=2, max_size=8))
def test_the_order_of_records_does_not_matter(names: list[str]) -> None:
    records = [PersonRecord(number, name, account=1) for number, name in enumerate(names)]
    forward = {frozenset((pair.left, pair.right)): pair.likeness for pair in score_people(records)}
    backward = {frozenset((pair.left, pair.right)): pair.likeness for pair in score_people(records[::-1])}
    assert forward == pytest.approx(backward)


@given(st.lists(st.text("abcde", min_size=1)), st.lists(st.text("abcde", min_size=1)))
def test_likeness_of_names_lies_between_nought_and_one_and_is_mutual(
    left: list[str], right: list[str]
) -> None:
    likeness = name_likeness(left, right)
    assert -0.06 <= likeness <= 1
    assert likeness == pytest.approx(name_likeness(right, left))


# -- Against known truth -------------------------------------------------------------


def _febrl(*names: str) -> list[tuple[str, PersonRecord]]:
    """Read records with the true person of each; the number of the person is not shown to the matcher."""
    found = []
    for name in names:
        with (DATA / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file, skipinitialspace=True):
                record = PersonRecord(
                    row["rec_id"],
                    f"{row['given_name']} {row['surname']}".strip(),
                    street=f"{row['street_number']} {row['address_1']}".strip(),
                    postal_code=row["postcode"],
                    city=row["suburb"],
                )
                found.append((row["rec_id"].split("-")[1], record))
    return found


def _truth(rows: list[tuple[str, PersonRecord]]) -> list[tuple[str, str]]:
    keys: dict[str, list[str]] = {}
    for person, record in rows:
        keys.setdefault(person, []).append(str(record.key))
    return [(pair[0], pair[1]) for pair in keys.values() if len(pair) == 2]


@pytest.mark.real
@pytest.mark.skipif(not DATA.is_dir(), reason="the data set of known duplicates is not beside the checkout")
@pytest.mark.parametrize(
    ("names", "pairs", "precision", "recall"),
    [(("dataset1",), 500, 0.99, 0.95), (("dataset4a", "dataset4b"), 5000, 0.99, 0.93)],
)
def test_known_duplicates_are_found_by_name_and_address_alone(
    names: tuple[str, ...],
    pairs: int,
    precision: float,
    recall: float,
    record_property: Callable[[str, object], None],
) -> None:
    rows = _febrl(*names)
    truth = _truth(rows)
    assert len(truth) == pairs
    found = [(str(pair.left), str(pair.right)) for pair in score_people(record for _person, record in rows)]
    quality = pairwise_precision_recall(found, truth)
    record_property("precision", quality.precision.value)
    record_property("recall", quality.recall.value)
    assert (quality.precision.value or 0) >= precision
    assert (quality.recall.value or 0) >= recall


@pytest.mark.real
@pytest.mark.skipif(not DATA.is_dir(), reason="the data set of known duplicates is not beside the checkout")
def test_known_duplicates_are_found_among_the_people_of_a_customer(world: World) -> None:
    rows = _febrl("dataset1")
    made = Contact.objects.bulk_create(
        Contact(
            account=world.tarnhelm,
            name=record.name or "-",
            street=record.street,
            postal_code=record.postal_code,
            city=record.city,
        )
        for _person, record in rows
    )
    key_of = {contact.pk: str(record.key) for contact, (_person, record) in zip(made, rows, strict=True)}
    find_duplicates(NOW)
    candidates = DuplicateCandidate.objects.filter(kind="contact").values_list("left_id", "right_id")
    found = [(key_of[left], key_of[right]) for left, right in candidates]
    quality = pairwise_precision_recall(found, _truth(rows))
    assert (quality.precision.value or 0) >= 0.98
    assert (quality.recall.value or 0) >= 0.95


# -- In the database -----------------------------------------------------------------


@pytest.fixture
def twins(world: World) -> tuple[Account, Account]:
    """Make Tarnhelm stand there twice, once within reach of the Benelux team."""
    other = Account.objects.create(name="Tarnhelm Chemicals Ltd", team_id="benelux-team")
    return world.tarnhelm, other


def test_pairs_are_found_once_however_often_one_looks(twins: tuple[Account, Account]) -> None:
    assert find_duplicates(NOW) == 1
    assert find_duplicates(NOW + timedelta(days=1)) == 1
    candidate = DuplicateCandidate.objects.get()
    assert (candidate.left_id, candidate.right_id) == (twins[0].pk, twins[1].pk)
    assert candidate.reasons == ["name"]


def test_a_pair_that_no_longer_looks_alike_disappears(twins: tuple[Account, Account]) -> None:
    find_duplicates(NOW)
    Account.objects.filter(pk=twins[1].pk).update(name="Something else")
    assert find_duplicates(NOW + timedelta(days=1)) == 0


def test_a_pair_put_aside_stays_aside(twins: tuple[Account, Account], cast: Callable[[str], User]) -> None:
    find_duplicates(NOW)
    dismiss_candidate(DuplicateCandidate.objects.get(), by=cast("cx_manager"), now=NOW)
    assert find_duplicates(NOW + timedelta(days=1)) == 0
    assert DuplicateCandidate.objects.get().dismissed_by == cast("cx_manager")


def test_a_pair_is_shown_only_to_those_who_see_both(
    twins: tuple[Account, Account], browser_of: Browser
) -> None:
    find_duplicates(NOW)
    candidate = DuplicateCandidate.objects.get()
    assert "Tarnhelm Chemicals Ltd" in browser_of("cx_manager").get("/customers/duplicates/").content.decode()
    half = browser_of("account_manager").get("/customers/duplicates/")
    assert "Tarnhelm" not in half.content.decode()
    assert "No pair waits" in half.content.decode()
    aside = browser_of("account_manager").post(f"/customers/duplicates/{candidate.pk}/aside/")
    assert aside.status_code == 404


def test_a_pair_is_put_aside_by_a_button(twins: tuple[Account, Account], browser_of: Browser) -> None:
    find_duplicates(NOW)
    pk = DuplicateCandidate.objects.get().pk
    browser_of("cx_manager").post(f"/customers/duplicates/{pk}/aside/")
    assert browser_of("cx_manager").get("/customers/duplicates/").context["page"].paginator.count == 0


def test_looking_again_is_a_job_and_asked_for_once(world: World, browser_of: Browser) -> None:
    from procrastinate.contrib.django.models import ProcrastinateJob

    browser = browser_of("cx_manager")
    browser.post("/customers/duplicates/look/")
    browser.post("/customers/duplicates/look/")
    assert ProcrastinateJob.objects.filter(task_name__endswith="look_for_duplicates").count() == 1


def test_the_page_of_a_customer_says_that_it_may_be_there_twice(
    twins: tuple[Account, Account], browser_of: Browser
) -> None:
    find_duplicates(NOW)
    page = browser_of("cx_manager").get(f"/customers/{twins[0].code}/").content.decode()
    assert "This customer may be here twice." in page
