"""A saved mapping: how columns become the fields of a target. Kept as TOML, documented in docs/import.md."""

import tomllib
from collections.abc import Mapping as Map
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Literal, cast, get_args

import tomli_w

from rapport.connectors.files.tables import DateOrder, FileOptions
from rapport.connectors.files.targets import Field, Target

OnError = Literal["report", "abort"]
Repeated = Literal["last", "first"]
IfWrong = Literal["reject", "empty"]
Empty = Literal["keep", "clear"]


class MappingRefused(Exception):
    """The mapping does not fit its form, its target or the file; the message says where."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where one field's value comes from."""

    columns: tuple[str, ...] = ()
    """One column, or several that are joined."""
    constant: str | None = None
    """The same value for every row; beside a column, the value for rows where that is empty."""
    values: Map[str, str] = field(default_factory=dict)
    """What the file's words mean here; case is ignored. A word that is not listed stays as it is."""
    otherwise: str | None = None
    """What a word means that `values` does not list; '' means nothing."""
    join: str = " "
    date_order: DateOrder = ""
    date_format: str = ""
    decimal: Literal["", ".", ","] = ""
    factor: Decimal = Decimal(1)
    """What each number is multiplied by: 1000000 where the file writes millions."""
    if_wrong: IfWrong = "reject"
    """'empty': a value that cannot be used is left out with a remark, and the rest of its row lands."""
    create: bool = False
    """Add what the catalogue does not have yet, where the field points into it."""


Sources = Map[str, Source]


@dataclass(frozen=True, slots=True)
class Mapping:
    """How a file becomes rows of one target."""

    target: str
    fields: Sources = field(default_factory=dict)
    groups: Map[str, tuple[Sources, ...]] = field(default_factory=dict)
    source: str = "file"
    """The system the rows come from; external ids are unique within it."""
    file: FileOptions = field(default_factory=FileOptions)
    on_error: OnError = "report"
    """'report': bad rows go to the report and the rest lands. 'abort': one bad row and nothing lands."""
    repeated: Repeated = "last"
    """Which row counts when a file names the same thing twice."""
    time_zone: str = "UTC"
    """The zone of date-times that carry none."""
    currency: str = ""
    """The currency of amounts that carry none."""
    empty: Empty = "keep"
    """What an empty cell does to a value that is there already: leave it, or clear it."""
    live: bool = False
    """Signals only: whether they may open cases and start messages, as feedback of today does."""
    only: Map[str, tuple[str, ...]] = field(default_factory=dict)
    """Import only rows whose column holds one of these values; the others are counted as left out."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the file that the mapping reads."""
        sources = [*self.fields.values()]
        for members in self.groups.values():
            for member in members:
                sources.extend(member.values())
        names = dict.fromkeys(name for source in sources for name in source.columns)
        names.update(dict.fromkeys(self.only))
        return tuple(names)


# ------------------------------------------------------------------ TOML

_TOP = set(Mapping.__dataclass_fields__)
_FILE = set(FileOptions.__dataclass_fields__)
_SOURCE = {"column"} | set(Source.__dataclass_fields__)


def load_mapping(path: Path | str) -> Mapping:
    """Read a mapping from a TOML file; raise MappingRefused naming what is wrong in it."""
    path = Path(path)
    try:
        return parse_mapping(path.read_text(encoding="utf-8"), path.name)
    except (OSError, UnicodeDecodeError) as error:
        raise MappingRefused(f"{path} cannot be read: {error}.") from error


def parse_mapping(text: str, name: str = "The mapping") -> Mapping:
    """Read a mapping from TOML text; raise MappingRefused naming what is wrong in it."""
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise MappingRefused(f"{name} is not TOML: {error}.") from error
    _only_known(found, _TOP, name)
    target = found.get("target")
    if not isinstance(target, str):
        raise MappingRefused(f'{name} names no target. Begin with: target = "accounts".')
    groups = _table(found, "groups", name)
    return Mapping(
        target=target,
        source=_text(found, "source", name, "file"),
        on_error=cast(OnError, _one_of(found, "on_error", name, get_args(OnError))),
        repeated=cast(Repeated, _one_of(found, "repeated", name, get_args(Repeated))),
        empty=cast(Empty, _one_of(found, "empty", name, get_args(Empty))),
        live=_flag(found, "live", name),
        time_zone=_text(found, "time_zone", name, "UTC"),
        currency=_text(found, "currency", name, ""),
        file=_file_options(_table(found, "file", name), name),
        only={
            key: tuple(_words(value, f"{name}: only.{key}"))
            for key, value in _table(found, "only", name).items()
        },
        fields=_sources(_table(found, "fields", name), f"{name}: fields"),
        groups={key: _members(value, f"{name}: groups.{key}") for key, value in groups.items()},
    )


def _members(value: object, where: str) -> tuple[Sources, ...]:
    if not isinstance(value, list) or not all(isinstance(member, dict) for member in value):
        raise MappingRefused(f"{where} is a list of tables: write [[groups.name]] once for each.")
    return tuple(_sources(member, f"{where} {number}") for number, member in enumerate(value, start=1))


def _sources(table: Map[str, object], where: str) -> Sources:
    return {key: _source(value, f"{where}.{key}") for key, value in table.items()}


def _source(value: object, where: str) -> Source:
    if isinstance(value, str):
        return Source(columns=(value,))
    if not isinstance(value, dict):
        raise MappingRefused(f'{where}: write "a column name" or a table such as {{ constant = "x" }}.')
    table = cast(dict[str, object], value)
    _only_known(table, _SOURCE, where)
    columns = _words(table.get("columns", [table["column"]] if "column" in table else []), where)
    constant = table.get("constant")
    if not columns and constant is None:
        raise MappingRefused(f"{where} has neither a column nor a constant.")
    words = table.get("values", {})
    if not isinstance(words, dict):
        raise MappingRefused(f'{where}.values is a table: {{ "word in the file" = "meaning" }}.')
    return Source(
        columns=tuple(columns),
        constant=None if constant is None else _scalar(constant, where),
        values={str(key): _scalar(meaning, where) for key, meaning in words.items()},
        otherwise=None if "otherwise" not in table else _scalar(table["otherwise"], where),
        join=_text(table, "join", where, " "),
        date_order=cast(DateOrder, _one_of(table, "date_order", where, get_args(DateOrder))),
        date_format=_text(table, "date_format", where, ""),
        decimal=cast(Literal["", ".", ","], _one_of(table, "decimal", where, ("", ".", ","))),
        factor=_factor(table, where),
        if_wrong=cast(IfWrong, _one_of(table, "if_wrong", where, get_args(IfWrong))),
        create=_flag(table, "create", where),
    )


def _factor(table: Map[str, object], where: str) -> Decimal:
    try:
        factor = Decimal(_scalar(table.get("factor", 1), where))
    except InvalidOperation:
        factor = Decimal(0)
    if not factor.is_finite() or factor == 0:
        raise MappingRefused(f"{where}: factor is a number other than 0, such as 1000.")
    return factor


def _file_options(table: Map[str, object], name: str) -> FileOptions:
    where = f"{name}: file"
    _only_known(table, _FILE, where)
    header_row, header_rows = table.get("header_row"), table.get("header_rows", 1)
    if not isinstance(header_row, int | None) or not isinstance(header_rows, int):
        raise MappingRefused(f"{where}: header_row and header_rows are whole numbers.")
    return FileOptions(
        format=cast(Literal[""], _one_of(table, "format", where, ("", "csv", "excel", "parquet", "jsonl"))),
        encoding=_text(table, "encoding", where, ""),
        delimiter=_text(table, "delimiter", where, ""),
        quote=_text(table, "quote", where, '"'),
        sheet=_text(table, "sheet", where, ""),
        header_row=header_row,
        header_rows=header_rows,
        decimal=cast(Literal["", ".", ","], _one_of(table, "decimal", where, ("", ".", ","))),
        date_order=cast(DateOrder, _one_of(table, "date_order", where, get_args(DateOrder))),
        missing=tuple(_words(table["missing"], f"{where}.missing")) if "missing" in table else None,
    )


def _only_known(table: Map[str, object], known: set[str], where: str) -> None:
    unknown = [key for key in table if key not in known]
    if unknown:
        raise MappingRefused(
            f"{where}: '{unknown[0]}' is not understood. Known are: {', '.join(sorted(known))}."
        )


def _table(found: Map[str, object], key: str, name: str) -> Map[str, object]:
    value = found.get(key, {})
    if not isinstance(value, dict):
        raise MappingRefused(f"{name}: '{key}' is a table; write [{key}] above its lines.")
    return cast(dict[str, object], value)


def _text(found: Map[str, object], key: str, where: str, default: str) -> str:
    value = found.get(key, default)
    if not isinstance(value, str):
        raise MappingRefused(f"{where}: {key} is text in quotation marks.")
    return value


def _flag(found: Map[str, object], key: str, where: str) -> bool:
    value = found.get(key, False)
    if not isinstance(value, bool):
        raise MappingRefused(f"{where}: {key} is true or false.")
    return value


def _one_of(found: Map[str, object], key: str, where: str, allowed: Sequence[str]) -> str:
    value = found.get(key, allowed[0])
    if value not in allowed:
        raise MappingRefused(f"{where}: {key} is one of {', '.join(filter(None, allowed))}, not '{value}'.")
    return cast(str, value)


def _words(value: object, where: str) -> list[str]:
    listed = [value] if isinstance(value, str) else value
    if not isinstance(listed, list) or not all(isinstance(word, str) for word in listed):
        raise MappingRefused(f"{where}: write a text or a list of texts.")
    return cast(list[str], listed)


def _scalar(value: object, where: str) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    raise MappingRefused(f"{where}: write a text, a number, true or false.")


def dump_mapping(mapping: Mapping) -> str:
    """Write the mapping as TOML; reading it back gives the same mapping."""
    table: dict[str, object] = {
        "target": mapping.target,
        "source": mapping.source,
        "on_error": mapping.on_error,
        "repeated": mapping.repeated,
        "time_zone": mapping.time_zone,
    }
    if mapping.empty != "keep":
        table["empty"] = mapping.empty
    if mapping.live:
        table["live"] = True
    if mapping.currency:
        table["currency"] = mapping.currency
    table["file"] = _dump_file(mapping.file)
    if mapping.only:
        table["only"] = {key: list(words) for key, words in mapping.only.items()}
    table["fields"] = {name: _dump_source(source) for name, source in mapping.fields.items()}
    groups = {
        name: [{key: _dump_source(source) for key, source in member.items()} for member in members]
        for name, members in mapping.groups.items()
        if members
    }
    if groups:
        table["groups"] = groups
    return tomli_w.dumps(table)


def _dump_file(options: FileOptions) -> dict[str, object]:
    usual = FileOptions()
    table: dict[str, object] = {}
    for name in (
        "format",
        "encoding",
        "delimiter",
        "quote",
        "sheet",
        "header_row",
        "header_rows",
        "decimal",
        "date_order",
    ):
        value = getattr(options, name)
        if value != getattr(usual, name):
            table[name] = value
    if options.missing is not None:
        table["missing"] = list(options.missing)
    return table


def _dump_source(source: Source) -> object:
    if source == Source(columns=source.columns) and len(source.columns) == 1:
        return source.columns[0]
    table: dict[str, object] = {}
    if len(source.columns) == 1:
        table["column"] = source.columns[0]
    elif source.columns:
        table["columns"] = list(source.columns)
    for name in ("constant", "otherwise"):
        if getattr(source, name) is not None:
            table[name] = getattr(source, name)
    if source.values:
        table["values"] = dict(source.values)
    if source.join != " ":
        table["join"] = source.join
    for name in ("date_order", "date_format", "decimal"):
        if getattr(source, name):
            table[name] = getattr(source, name)
    if source.factor != 1:
        table["factor"] = format(source.factor, "f")
    if source.if_wrong != "reject":
        table["if_wrong"] = source.if_wrong
    if source.create:
        table["create"] = True
    return table


# ------------------------------------------------------------------ against target and file


def check_mapping(mapping: Mapping, target: Target, columns: Sequence[str]) -> list[str]:
    """List what keeps the mapping from being used with this target and file, in words."""
    wrong: list[str] = []
    _check_sources(mapping.fields, target.fields, f"the target '{target.name}'", wrong)
    for name, members in mapping.groups.items():
        group = target.group(name)
        if group is None:
            wrong.append(f"The target '{target.name}' has no group '{name}'.")
            continue
        for member in members:
            _check_sources(member, group.fields, f"{group.label.lower()}", wrong)
    there = set(columns)
    absent = [name for name in mapping.columns if name not in there]
    wrong.extend(f"The file has no column '{name}'." for name in absent)
    return wrong


def _check_sources(sources: Sources, fields: Sequence[Field], whose: str, wrong: list[str]) -> None:
    known = {field.name: field for field in fields}
    wrong.extend(f"There is no field '{name}' in {whose}." for name in sources if name not in known)
    wrong.extend(
        f"'{field.label}' is needed in {whose}: give it a column or a fixed value."
        for field in fields
        if field.required and field.name not in sources
    )
