"""Parquet: read a slice of a row group at a time, written in row groups of bounded size."""

import json
import tempfile
from collections.abc import Generator, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import chain, islice
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq

from rapport.connectors.files.tables import BATCH_ROWS, Batch, FileOptions, FileRefused, Table, column_names

_ROW_GROUP_LIMIT = 8 * 1024**3


class ParquetTable(Table):
    """A Parquet file. Rows are numbered from one."""

    def __init__(self, path: Path, options: FileOptions) -> None:
        super().__init__(path, options)
        self.settle(header_row=0)
        with self._open() as file:
            self._check(file)
            schema = file.schema_arrow
            if not len(schema):
                raise FileRefused(f"{path.name} has no columns.")
            self._fields = dict(zip(column_names(schema.names, path), schema.names, strict=True))

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._fields)

    def _open(self) -> pq.ParquetFile:
        try:
            return pq.ParquetFile(self.path, memory_map=False, buffer_size=1 << 20, pre_buffer=False)
        except (pa.ArrowException, OSError) as error:
            raise FileRefused(f"{self.path.name} is not a Parquet file that can be read: {error}.") from error

    def _check(self, file: pq.ParquetFile) -> None:
        column_names(file.schema_arrow.names, self.path)
        for group in range(file.metadata.num_row_groups):
            if file.metadata.row_group(group).total_byte_size > _ROW_GROUP_LIMIT:
                raise FileRefused(
                    f"{self.path.name} has a row group of more than 8 GB. Write smaller row groups."
                )

    def batches(self, size: int = BATCH_ROWS, only: Sequence[str] | None = None) -> Iterator[Batch]:
        wanted = [name for name in self._fields if only is None or name in only]
        with self._open() as file:
            total, done = max(1, file.metadata.num_rows), 0
            columns = [self._fields[name] for name in wanted]
            try:
                for record in file.iter_batches(batch_size=size, columns=columns, use_threads=False):
                    rows = list(range(done + 1, done + record.num_rows + 1))
                    done += record.num_rows
                    values = {name: _plain(record.column(i)) for i, name in enumerate(wanted)}
                    yield Batch(rows, values, [], done / total)
            except (pa.ArrowException, OSError) as error:
                raise FileRefused(f"{self.path.name} is damaged after row {done:,}: {error}.") from error


def _plain(column: Any) -> list[object]:
    kind = column.type
    if pa.types.is_dictionary(kind):
        return _plain(column.dictionary_decode())
    if pa.types.is_timestamp(kind) and kind.unit == "ns":
        # Python's clock has no nanoseconds; the last three digits are cut.
        column = column.cast(pa.timestamp("us", tz=kind.tz), safe=False)
    values: list[object] = column.to_pylist()
    if pa.types.is_nested(kind):
        return [None if v is None else json.dumps(v, ensure_ascii=False, default=str) for v in values]
    if pa.types.is_floating(kind):
        return [None if v != v else v for v in values]
    return values


# ------------------------------------------------------------------ writing

_TYPES: dict[type, pa.DataType] = {
    bool: pa.bool_(),
    int: pa.int64(),
    float: pa.float64(),
    Decimal: pa.float64(),
    datetime: pa.timestamp("us", tz="UTC"),
    date: pa.date32(),
}
_ROW_GROUP = 20_000


def write(names: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[bytes]:
    """Yield the file, row group after row group; each column's type is that of the first values seen."""
    iterator = iter(rows)
    first = list(islice(iterator, _ROW_GROUP))
    schema = pa.schema([(name, _type_of(row[i] for row in first)) for i, name in enumerate(names)])
    with tempfile.TemporaryFile() as file:
        with pq.ParquetWriter(file, schema, compression="zstd") as writer:
            sent = 0
            for group in chain([first], iter(lambda: list(islice(iterator, _ROW_GROUP)), [])):
                if group:
                    writer.write_table(_table(schema, group))
                sent = yield from _since(file, sent)
        yield from _since(file, sent)


def _since(file: IO[bytes], sent: int) -> Generator[bytes, None, int]:
    """Yield what was written since the last time; return how far that is."""
    end = file.tell()
    file.seek(sent)
    while sent < end:
        piece = file.read(min(1 << 20, end - sent))
        sent += len(piece)
        yield piece
    file.seek(end)
    return end


def _type_of(values: Iterable[object]) -> pa.DataType:
    for value in values:
        if value is not None:
            return _TYPES.get(type(value), pa.string())
    return pa.string()


def _table(schema: pa.Schema, rows: Sequence[Sequence[object]]) -> pa.Table:
    arrays = [
        pa.array([_as(row[i], field.type) for row in rows], field.type) for i, field in enumerate(schema)
    ]
    return pa.Table.from_arrays(arrays, schema=schema)


def _as(value: object, kind: pa.DataType) -> object:
    if value is None:
        return None
    if pa.types.is_string(kind):
        return value if isinstance(value, str) else str(value)
    if pa.types.is_floating(kind) and isinstance(value, Decimal | int):
        return float(value)
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    return value
