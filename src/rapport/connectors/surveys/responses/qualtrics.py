"""Responses of Qualtrics as CSV: one row of names, one of questions, and in newer exports one of ids."""

import csv
import json
from collections.abc import Callable, Iterator
from itertools import islice
from typing import TextIO

from rapport.connectors.surveys.languages import language_of
from rapport.connectors.surveys.opening import SurveyRefused
from rapport.connectors.surveys.responses.rows import Cell, ResponseFile, ResponseRow, moment

Open = Callable[[], TextIO]
_ABOUT = {
    "responseid": "reference",
    "_recordid": "reference",
    "enddate": "ended",
    "recordeddate": "ended",
    "startdate": "started",
    "recipientemail": "contact",
    "externalreference": "account",
    "externaldatareference": "account",
    "userlanguage": "language",
    "q_language": "language",
    "status": "status",
}
_OF_THE_TOOL = {
    *(
        "responseset",
        "ipaddress",
        "finished",
        "progress",
        "duration (in seconds)",
        "recipientlastname",
        "duration",
    ),
    *(
        "recipientfirstname",
        "locationlatitude",
        "locationlongitude",
        "locationaccuracy",
        "distributionchannel",
        "",
    ),
}
_TESTS = {"survey preview", "survey test", "1", "9"}


def is_qualtrics_csv(text: str) -> bool:
    """Say whether a text begins like an export of Qualtrics."""
    first, _, rest = text[:200_000].partition("\n")
    begin = f"{first}\n{rest.partition(chr(10))[0]}".lower().replace(" ", "")
    return "responseid" in begin or "importid" in text[:200_000].lower()


def read_qualtrics_csv(opened: Open, name: str) -> ResponseFile:
    """Open an export; raise SurveyRefused when its header cannot be read."""
    with opened() as text:
        lines = csv.reader(text)
        try:
            tags, questions = next(lines), next(lines)
            third = next(lines, None)
        except (StopIteration, csv.Error) as error:
            raise SurveyRefused(f"{name} has no two rows of headings, as exports of Qualtrics do.") from error
    ids = _ids(third) if third is not None else None
    about = [
        _about(tag, question) for tag, question in zip(tags, [*questions, *[""] * len(tags)], strict=False)
    ]
    named = _numbered(tags)
    answers = {
        number: named[number] for number, tag in enumerate(tags) if about[number] is None and tag.strip()
    }
    also = {named[number]: found for number, found in enumerate(ids or []) if number in answers and found}
    rows = _rows(opened, 3 if ids is not None else 2, about, answers, name)
    return ResponseFile("Qualtrics CSV", tuple(answers.values()), rows, also)


def _numbered(tags: list[str]) -> list[str]:
    """Tell columns of the same name apart: the second is `name#2`."""
    seen: dict[str, int] = {}
    found = []
    for tag in tags:
        seen[tag] = seen.get(tag, 0) + 1
        found.append(tag if seen[tag] == 1 else f"{tag}#{seen[tag]}")
    return found


def _about(tag: str, question: str) -> str | None:
    """Say what a column tells about the response; None when it holds an answer."""
    for word in (tag.strip().lower(), question.strip().lower().replace(" ", "")):
        if word in _ABOUT:
            return _ABOUT[word]
    if tag.strip().lower() in _OF_THE_TOOL:
        return "tool"
    legacy = tag[:1] == "V" and tag[1:].isdigit()
    return "tool" if legacy else None


def _ids(row: list[str]) -> list[str] | None:
    """Return the ids of the third row of headings; None when it is a response already."""
    if not any("ImportId" in cell for cell in row):
        return None
    return [_id(cell) for cell in row]


def _id(cell: str) -> str:
    try:
        found = json.loads(cell.replace("'", '"'))
    except (ValueError, RecursionError):
        return ""
    return str(found.get("ImportId", "")) if isinstance(found, dict) else ""


def _rows(
    opened: Open, headings: int, about: list[str | None], answers: dict[int, str], name: str
) -> Iterator[ResponseRow]:
    number = headings
    with opened() as text:
        lines = csv.reader(text)
        try:
            for cells in islice(lines, headings, None):
                number += 1
                if not any(cells):
                    continue
                told: dict[str, str] = {}
                for what, cell in zip(about, cells, strict=False):
                    if what and cell:
                        told.setdefault(what, cell)
                values: dict[str, Cell] = {tag: cells[at] for at, tag in answers.items() if at < len(cells)}
                yield ResponseRow(
                    number=number,
                    reference=told.get("reference", ""),
                    answered_at=moment(told.get("ended")) or moment(told.get("started")),
                    values=values,
                    language=language_of(told["language"], "") if "language" in told else "",
                    contact=told.get("contact", ""),
                    account=told.get("account", ""),
                    test=told.get("status", "").strip().lower() in _TESTS,
                )
        except csv.Error as error:
            raise SurveyRefused(f"{name}, row {number + 1}: {error}. Export it again.") from error
