"""The one door for reading: finds out what a file is, opens it and describes its columns."""

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import get_args

from rapport.connectors.files.detecting import detect_decimal, detect_missing, profile
from rapport.connectors.files.formats.csv import CsvTable
from rapport.connectors.files.formats.excel import ExcelTable
from rapport.connectors.files.formats.json_lines import JsonLinesTable
from rapport.connectors.files.formats.parquet import ParquetTable
from rapport.connectors.files.tables import SAMPLE_ROWS, DateOrder, FileOptions, FileRefused, Format, Table
from rapport.connectors.files.values import Reading

_READERS: dict[Format, type[Table]] = {
    "csv": CsvTable,
    "excel": ExcelTable,
    "parquet": ParquetTable,
    "jsonl": JsonLinesTable,
}
_SUFFIXES: dict[str, Format] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".tab": "csv",
    ".xlsx": "excel",
    ".xlsm": "excel",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
}
FORMATS: tuple[Format, ...] = get_args(Format)


def open_table(path: Path | str, options: FileOptions | None = None) -> Table:
    """Open a file for import. What the options leave open is found out and stated in `findings`.

    Raises FileRefused with a message for the person who chose the file.
    """
    path = Path(path)
    options = options or FileOptions()
    if not path.is_file():
        raise FileRefused(f"There is no file {path}.")
    if path.stat().st_size == 0:
        raise FileRefused(f"{path.name} is empty.")
    kind = options.format or detect_format(path)
    table = _READERS[kind](path, replace(options, format=kind))
    _describe(table)
    return table


def detect_format(path: Path) -> Format:
    """Say what kind of file this is, by its first bytes and then by its name."""
    with path.open("rb") as stream:
        start = stream.read(512)
    if start.startswith(b"PAR1"):
        return "parquet"
    if start.startswith(b"PK\x03\x04"):
        return "excel"
    if start.startswith(b"\xd0\xcf\x11\xe0"):
        raise FileRefused(
            f"{path.name} is an old or locked Excel file. Save it as .xlsx without a password, or as CSV."
        )
    if start.startswith((b"%PDF", b"\x89PNG", b"\xff\xd8\xff")):
        raise FileRefused(f"{path.name} is not a table. Choose a CSV, Excel, Parquet or JSON Lines file.")
    suffix = (path.with_suffix("").suffix if path.suffix.lower() == ".gz" else path.suffix).lower()
    by_name = _SUFFIXES.get(suffix)
    if by_name in ("excel", "parquet"):
        raise FileRefused(f"{path.name} is named like {suffix} but is no such file. Is it damaged?")
    if by_name == "jsonl" and start.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"["):
        raise FileRefused(
            f"{path.name} holds one JSON list. Write JSON Lines: one object on each line, no brackets around."
        )
    return by_name or ("jsonl" if start.lstrip().startswith(b'{"') else "csv")


def _describe(table: Table) -> None:
    batch = next(table.batches(SAMPLE_ROWS), None)
    samples = [batch.values[name] for name in table.names] if batch else [[] for _ in table.names]
    options = table.options
    if options.missing is None:
        table.settle(missing=detect_missing(samples))
        if table.options.missing:
            words = ", ".join(f"'{word}'" for word in table.options.missing)
            table.remark(f"Read as empty: {words}.")
    if not options.decimal:
        decimals = detect_decimal(samples, options.delimiter)
        table.settle(decimal=decimals.sign)
        if decimals.remark:
            table.remark(decimals.remark)
    reading = Reading(table.options.decimal, options.date_order, missing=table.options.missing or ())
    table.columns = profile(table.names, samples, reading)
    if not options.date_order:
        _settle_date_order(table)


def _settle_date_order(table: Table) -> None:
    """Take the order most date columns show; say so where the values leave it open."""
    shown = [column.date_order for column in table.columns if column.date_order]
    order: DateOrder = Counter(shown).most_common(1)[0][0] if shown else ""
    open_columns = [column for column in table.columns if column.ambiguous]
    doubtful = [column for column in open_columns if not column.date_order and column.ambiguous[:4] != "Some"]
    if doubtful and not order:
        order = "dmy"
        table.remark(
            f"{doubtful[0].ambiguous} It is read day first ('{doubtful[0].name}'); choose if that is wrong."
        )
    for column in table.columns:
        if column.ambiguous and column.date_order:
            table.remark(f"{column.name}: {column.ambiguous}")
    if len(set(shown)) > 1:
        table.remark(
            "Date columns differ in the order of day and month; set it for each column in the mapping."
        )
    table.settle(date_order=order)
