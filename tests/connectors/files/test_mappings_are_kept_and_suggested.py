"""Mappings: TOML and back, what is wrong said in words, and what is proposed for a file."""

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rapport.connectors.files import (
    Column,
    Field,
    FileOptions,
    Group,
    Mapping,
    MappingRefused,
    Source,
    Target,
    check_mapping,
    dump_mapping,
    load_mapping,
    open_table,
    parse_mapping,
    suggest_mapping,
)

CONTACTS = Target(
    "contacts",
    "Contacts",
    "People at customers.",
    (
        Field("external_id", "Id in the source"),
        Field("account", "Account", required=True, refers_to="account"),
        Field("name", "Name", required=True, synonyms=("full name", "contact name")),
        Field("title", "Job title"),
        Field("email", "E-mail", "email"),
        Field("phone", "Telephone", "phone"),
    ),
)
SIGNALS = Target(
    "signals",
    "Signals",
    "Feedback.",
    (Field("external_id", "Reference"), Field("occurred_at", "When", "datetime", required=True)),
    (
        Group(
            "scores",
            "Scores",
            (Field("metric", "Metric", required=True), Field("value", "Value", "number", required=True)),
        ),
        Group("comments", "Comments", (Field("text", "Words", required=True), Field("question", "Question"))),
    ),
)


def test_a_factor_is_kept_and_must_be_a_number() -> None:
    mapping = Mapping(
        "accounts", fields={"revenue": Source(columns=("millions",), factor=Decimal(1_000_000))}
    )
    assert parse_mapping(dump_mapping(mapping)) == mapping
    for wrong in ('"many"', "0", '"nan"'):
        with pytest.raises(MappingRefused, match="factor"):
            parse_mapping(f'target = "accounts"\n[fields]\nrevenue = {{ column = "r", factor = {wrong} }}')


def test_a_mapping_written_by_hand_is_understood() -> None:
    mapping = parse_mapping(
        """
        target = "signals"
        source = "helpdesk"
        on_error = "abort"
        time_zone = "Europe/Berlin"

        [file]
        delimiter = ";"
        missing = ["?", "-"]

        [only]
        state = ["Closed"]

        [fields]
        external_id = "number"
        occurred_at = { columns = ["day", "time"], date_order = "mdy" }
        kind = { constant = "ticket" }

        [[groups.scores]]
        metric = { constant = "csat" }
        value = { column = "satisfaction", values = { Good = 5, Bad = 1 }, otherwise = "" }
        """
    )
    assert mapping.source == "helpdesk"
    assert mapping.fields["occurred_at"].columns == ("day", "time")
    assert mapping.groups["scores"][0]["value"].values == {"Good": "5", "Bad": "1"}
    assert mapping.columns == ("number", "day", "time", "satisfaction", "state")
    assert parse_mapping(dump_mapping(mapping)) == mapping


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("target = ", "not TOML"),
        ("x = 1", "'x' is not understood"),
        ("source = 'x'", "names no target"),
        ("target = 'a'\non_error = 'maybe'", "report, abort"),
        ("target = 'a'\n[fields]\nname = { colum = 'x' }", "'colum' is not understood"),
        ("target = 'a'\n[fields]\nname = { join = '-' }", "neither a column nor a constant"),
        ("target = 'a'\n[groups]\nscores = { a = 1 }", r"\[\[groups.name\]\]"),
        ("target = 'a'\n[file]\nheader_row = 'x'", "whole numbers"),
    ],
)
def test_a_wrong_mapping_says_where(text: str, said: str) -> None:
    with pytest.raises(MappingRefused, match=said):
        parse_mapping(text)


def test_a_mapping_file_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(MappingRefused, match="gone"):
        load_mapping(tmp_path / "gone.toml")


TEXT = st.text(st.characters(blacklist_categories=["Cs"]), max_size=12)
SOURCE = st.builds(
    Source,
    columns=st.lists(TEXT, min_size=1, max_size=3).map(tuple),
    constant=st.none() | TEXT,
    values=st.dictionaries(TEXT, TEXT, max_size=3),
    otherwise=st.none() | TEXT,
    join=TEXT,
    date_order=st.sampled_from(["", "dmy", "mdy"]),
)


@given(
    st.builds(
        Mapping,
        target=st.just("contacts"),
        fields=st.dictionaries(TEXT, SOURCE, max_size=4),
        groups=st.dictionaries(
            TEXT,
            st.lists(st.dictionaries(TEXT, SOURCE, max_size=2), min_size=1, max_size=2).map(tuple),
            max_size=2,
        ),
        source=TEXT,
        file=st.builds(
            FileOptions, delimiter=TEXT, missing=st.none() | st.lists(TEXT, max_size=2).map(tuple)
        ),
        only=st.dictionaries(TEXT, st.lists(TEXT, max_size=2).map(tuple), max_size=2),
    )
)
def test_every_mapping_comes_back_from_its_file(mapping: Mapping) -> None:
    assert parse_mapping(dump_mapping(mapping)) == mapping


def test_a_mapping_is_checked_against_target_and_file() -> None:
    mapping = Mapping("contacts", {"nmae": Source(("Name",)), "account": Source(("Firma",))}, {"scores": ()})
    said = check_mapping(mapping, CONTACTS, ["Name"])
    assert said == [
        "There is no field 'nmae' in the target 'contacts'.",
        "'Name' is needed in the target 'contacts': give it a column or a fixed value.",
        "The target 'contacts' has no group 'scores'.",
        "The file has no column 'Firma'.",
    ]


def columns_of(folder: Path, text: str) -> tuple[Column, ...]:
    path = folder / "a.csv"
    path.write_text(text, encoding="utf-8")
    return open_table(path).columns


@pytest.mark.parametrize(
    "header",
    [
        "Contact ID,Company,Full Name,Job Title,E-mail,Phone",
        "kontaktnr,Firma,Name,Position,Mail,Telefon",
        "id,société,nom complet,fonction,courriel,téléphone",
        "id,empresa,nombre completo,cargo,correo electrónico,teléfono",
    ],
)
def test_headings_in_several_languages_find_their_fields(tmp_path: Path, header: str) -> None:
    columns = columns_of(
        tmp_path, f"{header}\n1,Bolt,Al Roy,CEO,a@b.com,+49 30 1234\n2,Nut,Bo Li,CFO,b@c.com,+49 30 5\n"
    )
    names = [column.name for column in columns]
    found = {field: source.columns[0] for field, source in suggest_mapping(columns, CONTACTS).fields.items()}
    assert [found.get(f) for f in ("account", "name", "title", "email", "phone")] == names[1:]


def test_an_address_is_known_by_its_values_whatever_the_heading(tmp_path: Path) -> None:
    columns = columns_of(tmp_path, "x1,x2\nAl,al@example.com\nBo,bo@example.com\n")
    assert suggest_mapping(columns, CONTACTS).fields["email"].columns == ("x2",)


def test_scores_and_comments_of_a_feedback_form_are_proposed(tmp_path: Path) -> None:
    columns = columns_of(
        tmp_path,
        "Timestamp,How likely are you to recommend us?,Why?,Order count\n"
        "2024-05-01 10:00,9,Because the delivery came on time and complete,4\n"
        "2024-05-02 11:00,3,Nobody ever answered my three calls about it,7\n",
    )
    mapping = suggest_mapping(columns, SIGNALS)
    assert mapping.fields["occurred_at"].columns == ("Timestamp",)
    assert [s["metric"].constant for s in mapping.groups["scores"]] == ["nps"]
    assert [c["text"].columns[0] for c in mapping.groups["comments"]] == ["Why?"]


def test_each_column_is_used_once() -> None:
    columns = [
        Column("name", samples=("a",)),
        Column("email", "email", ("a@b.com",)),
        Column("mail", "email", ("a@b.com",)),
    ]
    used = [source.columns[0] for source in suggest_mapping(columns, CONTACTS).fields.values()]
    assert len(used) == len(set(used))
