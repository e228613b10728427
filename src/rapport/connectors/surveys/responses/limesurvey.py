"""Responses of LimeSurvey: the .lsr inside an archive, or one by itself."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rapport.connectors.surveys.languages import language_of
from rapport.connectors.surveys.responses.rows import Cell, ResponseFile, ResponseRow, moment

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

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


def is_limesurvey_responses(root: "Element[str]") -> bool:
    """Say whether parsed XML holds responses of LimeSurvey."""
    return root.tag == "document" and root.findtext("LimeSurveyDocType") == "Responses"


def read_limesurvey_responses(root: "Element[str]") -> ResponseFile:
    """Open parsed responses."""
    named = [one.text or "" for one in root.iterfind("responses/fields/fieldname")]
    names = tuple(name for name in named if name not in _OF_THE_TOOL)
    return ResponseFile("LimeSurvey responses", names, _rows(root))


def _rows(root: "Element[str]") -> Iterator[ResponseRow]:
    for number, row in enumerate(root.iterfind("responses/rows/row"), 1):
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
