"""The one door for survey files: finds out what a file is and takes it over."""

from collections.abc import Callable
from pathlib import Path

from rapport.connectors.surveys.drafting import Imported
from rapport.connectors.surveys.formats.limesurvey import is_limesurvey, read_limesurvey
from rapport.connectors.surveys.formats.qualtrics import is_qualtrics, read_qualtrics
from rapport.connectors.surveys.formats.spss import is_spss, read_spss
from rapport.connectors.surveys.formats.surveyjs import is_surveyjs, read_surveyjs
from rapport.connectors.surveys.formats.triple_s import is_triple_s, read_triple_s
from rapport.connectors.surveys.opening import SurveyRefused, parse_json, parse_xml, read_file, unpack

KNOWN = (
    "Qualtrics (.qsf), LimeSurvey (.lss, .lsg, .lsq, .lsa), SurveyJS (.json), Triple-S (.sss) "
    "and SPSS (.sav, .zsav, .por)"
)


def read_survey(path: Path) -> Imported:
    """Take over a survey file; raise SurveyRefused with a message for the person who chose it."""
    return read_survey_bytes(read_file(path), path.name)


def read_survey_bytes(data: bytes, name: str) -> Imported:
    """Take over a survey file by its content; its name only helps the message."""
    try:
        return _reader_of(data, name)()
    except RecursionError as error:
        raise SurveyRefused(f"{name} is nested deeper than any survey is.") from error


def _reader_of(data: bytes, name: str) -> Callable[[], Imported]:
    if is_spss(data):
        return lambda: read_spss(data, name)
    if data.startswith(b"PK\x03\x04"):
        return lambda: _archived(data, name)
    start = data[:200].lstrip(b"\xef\xbb\xbf \t\r\n")
    if start[:1] in (b"{", b"["):
        return lambda: _from_json(data, name)
    if start[:1] == b"<" or data[:4] in (b"\xff\xfe<\x00", b"\xfe\xff\x00<"):
        return lambda: _from_xml(data, name)
    raise SurveyRefused(f"{name} is no survey file we know: {KNOWN}.")


def _from_json(data: bytes, name: str) -> Imported:
    document = parse_json(data, name)
    if is_qualtrics(document):
        return read_qualtrics(document)
    if is_surveyjs(document):
        return read_surveyjs(document)
    raise SurveyRefused(f"{name} is JSON but no survey of Qualtrics or SurveyJS.")


def _from_xml(data: bytes, name: str) -> Imported:
    root = parse_xml(data, name)
    if is_limesurvey(root):
        return read_limesurvey(root)
    if is_triple_s(root):
        return read_triple_s(root)
    raise SurveyRefused(f"{name} is XML but no survey of LimeSurvey or Triple-S.")


def _archived(data: bytes, name: str) -> Imported:
    members = unpack(data, name)
    survey = next((member for member in sorted(members) if member.lower().endswith(".lss")), None)
    if survey is None:
        raise SurveyRefused(f"{name} is an archive without a survey (.lss) in it.")
    return _from_xml(members[survey], survey)
