"""Responses of LimeSurvey: the .lsr inside an archive, or one by itself."""

from collections.abc import Callable, Iterator
from typing import IO

from rapport.connectors.surveys.languages import language_of
from rapport.connectors.surveys.opening import SurveyRefused, stream_xml
from rapport.connectors.surveys.responses.rows import Cell, ResponseFile, ResponseRow, moment

Open = Callable[[], IO[bytes]]
_PARTS = {"LimeSurveyDocType", "fieldname", "row"}

_OF_THE_TOOL = {
    "id",
    "token",
    "submitdate",
    "lastpage",
    "startlanguage",
    "seed",
    "startdate",
    "datestamp",
    "ipaddr",
    "refurl",
}


def read_limesurvey_responses(opened: Open, name: str) -> ResponseFile:
    """Open responses, to be read row by row; raise SurveyRefused when the file holds none."""
    named: list[str] = []
    for element in stream_xml(opened(), name, _PARTS):
        if element.tag == "LimeSurveyDocType" and element.text != "Responses":
            raise SurveyRefused(f"{name} holds no responses, but a {str(element.text)[:40]}.")
        if element.tag == "fieldname":
            named.append(element.text or "")
        if element.tag == "row":
            break
    if not named:
        raise SurveyRefused(f"{name} is XML without responses in it.")
    names = tuple(one for one in named if one not in _OF_THE_TOOL)
    return ResponseFile("LimeSurvey responses", names, _rows(opened, name))


def _rows(opened: Open, name: str) -> Iterator[ResponseRow]:
    rows = (element for element in stream_xml(opened(), name, {"row"}))
    for number, row in enumerate(rows, 1):
        # Names that begin with a digit have an underscore before them in XML.
        told = {one.tag.removeprefix("_"): one.text or "" for one in row}
        values: dict[str, Cell] = {name: value for name, value in told.items() if name not in _OF_THE_TOOL}
        when = (told.get("submitdate"), told.get("datestamp"), told.get("startdate"))
        yield ResponseRow(
            number=number,
            reference=told.get("id", ""),
            answered_at=next(filter(None, map(moment, when)), None),
            values=values,
            language=language_of(told["startlanguage"], "") if told.get("startlanguage") else "",
            account="",
        )
