"""The one door for response files: finds out what a file is, with the survey file where one is needed."""

from typing import TYPE_CHECKING

from rapport.connectors.surveys.formats.spss import is_spss
from rapport.connectors.surveys.formats.triple_s import is_triple_s, read_layout
from rapport.connectors.surveys.opening import SurveyRefused, parse_xml, unpack
from rapport.connectors.surveys.responses.limesurvey import is_limesurvey_responses, read_limesurvey_responses
from rapport.connectors.surveys.responses.qualtrics import is_qualtrics_csv, read_qualtrics_csv
from rapport.connectors.surveys.responses.rows import ResponseFile
from rapport.connectors.surveys.responses.spss import read_spss_rows
from rapport.connectors.surveys.responses.triple_s import read_triple_s_data

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

KNOWN = "Qualtrics (.csv), LimeSurvey (.lsa, .lsr), Triple-S (.asc, .dat, .csv) and SPSS (.sav, .zsav, .por)"


def open_responses(data: bytes, name: str, survey: bytes | None = None) -> ResponseFile:
    """Open a response file; `survey` is the file it belongs to, which Triple-S cannot be read without.

    Raises SurveyRefused with a message for the person who chose the file.
    """
    if is_spss(data):
        return read_spss_rows(data, name)
    if data.startswith(b"PK\x03\x04"):
        return _archived(data, name)
    if data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        root = parse_xml(data, name)
        if is_limesurvey_responses(root):
            return read_limesurvey_responses(root)
        raise SurveyRefused(f"{name} is XML without responses in it.")
    if survey is not None and (root_of := _triple_s(survey)) is not None:
        return read_triple_s_data(data, read_layout(root_of), name)
    text = _text(data, name)
    if is_qualtrics_csv(text):
        return read_qualtrics_csv(text, name)
    raise SurveyRefused(f"{name} is no response file we know: {KNOWN}. Other tables come in through Imports.")


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
    root = parse_xml(members[found], found)
    if not is_limesurvey_responses(root):
        raise SurveyRefused(f"{found} in {name} holds no responses.")
    return read_limesurvey_responses(root)


def _text(data: bytes, name: str) -> str:
    for encoding in ("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig", "cp1252"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" in text:
            break
        return text
    raise SurveyRefused(f"{name} is no response file we know: {KNOWN}.")
