"""Excel, Parquet and JSON Lines; and files made to harm."""

import zipfile
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from rapport.connectors.files import FileOptions, FileRefused, open_table


def workbook(path: Path) -> xlsxwriter.Workbook:
    return xlsxwriter.Workbook(str(path))


def test_a_sheet_is_read_with_excels_own_row_numbers_and_types(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with workbook(path) as book:
        sheet, other = book.add_worksheet("Customers"), book.add_worksheet("Old")
        other.write("A1", "x")
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        sheet.write("A1", "List of customers")
        sheet.write_row("A3", ["Name", "Zip", "Since", "Active"])
        sheet.write_row("A5", ["Müller", 50667])
        sheet.write_datetime("C5", datetime(2024, 5, 1), day)  # noqa: DTZ001
        sheet.write_boolean("D5", True)
    table = open_table(path)
    assert table.options.sheet == "Customers"
    assert table.options.header_row == 3
    assert "Old" in table.findings[0]
    (batch,) = table.batches()
    assert batch.rows == [5]
    assert batch.values == {
        "Name": ["Müller"],
        "Zip": ["50667"],
        "Since": [date(2024, 5, 1)],
        "Active": [True],
    }


def test_another_sheet_can_be_chosen_and_a_missing_one_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with workbook(path) as book:
        book.add_worksheet("One").write("A1", "x")
        book.add_worksheet("Two").write_column("A1", ["name", "Bolt"])
    (batch,) = open_table(path, FileOptions(sheet="Two")).batches()
    assert batch.values == {"name": ["Bolt"]}
    with pytest.raises(FileRefused, match="It has: One, Two"):
        open_table(path, FileOptions(sheet="Three"))


def test_headings_merged_over_finer_ones_are_joined(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.merge_range("B1:C1", "Address")
        sheet.write_row("A2", ["Name", "Street", "City"])
        sheet.write_row("A3", ["Bolt", "Main St 1", "Ulm"])
    table = open_table(path)
    assert table.names == ("Name", "Address Street", "Address City")
    assert next(table.batches()).rows == [3]


def test_a_failed_formula_is_said_and_its_row_still_read(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write_row("A1", ["Name", "Ratio"])
        sheet.write("A2", "Bolt")
        sheet.write_formula("B2", "=1/0", value="#DIV/0!")
    (batch,) = open_table(path).batches()
    assert batch.rows == [2]
    assert [(p.row, p.column, p.value, p.rejected) for p in batch.problems] == [
        (2, "Ratio", "#DIV/0!", False)
    ]


def rezip(path: Path, part: str, change: bytes, old: bytes = b"") -> None:
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts[part] = parts[part].replace(old, change) if old else change
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    path = tmp_path / "trap.xlsx"
    with workbook(path) as book:
        book.add_worksheet().write_column("A1", ["name", "Bolt"])
    return path


def test_a_zip_bomb_is_refused_before_it_unpacks(plain: Path) -> None:
    rezip(plain, "xl/sharedStrings.xml", b"<sst>" + b" " * 200_000_000 + b"</sst>")
    assert plain.stat().st_size < 1_000_000
    with pytest.raises(FileRefused, match="zip bomb"):
        open_table(plain)


@pytest.mark.parametrize(
    "entity", [b'<!ENTITY x SYSTEM "file:///etc/passwd">', b'<!ENTITY a "b"><!ENTITY c "&a;&a;">']
)
def test_entities_in_a_workbook_are_refused(plain: Path, entity: bytes) -> None:
    rezip(plain, "xl/sharedStrings.xml", b"<!DOCTYPE r [" + entity + b"]><sst", b"<sst")
    with pytest.raises(FileRefused, match="entities"):
        open_table(plain)


def test_one_stray_cell_at_the_end_of_the_sheet_does_not_fill_the_memory(plain: Path) -> None:
    rezip(
        plain,
        "xl/worksheets/sheet1.xml",
        b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>',
        b"</sheetData>",
    )
    with pytest.raises(FileRefused, match="stray cells"):
        open_table(plain)


def test_cells_beyond_the_last_column_are_refused(plain: Path) -> None:
    rezip(
        plain,
        "xl/worksheets/sheet1.xml",
        b'<row r="3"><c r="AAAAAA3"><v>1</v></c></row></sheetData>',
        b"</sheetData>",
    )
    with pytest.raises(FileRefused, match="beyond what a sheet can have"):
        open_table(plain)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.xlsx", b"not a workbook at all", "no such file"),
        ("a.xlsx", b"PK\x03\x04 broken", "not an Excel workbook"),
        ("a.xls", b"\xd0\xcf\x11\xe0" + b"\0" * 600, "Save it as .xlsx"),
        ("a.parquet", b"PAR1 broken PAR1", "not a Parquet file"),
        ("a.json", b'[{"a": 1}]', "one object on each line"),
        ("a.csv", b"%PDF-1.7", "not a table"),
    ],
)
def test_a_file_that_is_not_what_it_says_is_refused_in_words(
    tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(FileRefused, match=said):
        open_table(path)


@given(st.binary(max_size=300))
def test_no_bytes_make_the_workbook_or_parquet_reader_crash(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    folder = tmp_path_factory.mktemp("bytes")
    for name, start in [("a.xlsx", b"PK\x03\x04"), ("a.parquet", b"PAR1")]:
        path = folder / name
        path.write_bytes(start + content)
        with pytest.raises(FileRefused):
            open_table(path)


def test_parquet_keeps_types_and_numbers_rows_from_one(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    moment = datetime(2024, 5, 1, 10, tzinfo=UTC)
    columns = {
        "id": [1, 2, 3],
        "at": [moment, None, moment],
        "score": [9.5, float("nan"), None],
        "tags": [["a", "b"], None, []],
        "where": pa.array(["x", "y", "x"]).dictionary_encode(),
    }
    pq.write_table(pa.table(columns), path)
    table = open_table(path)
    batches = list(table.batches(2))
    assert [b.rows for b in batches] == [[1, 2], [3]]
    assert batches[0].values["at"] == [moment, None]
    assert batches[0].values["score"] == [9.5, None]
    assert batches[0].values["where"] == ["x", "y"]
    assert batches[0].values["tags"] == ['["a", "b"]', None]
    assert [c.kind for c in table.columns][:2] == ["integer", "datetime"]


def test_json_lines_flattens_objects_and_reports_what_is_none(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(
        '{"id": 1, "who": {"name": "Bo"}, "tags": ["a", "b"], "x": 1.10}\n'
        "\n"
        '{"id": 2, broken}\n'
        "[1, 2]\n"
        '{"id": NaN}\n'
        '{"id": 3, "who": {"name": "Al"}}\n',
        encoding="utf-8",
    )
    (batch,) = open_table(path).batches()
    assert batch.rows == [1, 6]
    assert batch.values["who.name"] == ["Bo", "Al"]
    assert batch.values["tags"] == ["a, b", None]
    assert str(batch.values["x"][0]) == "1.10"
    assert [p.row for p in batch.problems] == [3, 4, 5]


def test_a_key_that_comes_late_is_remarked_not_lost_in_silence(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(
        "".join(f'{{"id": {i}}}\n' for i in range(3000)) + '{"id": 9, "late": "x"}\n', encoding="utf-8"
    )
    remarks = [p for b in open_table(path).batches() for p in b.problems]
    assert [(p.row, p.column, p.rejected) for p in remarks] == [(3001, "late", False)]


@pytest.mark.parametrize("depth", [100_000])
def test_json_nested_without_end_is_a_problem_of_its_line(tmp_path: Path, depth: int) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"id": 1}\n{"id": ' + "[" * depth + "]" * depth + "}\n", encoding="utf-8")
    (batch,) = open_table(path).batches()
    assert batch.rows == [1]
    assert [p.row for p in batch.problems] == [2]
