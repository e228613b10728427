"""Results of SurveyJS: one JSON object for each response, in a list, under `data`, or one on each line."""

import json
from collections.abc import Callable, Iterable, Iterator
from typing import IO, Any

from rapport.connectors.surveys.languages import language_of
from rapport.connectors.surveys.opening import MOST_BYTES, SurveyRefused, parse_json
from rapport.connectors.surveys.responses.rows import Cell, ResponseFile, ResponseRow, moment

_REFERENCES = ("id", "_id", "instanceId", "responseId", "resultId")
_WHEN = ("submittedAt", "completedAt", "happendAt", "happenedAt", "HappendAt", "createdAt", "timestamp")
_LISTED = ("data", "Data", "results", "Results")
_LONGEST_LINE = 4 * 1024**2
_OF_THE_TOOL = {*_REFERENCES, *_WHEN, "locale", "email", "pageNo", "timeSpent", "ip", "userId"}
Open = Callable[[], IO[bytes]]


def read_surveyjs_results(opened: Open, name: str) -> ResponseFile:
    """Open results; one response on each line is read as a stream, a list as a whole.

    Raises SurveyRefused when it is no list of responses.
    """
    if _is_lines(opened):
        return _file(lambda: _lines(opened, name))
    listed = _list(opened, name)
    return _file(lambda: listed)


def _file(results: Callable[[], Iterable[dict[str, Any]]]) -> ResponseFile:
    names: dict[str, None] = {}
    for found in results():
        names |= dict.fromkeys(_flat(_answers(found)))
    return ResponseFile("SurveyJS results", tuple(names), _rows(results()))


def _is_lines(opened: Open) -> bool:
    """Say whether the first line is an object by itself and more follow."""
    with opened() as stream:
        first, second = stream.readline(_LONGEST_LINE), stream.readline(16)
    try:
        return isinstance(json.loads(first), dict) and bool(second.strip())
    except (ValueError, RecursionError):
        return False


def _lines(opened: Open, name: str) -> Iterator[dict[str, Any]]:
    with opened() as stream:
        number = 0
        while line := stream.readline(_LONGEST_LINE):
            number += 1
            if line.strip():
                found = parse_json(line, f"{name}, line {number}")
                if not isinstance(found, dict):
                    raise SurveyRefused(f"{name}, line {number}, is no response: an object in braces is one.")
                yield found


def _list(opened: Open, name: str) -> list[dict[str, Any]]:
    with opened() as stream:
        data = stream.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise SurveyRefused(
            f"{name} is larger than {MOST_BYTES // 1024**2} MB. Write one response on each line (.jsonl)."
        )
    found = parse_json(data, name)
    if isinstance(found, dict):
        found = next((found[key] for key in _LISTED if isinstance(found.get(key), list)), [found])
    if not isinstance(found, list) or not found or not all(isinstance(one, dict) for one in found):
        raise SurveyRefused(f"{name} is JSON but no list of responses of SurveyJS.")
    if any(isinstance(one.get("pages") or one.get("elements"), list) for one in found):
        raise SurveyRefused(f"{name} is a survey of SurveyJS, not the responses to one.")
    return found


def _answers(found: dict[str, Any]) -> dict[str, Any]:
    """Return the answers: the object itself, or what lies under `data` beside what the service tells."""
    inside = found.get("data")
    return inside if isinstance(inside, dict) else found


def _rows(results: Iterable[dict[str, Any]]) -> Iterator[ResponseRow]:
    for number, found in enumerate(results, 1):
        told = {**found, **_answers(found)}
        reference = next((str(told[key]) for key in _REFERENCES if told.get(key) not in (None, "")), "")
        locale = told.get("locale")
        email = told.get("email")
        yield ResponseRow(
            number=number,
            reference=reference,
            answered_at=next(filter(None, (moment(told.get(key)) for key in _WHEN)), None),
            values=_flat(_answers(found)),
            language=language_of(locale, "") if isinstance(locale, str) and locale else "",
            contact=email if isinstance(email, str) else "",
        )


def _flat(answers: dict[str, Any]) -> dict[str, Cell]:
    """Return answers by the names of columns: the rows of a matrix are `question.row`."""
    flat: dict[str, Cell] = {}
    for name, value in answers.items():
        if name in _OF_THE_TOOL and not isinstance(value, dict | list):
            continue
        _flatten(str(name)[:300], value, flat, 0)
    return flat


def _flatten(name: str, value: Any, into: dict[str, Cell], depth: int) -> None:
    if isinstance(value, dict):
        if depth < 3:
            for key, inner in value.items():
                _flatten(f"{name}.{key}", inner, into, depth + 1)
    elif isinstance(value, list):
        # Files and repeated panels are lists of objects: there is nothing of ours they could become.
        into[name] = (
            None if any(isinstance(one, dict | list) for one in value) else [_plain(one) for one in value]
        )
    else:
        into[name] = value if isinstance(value, str | bool | None) else _number(value)


def _number(value: float) -> Cell:
    try:
        return float(value)
    except OverflowError:
        # A whole number beyond any measure; as words it fits no question that asks for one.
        return str(value)[:100]


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
