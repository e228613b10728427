"""The one door for response files: finds out what a file is, and reads it row by row where it can."""

import codecs
import io
from collections.abc import Callable
from pathlib import Path
from typing import IO, TYPE_CHECKING

from rapport.connectors.surveys.formats.spss import is_spss
from rapport.connectors.surveys.formats.triple_s import is_triple_s, read_layout
from rapport.connectors.surveys.opening import MOST_BYTES, SurveyRefused, parse_xml, unpack
from rapport.connectors.surveys.responses.limesurvey import read_limesurvey_responses
from rapport.connectors.surveys.responses.qualtrics import is_qualtrics_csv, read_qualtrics_csv
from rapport.connectors.surveys.responses.rows import ResponseFile
from rapport.connectors.surveys.responses.spss import read_spss_rows
from rapport.connectors.surveys.responses.surveyjs import read_surveyjs_results
from rapport.connectors.surveys.responses.triple_s import read_triple_s_data

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

KNOWN = (
    "Qualtrics (.csv), LimeSurvey (.lsa, .lsr), SurveyJS (.json, .jsonl), Triple-S (.asc, .dat, .csv) "
    "and SPSS (.sav, .zsav, .por)"
)
_HEAD = 200_000
Open = Callable[[], IO[bytes]]
Read = Callable[[], ResponseFile]


def open_responses(data: bytes | Path, name: str, survey: bytes | None = None) -> ResponseFile:
    """Open a response file; `survey` is the file it belongs to, which Triple-S cannot be read without.

    Tables, LimeSurvey's rows and lines of JSON are read as a stream. Raises SurveyRefused with a message for
    the person who chose the file.
    """
    return reader_of(data, name, survey)()


def reader_of(data: bytes | Path, name: str, survey: bytes | None = None) -> Read:
    """Find out what a file is without reading it; raise SurveyRefused when it is nothing we know."""
    opened: Open = (lambda: data.open("rb")) if isinstance(data, Path) else (lambda: io.BytesIO(data))
    with opened() as stream:
        head = stream.read(_HEAD)
    if is_spss(head):
        return lambda: read_spss_rows(_whole(opened, name), name)
    if head.startswith(b"PK\x03\x04"):
        return lambda: _archived(_whole(opened, name), name)
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if start == b"<":
        return lambda: read_limesurvey_responses(opened, name)
    if survey is not None and (root := _triple_s(survey)) is not None:
        return lambda: read_triple_s_data(_whole(opened, name), read_layout(root), name)
    if start in (b"[", b"{"):
        return lambda: read_surveyjs_results(opened, name)
    encoding = _encoding(opened)
    if encoding and is_qualtrics_csv(head.decode(encoding, "ignore")):
        return lambda: read_qualtrics_csv(
            lambda: io.TextIOWrapper(opened(), encoding=encoding, newline=""), name
        )
    raise SurveyRefused(f"{name} is no response file we know: {KNOWN}. Other tables come in through Imports.")


def _whole(opened: Open, name: str) -> bytes:
    """Return a file that can only be read as a whole; refuse one that is beyond all measure."""
    with opened() as stream:
        data = stream.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise SurveyRefused(f"{name} is larger than {MOST_BYTES // 1024**2} MB. Split it into smaller ones.")
    return data


def _triple_s(survey: bytes) -> "Element[str] | None":
    start = survey[:200]
    if b"<" not in start:
        return None
    root = parse_xml(survey, "the survey file")
    return root if is_triple_s(root) else None


def _archived(data: bytes, name: str) -> ResponseFile:
    members = unpack(data, name)
    found = next(
        (member for member in sorted(members) if member.lower().endswith(".lsr") and "timings" not in member),
        None,
    )
    if found is None:
        raise SurveyRefused(f"{name} is an archive without responses (.lsr) in it.")
    content = members[found]
    return read_limesurvey_responses(lambda: io.BytesIO(content), f"{found} in {name}")


def _encoding(opened: Open) -> str:
    """Return the encoding in which the whole file can be read; nothing when it is no text."""
    with opened() as stream:
        begin = stream.read(2)
    for encoding in ("utf-16" if begin in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig", "cp1252"):
        decoder = codecs.getincrementaldecoder(encoding)()
        try:
            with opened() as stream:
                while part := stream.read(1024**2):
                    if "\0" in decoder.decode(part):
                        return ""
                decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            continue
        return encoding
    return ""
