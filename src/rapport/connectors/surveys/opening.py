"""Opening files that nobody vouches for: bounded in size and depth, nothing fetched, nothing expanded."""

import io
import json
import re
import zipfile
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import IO, Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse

MOST_BYTES = 64 * 1024**2
MOST_UNPACKED = 256 * 1024**2
MOST_MEMBERS = 200
MOST_DEPTH = 100
_BRACKETS = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[\[{\]}]', re.DOTALL)


_ENTITIES = (
    "{name} defines entities or points to files outside of it, which a survey never needs. "
    "It is refused; ask whoever gave it to you."
)


_UNKEEPABLE = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")


class SurveyRefused(ValueError):
    """A file cannot be read as a survey or its responses; the message says why and what to do."""


def read_file(path: Path) -> bytes:
    """Return a file's bytes; refuse what is missing, empty or beyond all measure."""
    if not path.is_file():
        raise SurveyRefused(f"There is no file {path}.")
    size = path.stat().st_size
    if size == 0:
        raise SurveyRefused(f"{path.name} is empty.")
    if size > MOST_BYTES:
        raise SurveyRefused(
            f"{path.name} is larger than {MOST_BYTES // 1024**2} MB. Split it into smaller ones."
        )
    return path.read_bytes()


def parse_json(data: bytes, name: str) -> Any:
    """Return what a JSON file says; refuse one nested deeper than any survey is."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SurveyRefused(
            f"{name} is not written in UTF-8 (byte {error.start}). Save it as UTF-8."
        ) from error
    _check_depth(text, name)
    try:
        found = json.loads(text)
    except ValueError as error:
        where = f" in line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise SurveyRefused(f"{name} is not valid JSON{where}: {error}. Export it again.") from error

    return keepable(found) if _UNKEEPABLE.search(text) else found


def keepable(value: Any) -> Any:
    """Return what was parsed without zero bytes and halves of characters, which no database can keep."""
    if isinstance(value, str):
        return value.replace("\0", "").encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, list):
        return [keepable(one) for one in value]
    if isinstance(value, dict):
        return {keepable(key): keepable(one) for key, one in value.items()}
    return value


def _check_depth(text: str, name: str) -> None:
    """Count brackets outside of strings, so that the parser never recurses further than allowed."""
    depth = 0
    for found in _BRACKETS.finditer(text):
        sign = found[0]
        if sign in "[{":
            depth += 1
            if depth > MOST_DEPTH:
                raise SurveyRefused(f"{name} is nested deeper than {MOST_DEPTH} levels; no survey is.")
        elif sign in "]}":
            depth -= 1


def parse_xml(data: bytes, name: str) -> "Element[str]":
    """Return the root of an XML file; entities are refused and nothing outside of the file is read."""
    depth = 0
    root: Element[str] | None = None
    try:
        for event, element in iterparse(io.BytesIO(data), events=("start", "end"), forbid_entities=True):
            depth += 1 if event == "start" else -1
            root = element if root is None else root
            if depth > MOST_DEPTH:
                raise SurveyRefused(f"{name} is nested deeper than {MOST_DEPTH} levels; no survey is.")
    except DefusedXmlException as error:
        raise SurveyRefused(_ENTITIES.format(name=name)) from error
    except (ParseError, ValueError, LookupError) as error:
        raise SurveyRefused(f"{name} is not valid XML: {error}. Export it again.") from error
    if root is None:
        raise SurveyRefused(f"{name} is empty.")
    return root


def stream_xml(stream: IO[bytes], name: str, tags: Collection[str]) -> "Iterator[Element[str]]":
    """Yield the elements with these tags as they end, and forget them; refuse what `parse_xml` refuses."""
    with stream:
        stack: list[Element[str]] = []
        try:
            for event, element in iterparse(stream, events=("start", "end"), forbid_entities=True):
                if event == "start":
                    stack.append(element)
                    if len(stack) > MOST_DEPTH:
                        raise SurveyRefused(
                            f"{name} is nested deeper than {MOST_DEPTH} levels; no survey is."
                        )
                    continue
                stack.pop()
                if element.tag in tags:
                    yield element
                    if stack:
                        stack[-1].clear()
        except DefusedXmlException as error:
            raise SurveyRefused(_ENTITIES.format(name=name)) from error
        except (ParseError, ValueError, LookupError) as error:
            if isinstance(error, SurveyRefused):
                raise
            raise SurveyRefused(f"{name} is not valid XML: {error}. Export it again.") from error


def unpack(data: bytes, name: str) -> dict[str, bytes]:
    """Return the members of a zip archive by name; refuse bombs, locks and damage."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _members(archive, name)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, EOFError, OSError) as error:
        raise SurveyRefused(f"{name} is not a readable archive: {error}. Export it again.") from error
    except RuntimeError as error:
        raise SurveyRefused(f"{name} is locked with a password. Export it without one.") from error


def _members(archive: zipfile.ZipFile, name: str) -> dict[str, bytes]:
    listed = [info for info in archive.infolist() if not info.is_dir()]
    if len(listed) > MOST_MEMBERS:
        raise SurveyRefused(f"{name} holds {len(listed)} files; an archive of a survey holds a handful.")
    found: dict[str, bytes] = {}
    left = MOST_UNPACKED
    for info in listed:
        with archive.open(info) as stream:
            # What a member claims to measure is not believed.
            content = stream.read(left + 1)
        left -= len(content)
        if left < 0:
            raise SurveyRefused(f"{name} unpacks to more than {MOST_UNPACKED // 1024**2} MB and is refused.")
        found[info.filename] = content
    return found
