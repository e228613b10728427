"""Delimited text: what is found out about a file, and what becomes of broken rows."""

import gzip
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rapport.connectors.files import FileOptions, FileRefused, open_table
from rapport.connectors.files.formats import csv as csv_format
from rapport.connectors.files.tables import MAX_LINE, Problem


def write(folder: Path, content: str | bytes, name: str = "list.csv", encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return path


def read(
    path: Path, options: FileOptions | None = None
) -> tuple[list[tuple[int, dict[str, object]]], list[Problem]]:
    table = open_table(path, options)
    rows: list[tuple[int, dict[str, object]]] = []
    problems: list[Problem] = []
    for batch in table.batches(2):
        problems += batch.problems
        rows += [(n, {k: v[i] for k, v in batch.values.items()}) for i, n in enumerate(batch.rows)]
    return rows, problems


@pytest.mark.parametrize(
    ("encoding", "bom", "found"),
    [
        ("utf-8", b"", "utf-8"),
        ("utf-8", b"\xef\xbb\xbf", "utf-8-sig"),
        ("utf-16-le", b"\xff\xfe", "utf-16"),
        ("utf-16-be", b"\xfe\xff", "utf-16"),
        ("utf-16-le", b"", "utf-16-le"),
        ("utf-16-be", b"", "utf-16-be"),
        ("cp1252", b"", "cp1252"),
    ],
)
def test_names_with_accents_survive_every_encoding(
    tmp_path: Path, encoding: str, bom: bytes, found: str
) -> None:
    text = "Firma;Ort;Umsatz\r\nMüller & Söhne;Köln;1,5\r\nCafé Señor;Besançon;2,5\r\n"
    table = open_table(write(tmp_path, bom + text.encode(encoding)))
    assert table.options.encoding == found
    assert table.options.delimiter == ";"
    (batch,) = table.batches()
    assert batch.values["Firma"] == ["Müller & Söhne", "Café Señor"]
    assert batch.rows == [2, 3]


def test_cyrillic_in_an_old_code_page_is_recognised(tmp_path: Path) -> None:
    rows = "\n".join(f"Компания номер {i},Москва,Обслуживание было очень хорошим" for i in range(60))
    table = open_table(write(tmp_path, f"имя,город,отзыв\n{rows}\n", encoding="cp1251"))
    assert table.options.encoding == "cp1251"
    assert "looks like cp1251" in table.findings[0]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_although_others_stand_in_the_text(tmp_path: Path, delimiter: str) -> None:
    lines = [delimiter.join(["name", "remark", "n"])]
    lines += [delimiter.join([f"A{i}", '"late; again, and | no tab"', str(i)]) for i in range(20)]
    table = open_table(write(tmp_path, "\n".join(lines)))
    assert table.options.delimiter == delimiter
    assert table.names == ("name", "remark", "n")


def test_titles_above_the_header_are_passed_over(tmp_path: Path) -> None:
    table = open_table(write(tmp_path, "Export of 3 May\n\nname,city,seats\nA,Bonn,3\nB,Ulm,4\n"))
    assert table.options.header_row == 3
    (batch,) = table.batches()
    assert batch.rows == [4, 5]


def test_a_file_without_header_gets_numbered_columns(tmp_path: Path) -> None:
    table = open_table(write(tmp_path, "4711,Acme,2024-05-01\n4712,Bolt,2024-06-01\n"))
    assert table.options.header_row == 0
    assert table.names == ("Column 1", "Column 2", "Column 3")
    assert [b.rows for b in table.batches()] == [[1, 2]]


def test_headings_are_made_distinct_and_empty_ones_named(tmp_path: Path) -> None:
    assert open_table(write(tmp_path, "name,,name\na,b,c\n")).names == ("name", "Column 2", "name (2)")


@pytest.mark.parametrize(
    ("values", "order", "said"),
    [
        (["3/4/2024", "31/12/2024"], "dmy", ""),
        (["3/4/2024", "12/31/2024"], "mdy", ""),
        (["3/4/2024", "5/6/2024"], "dmy", "can be read day first or month first"),
        (["31/12/2024", "12/31/2024"], "dmy", "some dates have the day first"),
        (["2024-04-03", "2024-12-31"], "", ""),
    ],
)
def test_the_order_of_day_and_month_is_found_or_the_doubt_is_said(
    tmp_path: Path, values: list[str], order: str, said: str
) -> None:
    table = open_table(write(tmp_path, "\n".join(["closed,n", *(f"{v},1" for v in values)])))
    assert table.options.date_order == order
    assert said in " ".join(table.findings).lower()
    assert table.columns[0].kind == "date"


def test_a_telephone_number_is_not_taken_for_a_date(tmp_path: Path) -> None:
    table = open_table(write(tmp_path, "name,phone\nA,88.60.15\nB,(5) 555-4729\n"))
    assert table.findings == ()


@pytest.mark.parametrize(("cells", "sign"), [("1.234,56;7,5", ","), ("1,234.56;7.5", "."), ("1234;5", ".")])
def test_the_decimal_sign_is_found(tmp_path: Path, cells: str, sign: str) -> None:
    assert open_table(write(tmp_path, f"a;b\n{cells}\n{cells}\n")).options.decimal == sign


def test_words_for_nothing_are_found_and_said(tmp_path: Path) -> None:
    table = open_table(write(tmp_path, "a,b\nNULL,1\nx,?\n"))
    assert table.options.missing == ("NULL", "?")
    assert "Read as empty: 'NULL', '?'." in table.findings


def test_ragged_rows_are_reported_with_their_line_and_column_and_the_rest_is_read(tmp_path: Path) -> None:
    rows, problems = read(write(tmp_path, "a,b,c\n1,2,3\n1,2\n1,2,3,4\n5,6,7,,\n8,9,10\n"))
    assert [n for n, _ in rows] == [2, 5, 6]
    assert [(p.row, p.column, p.value) for p in problems] == [(3, "c", ""), (4, "Cell 4", "4")]
    assert all(p.what and p.mend and p.rejected for p in problems)


def test_a_quotation_mark_that_never_closes_costs_one_row_only(tmp_path: Path) -> None:
    text = 'id,words,n\n1,fine,1\n2,"never closed,2\n' + "".join(f"{i},fine,{i}\n" for i in range(3, 6000))
    rows, problems = read(write(tmp_path, text))
    assert [(p.row, p.column) for p in problems] == [(3, "words")]
    assert "never closed" in problems[0].value
    assert len(rows) == 5998


def test_a_quotation_mark_inside_a_quoted_cell_is_reported(tmp_path: Path) -> None:
    rows, problems = read(write(tmp_path, 'id,words\n1,"he said "no" twice"\n2,"she said ""yes"""\n'))
    assert [r["words"] for _, r in rows] == ['she said "yes"']
    assert [(p.row, p.column) for p in problems] == [(2, "words")]


def test_text_over_several_lines_keeps_the_number_of_its_first_line(tmp_path: Path) -> None:
    rows, problems = read(write(tmp_path, 'id,words\n1,"one\ntwo\r\nthree"\n2,x\n'))
    assert rows == [(2, {"id": "1", "words": "one\ntwo\r\nthree"}), (5, {"id": "2", "words": "x"})]
    assert problems == []


def test_bytes_of_another_encoding_mark_their_value_and_nothing_else(tmp_path: Path) -> None:
    good = "".join(f"{i},Zürich\n" for i in range(300)).encode()
    table = open_table(write(tmp_path, b"id,city\n" + good + b"300,Gen\xe8ve\n" + good))
    assert table.options.encoding == "utf-8"
    assert "1 bytes" in table.findings[0]
    cities = [c for b in table.batches() for c in b.values["city"]]
    assert len(cities) == 601
    assert cities[300] == "Gen\udc80ve"


def test_a_gzipped_file_is_read_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "list.csv.gz"
    path.write_bytes(gzip.compress(b"id,city\n1,Bonn\n"))
    assert read(path)[0] == [(2, {"id": "1", "city": "Bonn"})]


def test_a_damaged_gzip_file_is_refused_in_words(tmp_path: Path) -> None:
    path = tmp_path / "list.csv.gz"
    path.write_bytes(gzip.compress(b"id,city\n" + b"1,Bonn\n" * 100_000)[:200])
    with pytest.raises(FileRefused, match="damaged"):
        read(path)


@pytest.mark.parametrize("content", [b"", b"\n\n\n"])
def test_an_empty_file_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(FileRefused):
        open_table(write(tmp_path, content))


def test_a_million_columns_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FileRefused, match="columns"):
        open_table(write(tmp_path, ",".join(f"c{i}" for i in range(1_000_000))[:7_000_000] + "\n1\n"))


def test_a_line_without_end_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileRefused, match="longer than"):
        read(write(tmp_path, "a,b\n1,2\n" + "x" * (MAX_LINE + 10)))


def test_a_huge_cell_is_a_problem_of_its_row(tmp_path: Path) -> None:
    rows, problems = read(write(tmp_path, f"a,b\n1,{'x' * 200_000}\n2,y\n"))
    assert [n for n, _ in rows] == [3]
    assert "more than 131,072 characters" in problems[0].what


def test_the_share_read_grows_to_the_whole(tmp_path: Path) -> None:
    table = open_table(write(tmp_path, "a,b\n" + "1,2\n" * 20_000))
    shares = [batch.share for batch in table.batches(1000)]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_only_the_columns_asked_for_are_handed_out(tmp_path: Path) -> None:
    table = open_table(write(tmp_path, "a,b,c\n1,2,3\n"))
    assert [b.values for b in table.batches(only=["c", "a"])] == [{"a": ["1"], "c": ["3"]}]


CELL = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\x00"), max_size=20)


@given(st.lists(st.tuples(CELL, CELL, CELL), min_size=1, max_size=30))
def test_what_is_written_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, ...]]
) -> None:
    path = tmp_path_factory.mktemp("csv") / "x.csv"
    path.write_bytes(b"".join(csv_format.write(["one", "two", "three"], rows)))
    options = FileOptions(format="csv", encoding="utf-8-sig", delimiter=",", header_row=1, missing=())
    got, problems = read(path, options)
    assert problems == []
    kept = [tuple(str(v).removeprefix("'").lstrip() for v in row.values()) for _, row in got]
    assert kept == [tuple(v.removeprefix("'").lstrip() for v in row) for row in rows]


@given(st.binary(min_size=1, max_size=400))
def test_no_bytes_whatever_make_the_reader_crash(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = tmp_path_factory.mktemp("csv") / "x.csv"
    path.write_bytes(content)
    try:
        rows, problems = read(path)
    except FileRefused:
        return
    assert all(isinstance(n, int) and n >= 1 for n, _ in rows)
    assert all(p.row >= 1 and p.what and p.mend for p in problems)


@given(st.text(alphabet='ab,;"\n\r\t 1', min_size=1, max_size=200))
def test_every_filled_line_is_a_row_or_a_problem(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.mktemp("csv") / "x.csv"
    path.write_text(text, encoding="utf-8", newline="")
    options = FileOptions(format="csv", encoding="utf-8", delimiter=",", header_row=0, missing=())
    try:
        table = open_table(path, options)
    except FileRefused:
        return
    seen: set[int] = set()
    for batch in table.batches(7):
        seen.update(batch.rows)
        seen.update(p.row for p in batch.problems)
    assert seen
