"""Surveys on paper: the same version as a PDF with codes, and what is keyed in read back as answers."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import typst
from django.db import transaction
from django.utils.translation import gettext as _

from rapport.kernel.models import User
from rapport.rooms.listening.channels.mail import OUR_COLOR, RIGHT_TO_LEFT
from rapport.rooms.listening.channels.words import words_in
from rapport.rooms.listening.definition import (
    ConsentQuestion,
    ConstantSum,
    ContactRequest,
    DateQuestion,
    Definition,
    Emotions,
    FileQuestion,
    Matrix,
    MultipleChoice,
    NumberQuestion,
    Question,
    Ranking,
    Scale,
    SingleChoice,
    Statement,
    TextQuestion,
)
from rapport.rooms.listening.definition.piping import say
from rapport.rooms.listening.definition.texts import Text
from rapport.rooms.listening.definition.walking import walk
from rapport.rooms.listening.models import Ballot, Invitation, Programme, Response, Sheet, SurveyVersion
from rapport.rooms.listening.sampling.draws import published_version
from rapport.rooms.listening.services.inviting import open_link
from rapport.rooms.signals.api import FEELINGS

TEMPLATE = Path(__file__).with_name("paper.typ")


class KeyingRefused(ValueError):
    """What was keyed in cannot be kept; says why and what to do."""


@dataclass(frozen=True)
class Code:
    """One thing that can be ticked, with the code that is keyed in for it."""

    code: str
    key: str
    text: str


@dataclass(frozen=True)
class KeyField:
    """One field of the entry screen."""

    name: str
    label: str
    hint: str
    codes: tuple[Code, ...] = ()
    kind: str = "text"
    """`one`, `several`, `ranked`, `number`, `date`, `yes`, `text` or `words`."""
    low: float | None = None
    high: float | None = None


def paper_invitation(programme: Programme, *, now: datetime) -> Invitation:
    """Return the one open asking all sheets of a programme's published version belong to."""
    version = published_version(programme)
    found = programme.invitations.filter(open_link=True, channel="paper", version=version).first()
    if found is not None:
        return found
    made, _link = open_link(
        version, programme=programme, now=now, channel="paper", facts={"channel": "paper"}
    )
    made.label = "paper"
    made.save(update_fields=["label"])
    return made


# -- The sheet ------------------------------------------------------------------


def sheet_pdf(version: SurveyVersion, language: str) -> bytes:
    """Return a version on paper in one of its languages."""
    definition = version.definition()
    spoken = language if language in definition.languages else definition.language
    told = _told(definition, spoken, f"{version.survey} {version.number}")
    made: bytes = typst.compile(
        TEMPLATE.read_bytes(), format="pdf", sys_inputs={"data": json.dumps(told, ensure_ascii=False)}
    )
    return made


def _told(definition: Definition, language: str, foot: str) -> dict[str, Any]:
    said = _Teller(definition, language)
    questions, number = [], 0
    for question in definition.questions():
        asks = not isinstance(question, Statement | FileQuestion)
        number += asks
        questions.append(_shown(question, str(number) if asks else "", said))
    return {
        "title": said(definition.title),
        "welcome": said(definition.welcome),
        "language": language,
        "rtl": language.split("-")[0] in RIGHT_TO_LEFT,
        "color": definition.theme.color or OUR_COLOR,
        "number_label": words_in(language).sheet,
        "foot": foot,
        "questions": [shown for shown in questions if shown["kind"] != "file"],
    }


class _Teller:
    """Says texts in one language, without anybody's answers."""

    def __init__(self, definition: Definition, language: str) -> None:
        self._definition, self._language = definition, language
        self._known = walk(definition, {}, {}, "paper").known

    def __call__(self, text: Text) -> str:
        return say(text, self._known, self._language, self._definition.language) if text else ""


def _shown(question: Question, number: str, said: _Teller) -> dict[str, Any]:
    codes = [{"code": code.code, "text": code.text} for code in codes_of(question, said)]
    shown: dict[str, Any] = {
        "number": number,
        "text": said(question.text),
        "help": said(question.help),
        "choices": codes,
        "rows": [],
        "low": "",
        "high": "",
        "kind": _kind(question),
    }
    if isinstance(question, Scale):
        shown |= {"low": said(question.low_label), "high": said(question.high_label)}
    if isinstance(question, Matrix):
        shown["rows"] = [{"text": said(row.text)} for row in question.rows]
    if isinstance(question, NumberQuestion):
        shown["low"] = said(question.unit)
    return shown


def _kind(question: Question) -> str:
    kinds: tuple[tuple[tuple[type[Any], ...], str], ...] = (
        ((Scale,), "scale"),
        ((SingleChoice, MultipleChoice, Emotions, ConsentQuestion, ContactRequest), "choices"),
        ((Ranking, ConstantSum), "numbers"),
        ((Matrix,), "matrix"),
        ((NumberQuestion, DateQuestion), "line"),
        ((FileQuestion,), "file"),
        ((Statement,), "statement"),
    )
    for types, kind in kinds:
        if isinstance(question, types):
            return kind
    return "line" if isinstance(question, TextQuestion) and question.type == "text" else "words"


def codes_of(question: Question, said: "_Teller") -> list[Code]:
    """Return what can be ticked, numbered from 1 as on the sheet; a scale's codes are its own numbers."""
    if isinstance(question, Scale):
        return [Code(str(at), str(at), str(at)) for at in range(question.low, question.high + 1)]
    if isinstance(question, ConsentQuestion | ContactRequest):
        return [Code("1", "yes", _("Yes")), Code("0", "no", _("No"))]
    if isinstance(question, Emotions):
        wanted = question.offered or tuple(FEELINGS)
        return [Code(str(at), key, key.replace("_", " ")) for at, key in enumerate(wanted, start=1)]
    if isinstance(question, Matrix):
        offered = question.columns
    elif isinstance(question, SingleChoice | MultipleChoice | Ranking | ConstantSum):
        offered = question.choices
    else:
        return []
    return [Code(str(at), choice.key, said(choice.text)) for at, choice in enumerate(offered, start=1)]


# -- Keying ---------------------------------------------------------------------


def fields_of(definition: Definition, language: str = "") -> list[KeyField]:
    """Return the fields of the entry screen, in the order of the sheet."""
    said = _Teller(definition, language or definition.language)
    found: list[KeyField] = []
    for question in definition.questions():
        codes = tuple(codes_of(question, said))
        text = said(question.text)
        match question:
            case Statement() | FileQuestion():
                continue
            case Matrix():
                kind = "several" if question.multiple else "one"
                found += [
                    KeyField(
                        f"{question.key}.{row.key}", f"{text}: {said(row.text)}", _hint(kind), codes, kind
                    )
                    for row in question.rows
                ]
            case ConstantSum():
                found += [
                    KeyField(
                        f"{question.key}.{code.key}", f"{text}: {code.text}", _("a number"), (), "number", 0
                    )
                    for code in codes
                ]
            case NumberQuestion():
                found.append(
                    KeyField(question.key, text, _("a number"), (), "number", question.low, question.high)
                )
            case _:
                kind = _keyed(question)
                found.append(KeyField(question.key, text, _hint(kind), codes, kind))
    return found


def _keyed(question: Question) -> str:
    match question:
        case Scale() | SingleChoice():
            return "one"
        case MultipleChoice() | Emotions():
            return "several"
        case Ranking():
            return "ranked"
        case ConsentQuestion() | ContactRequest():
            return "yes"
        case DateQuestion():
            return "date"
        case _:
            return "words"


def _hint(kind: str) -> str:
    return {
        "one": _("the code ticked; empty when none is"),
        "several": _("the codes ticked, with commas between"),
        "ranked": _("the codes in the order given, best first, with commas between"),
        "yes": _("1 for yes, 0 for no"),
        "date": _("year-month-day"),
        "words": _("the words as written"),
    }[kind]


def read_keyed(definition: Definition, typed: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the answers that were keyed in, and what is wrong, by field."""
    values: dict[str, Any] = {}
    wrong: dict[str, str] = {}
    for field in fields_of(definition):
        text = typed.get(field.name, "").strip()
        if not text:
            continue
        try:
            values[field.name] = _value(field, text)
        except KeyingRefused as refusal:
            wrong[field.name] = str(refusal)
    return _gathered(definition, values), wrong


def _value(field: KeyField, text: str) -> Any:
    if field.kind in {"one", "yes"}:
        code = _code(field, text)
        return code.key == "yes" if field.kind == "yes" else code.key
    if field.kind in {"several", "ranked"}:
        keys = [_code(field, part.strip()).key for part in text.split(",") if part.strip()]
        if len(set(keys)) < len(keys):
            raise KeyingRefused(_("A code stands here twice."))
        order = [code.key for code in field.codes]
        return keys if field.kind == "ranked" else sorted(keys, key=order.index)
    if field.kind == "number":
        return _number(field, text)
    if field.kind == "date":
        try:
            return date.fromisoformat(text).isoformat()
        except ValueError as error:
            raise KeyingRefused(_("Write the day as year-month-day, such as 2026-09-17.")) from error
    return text[:4000]


def _code(field: KeyField, text: str) -> Code:
    found = next((code for code in field.codes if code.code == text), None)
    if found is None:
        known = ", ".join(code.code for code in field.codes)
        raise KeyingRefused(
            _("%(text)s is no code here; there are: %(known)s.") % {"text": text, "known": known}
        )
    return found


def _number(field: KeyField, text: str) -> float:
    try:
        number = float(text.replace(",", "."))
    except ValueError as error:
        raise KeyingRefused(_("Write a number.")) from error
    low, high = field.low, field.high
    if (
        not math.isfinite(number)
        or (low is not None and number < low)
        or (high is not None and number > high)
    ):
        raise KeyingRefused(_("This number is out of its range."))
    return number


def _gathered(definition: Definition, values: Mapping[str, Any]) -> dict[str, Any]:
    """Put rows and shares back together, and numbers of scales back into numbers."""
    answers: dict[str, Any] = {}
    for question in definition.questions():
        if isinstance(question, Matrix | ConstantSum):
            parts = question.rows if isinstance(question, Matrix) else question.choices
            given = {
                part.key: values[f"{question.key}.{part.key}"]
                for part in parts
                if f"{question.key}.{part.key}" in values
            }
            if given:
                answers[question.key] = given
        elif question.key in values:
            value = values[question.key]
            answers[question.key] = float(value) if isinstance(question, Scale) else value
    return answers


_FORM = "_form"
"""Under which a keying remembers the form it was sent with; no field of a survey can be called so."""


@dataclass(frozen=True)
class Keyed:
    """What came of keying a sheet: kept as first, agreed, or the fields in which the two differ."""

    state: str
    differing: tuple[str, ...] = ()


@transaction.atomic
def key_sheet(
    invitation: Invitation,
    number: str,
    typed: Mapping[str, str],
    by: User,
    *,
    now: datetime,
    decided: bool = False,
    form: str = "",
) -> Keyed:
    """Keep a first keying, or hold a second against it; only what agrees becomes a response.

    Where the two differ nothing is decided by itself: the fields are named, and a keying sent as `decided`,
    after another look at the sheet, counts. The same `form` sent twice is one keying: a button pressed twice
    is no second look. Raises KeyingRefused for a sheet that is done or has no number.
    """
    number = number.strip()
    if not number or len(number) > 40:
        raise KeyingRefused(_("Give the number on the sheet, up to 40 characters."))
    told = {name: value.strip() for name, value in typed.items() if value.strip()}
    if form:
        told[_FORM] = form[:40]
    sheet, made = Sheet.objects.select_for_update().get_or_create(
        invitation=invitation,
        number=number,
        defaults={"version": invitation.version, "first": told, "first_by": by, "first_at": now},
    )
    if made:
        return Keyed("first")
    if sheet.response_id is not None:
        raise KeyingRefused(_("Sheet %(number)s was keyed twice already and is done.") % {"number": number})
    if form and sheet.first.get(_FORM) == told[_FORM]:
        return Keyed("first")
    names = {*sheet.first, *told} - {_FORM}
    differing = tuple(sorted(name for name in names if sheet.first.get(name) != told.get(name)))
    sheet.second, sheet.second_by, sheet.second_at = told, by, now
    if differing and not decided:
        sheet.save()
        return Keyed("differs", differing)
    answers, _wrong = read_keyed(sheet.version.definition(), told)
    sheet.response_id = _respond(sheet, answers, now).pk
    programme = sheet.invitation.programme
    if programme is not None and programme.anonymous:
        # Its answers are on a ballot now, with nothing that leads back to the sheet.
        sheet.first, sheet.second = {}, {}
    sheet.save()
    return Keyed("done")


def _respond(sheet: Sheet, answers: dict[str, Any], now: datetime) -> Response:
    """Make the response; of an anonymous programme only a ballot keeps the answers."""
    # All sheets of a programme have one invitation: whoever keys another at this moment waits for the number.
    invitation = Invitation.objects.select_for_update(of=("self",)).get(pk=sheet.invitation_id)
    programme = invitation.programme
    definition = sheet.version.definition()
    number = 1 + (invitation.responses.order_by("-number").values_list("number", flat=True).first() or 0)
    way = walk(definition, answers, invitation.facts, f"{invitation.pk}:{number}")
    anonymous = programme is not None and programme.anonymous
    moment = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0) if anonymous else now
    response = Response.objects.create(
        invitation=invitation,
        number=number,
        state=Response.State.SENT,
        language=invitation.language or definition.language,
        answers={} if anonymous else dict(way.answers),
        started_at=moment,
        saved_at=moment,
        sent_at=moment,
        settled_at=moment if anonymous else None,
    )
    if anonymous and programme is not None:
        Ballot.objects.create(
            version=sheet.version, programme=programme, language=response.language, answers=dict(way.answers)
        )
    return response


def labels_for(definition: Definition, names: Sequence[str]) -> list[str]:
    """Return the questions that fields stand for."""
    known = {field.name: field.label for field in fields_of(definition)}
    return [known.get(name, name) for name in names]
