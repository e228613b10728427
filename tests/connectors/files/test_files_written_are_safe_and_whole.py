"""Writing: formulas inert, nothing lost, every format read back."""

import csv
import io
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rapport.connectors.files import FILE_KINDS, Format, format_called, open_table, write_table

NAMES = ["name", "n", "amount", "on", "at", "yes", "words"]
MOMENT = datetime(2024, 5, 1, 10, 30, tzinfo=UTC)
ROWS: list[list[object]] = [
    ["Müller", -5, Decimal("-12.50"), date(2024, 5, 1), MOMENT, True, "late\nagain"],
    ["=HYPERLINK(1)", 7, None, None, None, False, "+1"],
]


@pytest.mark.parametrize("kind", list(FILE_KINDS))
def test_every_format_is_read_back_as_it_was_written(tmp_path: Path, kind: Format) -> None:
    path = tmp_path / f"a{FILE_KINDS[kind].suffix}"
    path.write_bytes(b"".join(write_table(kind, NAMES, ROWS)))
    table = open_table(path)
    assert table.names == tuple(NAMES)
    (batch,) = table.batches()
    assert batch.problems == []
    assert [str(v) for v in batch.values["n"]] == ["-5", "7"]
    assert float(str(batch.values["amount"][0])) == -12.5
    assert batch.values["words"][0] == "late\nagain"


@pytest.mark.parametrize(
    "formula", ["=1+1", "+cmd|'/c calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1"]
)
def test_formulas_are_inert_in_csv(formula: str) -> None:
    text = b"".join(write_table("csv", ["a"], [[formula]])).decode("utf-8-sig")
    assert list(csv.reader(io.StringIO(text)))[1] == [f"'{formula}"]


@pytest.mark.parametrize("number", ["-5", "+3", "-12.50", "-1,5", "1e-5", "-5%"])
def test_numbers_stay_numbers_in_csv(number: str) -> None:
    text = b"".join(write_table("csv", ["a"], [[number], [Decimal("-5.5")], [-3]])).decode("utf-8-sig")
    assert list(csv.reader(io.StringIO(text)))[1:] == [[number], ["-5.5"], ["-3"]]


def test_formulas_are_text_in_excel_and_keep_their_words(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(b"".join(write_table("excel", ["=a()"], [["=1+1"], ["@x"], ["http://x.example"]])))
    with zipfile.ZipFile(path) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
        styles = archive.read("xl/styles.xml").decode()
    assert "<f>" not in sheet
    assert 'quotePrefix="1"' in styles
    (batch,) = open_table(path).batches()
    assert batch.values["=a()"] == ["=1+1", "@x", "http://x.example"]


def test_text_too_long_for_a_cell_is_cut_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(b"".join(write_table("excel", ["a"], [["x" * 40_000]])))
    (batch,) = open_table(path).batches()
    assert str(batch.values["a"][0]).endswith("(cut: a cell holds 32,767 characters)")


def test_rows_are_taken_one_by_one_while_the_file_leaves(tmp_path: Path) -> None:
    taken = 0

    def rows() -> object:
        nonlocal taken
        for i in range(50_000):
            taken += 1
            yield [f"a fairly long text for row {i}", i]

    pieces = write_table("csv", ["a", "b"], rows())  # type: ignore[arg-type]
    next(pieces)
    assert taken < 5_000


def test_formats_are_found_by_the_names_people_use() -> None:
    assert format_called("XLSX") == "excel"
    with pytest.raises(ValueError, match="Choose csv, xlsx, parquet or jsonl"):
        format_called("pdf")


@given(st.text(max_size=30))
def test_no_cell_of_a_csv_begins_as_a_formula_does(text: str) -> None:
    written = b"".join(write_table("csv", ["a", "b"], [[text, 1]])).decode("utf-8-sig")
    cell = next(iter(list(csv.reader(io.StringIO(written, newline="")))[1]))
    assert cell.lstrip(" ")[:1] not in ("=", "@", "\t", "\r")
    if cell.lstrip(" ")[:1] in ("+", "-"):
        assert cell.strip("+-%")[0].isdigit()
