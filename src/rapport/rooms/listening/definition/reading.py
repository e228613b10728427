"""Reading one page's posted form into answers, with a problem for each question not answered well."""

import datetime
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import regex

from rapport.rooms.listening.definition.answers import Answers, Value
from rapport.rooms.listening.definition.evaluating import is_empty
from rapport.rooms.listening.definition.messages import tell
from rapport.rooms.listening.definition.patterns import is_too_big
from rapport.rooms.listening.definition.questions import (
    Answerable,
    ConsentQuestion,
    ConstantSum,
    ContactRequest,
    DateQuestion,
    Emotions,
    FileQuestion,
    Matrix,
    MultipleChoice,
    NumberQuestion,
    Ranking,
    Scale,
    SingleChoice,
    TextQuestion,
)
from rapport.rooms.listening.definition.texts import words
from rapport.rooms.listening.definition.walking import UNKNOWN, Shown, Step, Way, still_fits, unknown_name

Form = Mapping[str, Sequence[str]]
"""What was posted: field name to its values. A question's field has its key for a name; parts of a question
(rows of a matrix, places of a ranking, shares, words beside a choice) have `question.part`."""

MOST_OTHER = 500
_NUMBER = regex.compile(r"[+-]?(\d{1,15}(\.\d{0,15})?|\.\d{1,15})")
PATTERN_SECONDS = 0.05


@dataclass(frozen=True)
class Upload:
    """A posted file that was kept already, or refused."""

    id: str = ""
    too_big: bool = False
    wrong_kind: bool = False


@dataclass(frozen=True)
class Misfit:
    """Why an answer does not fit: the name of a message and what it mentions."""

    code: str
    values: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class ReadPage:
    """A posted page: what to keep, and what to say beside which question."""

    answers: dict[str, Value | None]
    """Every name the page could have set; None where nothing readable was given.

    What was read is kept even with a problem: nothing typed is lost, and it is checked before sending.
    """
    problems: dict[str, str]
    """The message by question key, in the order of the page."""
    given: dict[str, Sequence[str]]
    """What was typed, to show it again beside its problem."""


def read_page(
    step: Step,
    form: Form,
    *,
    language: str,
    default: str,
    uploads: Mapping[str, Upload] | None = None,
    kept: Answers | None = None,
) -> ReadPage:
    """Read what was posted for the questions of a step; everything else in the form is passed over.

    `kept` holds earlier answers: a file uploaded before stays when none is posted now.
    """
    answers: dict[str, Value | None] = {}
    problems: dict[str, str] = {}
    for shown in step.questions:
        question = shown.question
        if not isinstance(question, Answerable):
            continue
        read, misfit = _read(shown, form, (uploads or {}).get(shown.key), kept or {})
        answers.update(dict.fromkeys(names_of(shown)))
        answers.update(read)
        if misfit is None:
            misfit = misfit_of(shown, {key: value for key, value in read.items() if value is not None})
        if misfit:
            problems[shown.key] = message_for(question, misfit, language, default)
    return ReadPage(answers, problems, {name: list(values) for name, values in form.items()})


def names_of(shown: Shown) -> list[str]:
    """Return every name under which the question's answer is kept."""
    beside = [f"{shown.key}.{choice.key}" for choice in shown.choices if choice.open]
    return [shown.key, *beside, *([unknown_name(shown.key)] if isinstance(shown.question, Scale) else [])]


def message_for(question: Answerable, misfit: Misfit, language: str, default: str) -> str:
    """Return the author's own words for an answer that does not fit, else ours."""
    own = words(question.message, language, default)
    return own or tell(misfit.code, language, **misfit.values)


def missing_on(step: Step, way: Way, language: str, default: str) -> dict[str, str]:
    """Return what is wrong with the stored answers of a step: the message by question key."""
    problems = {}
    for shown in step.questions:
        if isinstance(shown.question, Answerable) and (misfit := misfit_of(shown, way.answers)):
            problems[shown.key] = message_for(shown.question, misfit, language, default)
    return problems


def first_incomplete(way: Way) -> Step | None:
    """Return the first step whose answers do not do yet; None when the survey can be sent."""
    for step in way.steps:
        if any(_misfit(shown, way.answers.get(shown.key), way.answers) for shown in step.questions):
            return step
    return None


def as_form(shown: Shown, answers: Answers) -> dict[str, list[str]]:
    """Return a kept answer as the form that would give it: what `read_page` reads, written back."""
    key, answer = shown.key, answers.get(shown.key)
    form: dict[str, list[str]] = {
        name: [str(answers[name])]
        for choice in shown.choices
        if choice.open and (name := f"{key}.{choice.key}") in answers
    }
    match shown.question:
        case Scale() if answers.get(unknown_name(key)):
            form[key] = [UNKNOWN]
        case ConsentQuestion() | ContactRequest():
            form[key] = ["yes"] if answer is True else []
        case Ranking() if isinstance(answer, list):
            form.update({f"{key}.{chosen}": [str(place)] for place, chosen in enumerate(answer, 1)})
        case ConstantSum() | Matrix() if isinstance(answer, dict):
            form.update({f"{key}.{part}": _written(value) for part, value in answer.items()})
        case FileQuestion() | Matrix() | ConstantSum() | Ranking():
            pass
        case _ if answer is not None:
            form[key] = _written(answer)
    return form


def _written(value: object) -> list[str]:
    if isinstance(value, list):
        return [str(item) for item in value]
    if isinstance(value, float):
        return [str(int(value)) if value.is_integer() else repr(value)]
    return [str(value)]


# -- from the form


def _read(
    shown: Shown, form: Form, upload: Upload | None, kept: Answers
) -> tuple[dict[str, Value | None], Misfit | None]:
    key = shown.key
    match shown.question:
        case FileQuestion():
            return _read_file(shown, upload, kept, form)
        case ConsentQuestion() | ContactRequest():
            # An unticked box sends nothing: that is a no, once the page was sent.
            return {key: bool(_one(form, key))}, None
        case SingleChoice():
            value: Value | None = _one(form, key) or None
        case MultipleChoice() | Emotions():
            posted = set(form.get(key, ()))
            value = [choice.key for choice in shown.choices if choice.key in posted]
        case Ranking():
            return _read_ranking(shown, form)
        case ConstantSum():
            return _read_shares(shown, form)
        case Matrix(multiple=multiple):
            value = _read_rows(shown, form, multiple)
        case Scale() | NumberQuestion():
            return _read_number(key, _one(form, key))
        case _:
            value = _one(form, key).replace("\0", "").replace("\r\n", "\n").strip() or None
    read: dict[str, Value | None] = {key: None if is_empty(value) else value}
    read.update(_words_beside(shown, value, form))
    return read, None


def _one(form: Form, name: str) -> str:
    values = form.get(name, ())
    return values[-1].strip() if values else ""


def _words_beside(shown: Shown, value: Value | None, form: Form) -> dict[str, Value | None]:
    chosen = {value} if isinstance(value, str) else set(value) if isinstance(value, list) else set()
    return {
        (name := f"{shown.key}.{choice.key}"): _one(form, name).replace("\0", "")[:MOST_OTHER] or None
        for choice in shown.choices
        if choice.open and choice.key in chosen
    }


def _read_file(
    shown: Shown, upload: Upload | None, kept: Answers, form: Form
) -> tuple[dict[str, Value | None], Misfit | None]:
    question = shown.question
    assert isinstance(question, FileQuestion)
    if upload and upload.too_big:
        return {}, Misfit("file_too_big", {"most": question.most_megabytes})
    if upload and upload.wrong_kind:
        return {}, Misfit("file_kind", {"kinds": ", ".join(kind.split("/")[-1] for kind in question.kinds)})
    if upload and upload.id:
        return {shown.key: upload.id}, None
    removed = bool(_one(form, f"{shown.key}.remove"))
    return {shown.key: None if removed else kept.get(shown.key)}, None


def _read_number(key: str, typed: str) -> tuple[dict[str, Value | None], Misfit | None]:
    if not typed:
        return {key: None}, None
    if typed == UNKNOWN:
        return {key: None, unknown_name(key): True}, None
    number = parse_number(typed)
    return ({key: None}, Misfit("number")) if number is None else ({key: number}, None)


def parse_number(typed: str) -> float | None:
    """Read a number as people write it: point or comma, thousands marks, the digits of any script."""
    if typed.isascii() and typed.isdecimal() and len(typed) <= 15:
        return float(typed)
    plain = "".join(str(_digit(sign)) for sign in typed if not sign.isspace() and sign not in "'’٬")
    plain = plain.replace("−", "-").replace("٫", ".")
    if "," in plain and "." in plain:
        decimal = max(plain.rindex(","), plain.rindex("."))
        plain = plain[:decimal].replace(",", "").replace(".", "") + "." + plain[decimal + 1 :]
    else:
        plain = plain.replace(",", ".")
    if not _NUMBER.fullmatch(plain):
        return None
    return float(plain)


def _digit(sign: str) -> object:
    return int(sign) if sign.isdecimal() else sign


def _read_ranking(shown: Shown, form: Form) -> tuple[dict[str, Value | None], Misfit | None]:
    places: dict[str, list[str]] = {}
    for choice in shown.choices:
        if place := _one(form, f"{shown.key}.{choice.key}"):
            places.setdefault(place, []).append(choice.key)
    if any(not place.isdecimal() or not 1 <= int(place) <= len(shown.choices) for place in places):
        return {shown.key: None}, Misfit("ranking_place")
    if any(len(keys) > 1 for keys in places.values()):
        return {shown.key: None}, Misfit("ranking_twice")
    ranked = [places[place][0] for place in sorted(places, key=int)]
    if sorted(map(int, places)) != list(range(1, len(places) + 1)):
        return {shown.key: None}, Misfit("ranking_gap")
    return {shown.key: ranked or None}, None


def _read_shares(shown: Shown, form: Form) -> tuple[dict[str, Value | None], Misfit | None]:
    shares: dict[str, float] = {}
    for choice in shown.choices:
        if typed := _one(form, f"{shown.key}.{choice.key}"):
            number = parse_number(typed)
            if number is None or number < 0:
                return {shown.key: None}, Misfit("number")
            shares[choice.key] = number
    return {shown.key: shares or None}, None


def _read_rows(shown: Shown, form: Form, multiple: bool) -> Value | None:
    offered = [choice.key for choice in shown.choices]
    if multiple:
        several = {
            row.key: [key for key in offered if key in form.get(f"{shown.key}.{row.key}", ())]
            for row in shown.rows
        }
        return {row: keys for row, keys in several.items() if keys} or None
    single = {row.key: _one(form, f"{shown.key}.{row.key}") for row in shown.rows}
    return {row: key for row, key in single.items() if key in offered} or None


# -- does it fit


def misfit_of(shown: Shown, answers: Answers) -> Misfit | None:
    """Return why an answer cannot stand, or None when it can."""
    return _misfit(shown, still_fits(shown, answers).get(shown.key), answers)


def _misfit(shown: Shown, answer: Value | None, answers: Answers) -> Misfit | None:
    """Return why an answer, without what is not offered any more, cannot stand."""
    question = shown.question
    if not isinstance(question, Answerable):
        return None
    raw = answers.get(shown.key)
    if is_empty(answer):
        if not is_empty(raw):
            return Misfit("choice" if shown.choices else "number_range", _bounds(question))
        said_unknown = isinstance(question, Scale) and bool(answers.get(unknown_name(shown.key)))
        return Misfit("required") if question.required and not said_unknown else None
    check = _CHECKS.get(type(question))
    return check(shown, answer, answers) if check and answer is not None else None


def _bounds(question: Answerable) -> dict[str, object]:
    match question:
        case Scale(low=low, high=high) | NumberQuestion(low=low, high=high):
            return {"low": _show(low), "high": _show(high)}
    return {}


def _show(bound: float | None) -> str:
    return "" if bound is None else f"{bound:g}"


def _check_number(shown: Shown, answer: Value, answers: Answers) -> Misfit | None:
    question = shown.question
    assert isinstance(question, NumberQuestion)
    if isinstance(answer, bool) or not isinstance(answer, int | float) or not math.isfinite(answer):
        return Misfit("number")
    if question.low is not None and question.high is not None:
        return None if question.low <= answer <= question.high else Misfit("number_range", _bounds(question))
    if question.low is not None and answer < question.low:
        return Misfit("number_low", _bounds(question))
    if question.high is not None and answer > question.high:
        return Misfit("number_high", _bounds(question))
    return _check_decimals(question, answer)


def _check_decimals(question: NumberQuestion, answer: float) -> Misfit | None:
    if abs(answer - round(answer, question.decimals)) > 1e-9 * max(1.0, abs(answer)):
        code = "number_whole" if question.decimals == 0 else "number_decimals"
        return Misfit(code, {"decimals": question.decimals})
    return None


def _check_scale(shown: Shown, answer: Value, answers: Answers) -> Misfit | None:
    return None if isinstance(answer, int | float) and float(answer).is_integer() else Misfit("choice")


def _check_choices(shown: Shown, answer: Value, answers: Answers) -> Misfit | None:
    question = shown.question
    assert isinstance(question, MultipleChoice)
    assert isinstance(answer, list)
    exclusive = [key for key in answer if (choice := shown.choice(key)) and choice.exclusive]
    if exclusive and len(answer) > 1:
        return Misfit("exclusive")
    # Fewer may be offered than the author asks for.
    fewest = min(question.fewest or 0, sum(1 for choice in shown.choices if not choice.exclusive))
    if not exclusive and len(answer) < fewest:
        return Misfit("choices_few", {"fewest": fewest})
    if question.most is not None and len(answer) > max(1, question.most):
        return Misfit("choices_many", {"most": question.most})
    return None


def _check_emotions(shown: Shown, answer: Value, answers: Answers) -> Misfit | None:
    question = shown.question
    assert isinstance(question, Emotions)
    assert isinstance(answer, list)
    if question.most is not None and len(answer) > max(1, question.most):
        return Misfit("choices_many", {"most": question.most})
    return None


def places_of(shown: Shown) -> int:
    """Return how many places a ranking asks for."""
    question = shown.question
    most = question.most if isinstance(question, Ranking) and question.most else len(shown.choices)
    return max(1, min(most, len(shown.choices)))


def _check_ranking(shown: Shown, answer: Value, answers: Answers) -> Misfit | None:
    assert isinstance(answer, list)
    wanted = places_of(shown)
    if len(answer) > wanted:
        return Misfit("ranking_many", {"most": wanted})
    return Misfit("ranking_few", {"fewest": wanted}) if len(answer) < wanted else None


def _check_shares(shown: Shown, answer: Value, answers: Answers) -> Misfit | None:
    question = shown.question
    assert isinstance(question, ConstantSum)
    assert isinstance(answer, dict)
    given = sum(value for value in answer.values() if isinstance(value, int | float))
    if abs(given - question.total) > 1e-6 * max(1.0, abs(question.total)):
        return Misfit("sum", {"total": f"{question.total:g}", "given": f"{given:g}"})
    return None


def _check_matrix(shown: Shown, answer: Value, answers: Answers) -> Misfit | None:
    question = shown.question
    assert isinstance(question, Matrix)
    assert isinstance(answer, dict)
    missing = [row for row in shown.rows if is_empty(answer.get(row.key))]
    return Misfit("matrix_rows", {"count": len(missing)}) if question.required and missing else None


def _check_date(shown: Shown, answer: Value, answers: Answers) -> Misfit | None:
    question = shown.question
    assert isinstance(question, DateQuestion)
    try:
        day = datetime.date.fromisoformat(str(answer))
    except ValueError:
        return Misfit("date")
    if question.earliest and day.isoformat() < question.earliest:
        return Misfit("date_early", {"earliest": question.earliest})
    if question.latest and day.isoformat() > question.latest:
        return Misfit("date_late", {"latest": question.latest})
    return None


def _check_text(shown: Shown, answer: Value, answers: Answers) -> Misfit | None:
    question = shown.question
    assert isinstance(question, TextQuestion)
    if len(str(answer)) > question.most:
        return Misfit("text_long", {"most": question.most, "given": len(str(answer))})
    return (
        None if not question.pattern or fits_pattern(question.pattern, str(answer)) else Misfit("text_form")
    )


def fits_pattern(pattern: str, text: str) -> bool:
    """Say whether the whole text fits; a pattern that cannot be used or takes too long holds nobody up."""
    if is_too_big(pattern):
        return True
    try:
        return regex.fullmatch(pattern, text, timeout=PATTERN_SECONDS) is not None
    except (regex.error, TimeoutError, RecursionError):
        return True


def _check_consent(shown: Shown, answer: Value, answers: Answers) -> Misfit | None:
    question = shown.question
    required = isinstance(question, ConsentQuestion) and question.required
    return Misfit("consent") if required and answer is not True else None


_CHECKS: dict[type, Callable[[Shown, Value, Answers], Misfit | None]] = {
    NumberQuestion: _check_number,
    Scale: _check_scale,
    MultipleChoice: _check_choices,
    Emotions: _check_emotions,
    Ranking: _check_ranking,
    ConstantSum: _check_shares,
    Matrix: _check_matrix,
    DateQuestion: _check_date,
    TextQuestion: _check_text,
    ConsentQuestion: _check_consent,
}
