"""Triple-S 2.0: a description in XML and the data in CSV, together in one archive."""

import csv
import io
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from rapport.connectors.files.formats.csv import inert
from rapport.connectors.surveys.writing.responses import Given
from rapport.connectors.surveys.writing.variables import Variable, variables_of
from rapport.rooms.listening.definition import Definition
from rapport.rooms.listening.definition.texts import words

_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_PIECE = 64 * 1024


@dataclass(frozen=True)
class _Field:
    """One variable of the file: one of ours, or several marks together as a multiple."""

    name: str
    of: tuple[Variable, ...]
    multiple: bool = False


def write_definition(definition: Definition, *, now: datetime) -> bytes:
    """Return the description, in every language the survey has."""
    root = Element("sss", version="2.0", languages=" ".join(definition.languages), modes="interview analysis")
    SubElement(root, "date").text = now.strftime("%Y-%m-%d")
    SubElement(root, "time").text = now.strftime("%H:%M:%S")
    SubElement(root, "origin").text = "Rapport"
    survey = SubElement(root, "survey")
    _say(
        SubElement(survey, "title"),
        {one: words(definition.title, one, definition.language) for one in definition.languages},
    )
    record = SubElement(survey, "record", ident="A", format="csv", skip="1")
    serial = SubElement(record, "variable", ident="1", type="character", use="serial")
    SubElement(serial, "name").text = "response"
    SubElement(serial, "label").text = "Response"
    SubElement(serial, "position", start="1", finish="1")
    SubElement(serial, "size").text = "36"
    spoken = {one: variables_of(definition, one) for one in definition.languages}
    for at, field in enumerate(_fields(spoken[definition.language]), 2):
        _describe(
            record, at, field, {one: _same(field, variables) for one, variables in spoken.items()}, definition
        )
    indent(root)
    written: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def _same(field: _Field, variables: list[Variable]) -> tuple[Variable, ...]:
    names = {one.name for one in field.of}
    return tuple(one for one in variables if one.name in names)


def _fields(variables: list[Variable]) -> list[_Field]:
    found: list[_Field] = []
    for variable in variables:
        if variable.kind == "logical" and variable.choice:
            name = f"{variable.question}_{variable.row}" if variable.row else variable.question
            if found and found[-1].name == name and found[-1].multiple:
                found[-1] = _Field(name, (*found[-1].of, variable), multiple=True)
            else:
                found.append(_Field(name, (variable,), multiple=True))
        else:
            found.append(_Field(variable.name, (variable,)))
    return found


def _describe(
    record: Element, at: int, field: _Field, spoken: dict[str, tuple[Variable, ...]], definition: Definition
) -> None:
    first = field.of[0]
    kind = "multiple" if field.multiple else first.kind
    element = SubElement(record, "variable", ident=str(at), type=kind)
    SubElement(element, "name").text = field.name
    labels = {one: _label(field, variables) for one, variables in spoken.items()}
    _say(SubElement(element, "label"), labels)
    SubElement(element, "position", start=str(at), finish=str(at))
    if kind == "character":
        SubElement(element, "size").text = str(first.size or 255)
    elif kind == "single":
        values = SubElement(element, "values")
        for place, (code, _key, _told) in enumerate(first.codes):
            told = {one: variables[0].codes[place][2] for one, variables in spoken.items()}
            _say(SubElement(values, "value", code=str(code)), told)
    elif kind == "multiple":
        values = SubElement(element, "values")
        for place in range(len(field.of)):
            told = {one: _own(field, variables[place], labels[one]) for one, variables in spoken.items()}
            _say(SubElement(values, "value", code=str(place + 1)), told)
    elif kind == "quantity":
        values = SubElement(element, "values")
        low, high = _limits(first)
        SubElement(values, "range", {"from": low, "to": high})


def _limits(variable: Variable) -> tuple[str, str]:
    places = variable.decimals
    low = variable.low if variable.low is not None else -999_999_999
    high = variable.high if variable.high is not None else 999_999_999
    return f"{low:.{places}f}", f"{high:.{places}f}"


def _label(field: _Field, variables: tuple[Variable, ...]) -> str:
    """Return the question's words: what the marks of a multiple begin with alike."""
    if not field.multiple:
        return variables[0].label
    return variables[0].heading


def _own(field: _Field, variable: Variable, label: str) -> str:
    return variable.label.removeprefix(f"{label}: ") or variable.choice


def _say(element: Element, told: dict[str, str]) -> None:
    """Write words plainly where there is one language, else a text for each."""
    clean = {one: _legal(text) for one, text in told.items()}
    if len(clean) == 1:
        element.text = next(iter(clean.values()))
        return
    for language, text in clean.items():
        SubElement(element, "text", {_LANG: language}).text = text


def _legal(text: str) -> str:
    """Leave out what XML cannot hold."""
    return "".join(sign for sign in text if sign >= " " or sign in "\t\n\r")


def write_data(definition: Definition, given: Iterable[Given]) -> Iterator[bytes]:
    """Yield the data row by row, in the order the description names them."""
    fields = _fields(variables_of(definition))
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(["response", *(field.name for field in fields)])
    for one in given:
        writer.writerow([one.reference, *(inert(_written(field, one)) for field in fields)])
        if buffer.tell() > _PIECE:
            yield _taken(buffer)
    yield _taken(buffer)


def _taken(buffer: io.StringIO) -> bytes:
    data = buffer.getvalue().encode("utf-8")
    buffer.seek(0)
    buffer.truncate()
    return data


def _written(field: _Field, given: Given) -> str:
    values = [variable.value(given.answers) for variable in field.of]
    if field.multiple:
        return (
            ""
            if all(value is None for value in values)
            else "".join("1" if value else "0" for value in values)
        )
    value = values[0]
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, float):
        return (
            f"{value:.{max(field.of[0].decimals, 0)}f}"
            if field.of[0].decimals or value.is_integer()
            else repr(value)
        )
    return value.replace("-", "") if field.of[0].kind == "date" else value


def write_archive(definition: Definition, given: Iterable[Given], *, now: datetime) -> Iterator[bytes]:
    """Yield a zip archive with both files; it is made on disk, not in memory."""
    with tempfile.TemporaryFile() as whole:
        with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("survey.sss", write_definition(definition, now=now))
            with archive.open("survey.csv", "w", force_zip64=True) as data:
                for piece in write_data(definition, given):
                    data.write(piece)
        whole.seek(0)
        while piece := whole.read(_PIECE):
            yield piece
