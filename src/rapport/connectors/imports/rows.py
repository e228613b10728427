"""Turning a file's batches into parsed rows by a mapping; what cannot be parsed becomes a problem."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import compress

from rapport.connectors.files import Batch, Field, Problem, Source, Table, Target
from rapport.connectors.files import Mapping as FileMapping
from rapport.connectors.files.tables import shown
from rapport.connectors.files.values import ColumnParser, Money, Reading, ValueProblem, as_text

Values = dict[str, list[object]]


@dataclass(slots=True)
class Member:
    """One member of a group: its parsed fields, and in which rows it is there at all."""

    group: str
    values: Values
    there: list[bool]


@dataclass(slots=True)
class ParsedBatch:
    """The rows of a batch that can be used, column by column."""

    rows: list[int]
    values: Values
    members: list[Member]
    problems: list[Problem]
    read: int
    """How many rows the batch held, unreadable and left-out ones included."""
    left_out: int
    rejected: int
    share: float


class RowReader:
    """Applies a mapping to the batches of a table."""

    def __init__(self, table: Table, mapping: FileMapping, target: Target) -> None:
        self._table = table
        self._only = {column: {word.casefold() for word in words} for column, words in mapping.only.items()}
        self._fields = [
            _FieldReader(target_field, mapping.fields[target_field.name], table, mapping)
            for target_field in target.fields
            if target_field.name in mapping.fields
        ]
        self._members = [
            (
                group.name,
                [_FieldReader(f, sources[f.name], table, mapping) for f in group.fields if f.name in sources],
            )
            for group in target.groups
            for sources in mapping.groups.get(group.name, ())
        ]
        self._columns = [name for name in mapping.columns if name in table.names]
        self._money_beside = "currency" if target.field("currency") else ""

    def batches(self, size: int) -> Iterator[ParsedBatch]:
        """Yield parsed batches in the order of the file."""
        for batch in self._table.batches(size, only=self._columns):
            yield self._parse(batch)

    def _parse(self, batch: Batch) -> ParsedBatch:
        wanted = self._wanted(batch)
        left_out = 0
        if wanted is not None:
            left_out = len(batch.rows) - sum(wanted)
            batch = _thinned(batch, wanted)
        problems = list(batch.problems)
        unreadable = len({problem.row for problem in problems if problem.rejected})
        values: Values = {}
        for reader in self._fields:
            values[reader.name] = reader.read(batch, problems)
        self._settle_money(batch, values, problems)
        members = [self._read_member(name, readers, batch, problems) for name, readers in self._members]
        bad = {problem.row for problem in problems if problem.rejected}
        parsed = ParsedBatch(
            batch.rows,
            values,
            members,
            problems,
            len(batch.rows) + left_out + unreadable,
            left_out,
            len(bad),
            batch.share,
        )
        return _without(parsed, bad) if bad else parsed

    def _wanted(self, batch: Batch) -> list[bool] | None:
        wanted: list[bool] | None = None
        for column, words in self._only.items():
            here = [
                as_text(v).casefold() in words if v is not None else "" in words for v in batch.values[column]
            ]
            wanted = here if wanted is None else [a and b for a, b in zip(wanted, here, strict=True)]
        return wanted

    def _settle_money(self, batch: Batch, values: Values, problems: list[Problem]) -> None:
        """Split amounts from their currency; the currency stands in a column of its own."""
        for reader in self._fields:
            if reader.kind != "money":
                continue
            amounts = values[reader.name]
            beside = (
                values.setdefault(self._money_beside, [None] * len(amounts)) if self._money_beside else None
            )
            for i, amount in enumerate(amounts):
                if not isinstance(amount, Money):
                    continue
                amounts[i] = amount.amount
                if beside is None or not amount.currency:
                    continue
                if beside[i] is None:
                    beside[i] = amount.currency
                elif beside[i] != amount.currency and not reader.assumes(amount.currency):
                    problems.append(
                        Problem(
                            batch.rows[i],
                            reader.heading,
                            f"{amount.amount} {amount.currency}",
                            f"The row speaks of {beside[i]} and of {amount.currency}.",
                            "Keep one currency in a row.",
                        )
                    )

    def _read_member(
        self, group: str, readers: "list[_FieldReader]", batch: Batch, problems: list[Problem]
    ) -> Member:
        found: list[Problem] = []
        values = {reader.name: reader.read(batch, found, needed=False) for reader in readers}
        told = [values[reader.name] for reader in readers if reader.columns]
        wrong = {problem.row for problem in found if problem.rejected}
        there = [
            row in wrong or any(column[i] is not None for column in told) if told else True
            for i, row in enumerate(batch.rows)
        ]
        problems.extend(found)
        for reader in readers:
            if reader.required:
                for i, row in enumerate(batch.rows):
                    if there[i] and values[reader.name][i] is None and row not in wrong:
                        problems.append(reader.empty(row))
        return Member(group, values, there)


class _FieldReader:
    """Reads one field from the column or columns its source names."""

    def __init__(self, target_field: Field, source: Source, table: Table, mapping: FileMapping) -> None:
        self.name = target_field.name
        self.kind = target_field.kind
        self.required = target_field.required
        self.columns = source.columns
        self.heading = " + ".join(source.columns) or target_field.label
        self._source = source
        self._currency = mapping.currency
        self._words = {word.casefold(): meaning for word, meaning in source.values.items()}
        self._missing = frozenset(table.options.missing or ())
        reading = _reading(source, table, mapping)
        self._parser = ColumnParser(target_field.kind, reading, target_field.limits)
        self._otherwise = self._constant(target_field, reading) if source.constant is not None else None

    def _constant(self, target_field: Field, reading: Reading) -> object:
        typed = Reading(".", "ymd", "", reading.time_zone, (), reading.currency)
        parsed, wrong = ColumnParser(target_field.kind, typed, target_field.limits).read(
            [self._source.constant]
        )
        if wrong:
            raise ConstantRefused(
                f"{target_field.label}: '{self._source.constant}' {_lowered(wrong[0][1].what)}"
            )
        return parsed[0]

    def assumes(self, currency: str) -> bool:
        """Tell whether this currency was only assumed, not written in the row."""
        return currency == self._currency

    def read(self, batch: Batch, problems: list[Problem], *, needed: bool = True) -> list[object]:
        """Return the field's values; None where there is none or it is wrong."""
        if not self.columns:
            return [self._otherwise] * len(batch.rows)
        raw = self._raw(batch)
        values, wrong = self._parser.read(self._meant(raw))
        lenient = self._source.if_wrong == "empty"
        bad: set[int] = set()
        for position, problem in wrong:
            bad.add(position)
            problems.append(self._problem(batch.rows[position], raw[position], problem, rejected=not lenient))
        if self._otherwise is not None:
            values = [self._otherwise if v is None and i not in bad else v for i, v in enumerate(values)]
        if self.required and needed and None in values:
            for i, value in enumerate(values):
                if value is None and (i not in bad or lenient):
                    problems.append(self.empty(batch.rows[i]))
        return values

    def empty(self, row: int) -> Problem:
        return Problem(
            row,
            self.heading,
            "",
            "The value is needed and empty.",
            "Fill it in, or give the field a fixed value.",
        )

    def _raw(self, batch: Batch) -> list[object]:
        if len(self.columns) == 1:
            return batch.values[self.columns[0]]
        parts = [batch.values[column] for column in self.columns]
        return [self._joined(cells) for cells in zip(*parts, strict=True)]

    def _joined(self, cells: tuple[object, ...]) -> str:
        texts = [as_text(cell) for cell in cells if cell is not None]
        return self._source.join.join(text for text in texts if text and text not in self._missing)

    def _meant(self, raw: list[object]) -> list[object]:
        """Put in place of the file's words what the mapping says they mean."""
        if not self._words and self._source.otherwise is None:
            return raw
        otherwise = self._source.otherwise
        meant: list[object] = []
        for value in raw:
            word = "" if value is None else as_text(value).casefold()
            if word in self._words:
                meant.append(self._words[word])
            elif otherwise is not None and word and word not in self._missing:
                meant.append(otherwise)
            else:
                meant.append(value)
        return meant

    def _problem(self, row: int, value: object, problem: ValueProblem, *, rejected: bool) -> Problem:
        return Problem(row, self.heading, shown(value), problem.what, problem.mend, rejected)


class ConstantRefused(Exception):
    """A fixed value of the mapping does not fit its field."""


def _reading(source: Source, table: Table, mapping: FileMapping) -> Reading:
    order = source.date_order or mapping.file.date_order
    if not order:
        shown_orders = [column.date_order for name in source.columns if (column := table.column(name))]
        order = next((o for o in shown_orders if o), table.options.date_order)
    return Reading(
        decimal=source.decimal or table.options.decimal,
        date_order=order,
        date_format=source.date_format,
        time_zone=mapping.time_zone,
        missing=table.options.missing or (),
        currency=mapping.currency,
        factor=source.factor,
    )


def _lowered(sentence: str) -> str:
    return sentence.replace("This is", "is").replace("The value", "")


def _thinned(batch: Batch, keep: Sequence[bool]) -> Batch:
    values = {name: list(compress(column, keep)) for name, column in batch.values.items()}
    rows = list(compress(batch.rows, keep))
    kept = set(rows)
    dropped = set(batch.rows) - kept
    problems = [problem for problem in batch.problems if problem.row not in dropped]
    return Batch(rows, values, problems, batch.share)


def _without(parsed: ParsedBatch, bad: set[int]) -> ParsedBatch:
    keep = [row not in bad for row in parsed.rows]
    parsed.values = {name: list(compress(column, keep)) for name, column in parsed.values.items()}
    for member in parsed.members:
        member.values = {name: list(compress(column, keep)) for name, column in member.values.items()}
        member.there = list(compress(member.there, keep))
    parsed.rows = list(compress(parsed.rows, keep))
    return parsed


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of the rows of a file."""

    read: int = 0
    created: int = 0
    changed: int = 0
    unchanged: int = 0
    rejected: int = 0
    repeated: int = 0
    left_out: int = 0
    unmatched: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(*(getattr(self, f) + getattr(other, f) for f in self.__slots__))

    def as_dict(self) -> Mapping[str, int]:
        return {name: getattr(self, name) for name in self.__slots__}
