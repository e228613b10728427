"""What the ledger takes of the answers to a survey: scores, words, feelings, files, and the rest."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from rapport.rooms.listening.definition import (
    Choice,
    ConsentQuestion,
    ConstantSum,
    ContactRequest,
    DateQuestion,
    Definition,
    Emotions,
    FileQuestion,
    Known,
    Matrix,
    MultipleChoice,
    NumberQuestion,
    Question,
    Ranking,
    Scale,
    SingleChoice,
    Text,
    TextQuestion,
    say,
)
from rapport.rooms.listening.definition.evaluating import number_of
from rapport.rooms.listening.definition.questions import Answerable
from rapport.rooms.listening.definition.sentences import labelled
from rapport.rooms.signals.api import NewAnswer, NewComment, NewScore

_NOTHING = Known({})


@dataclass(frozen=True)
class Said:
    """What of a response the ledger takes."""

    scores: tuple[NewScore, ...]
    comments: tuple[NewComment, ...]
    emotions: tuple[str, ...]
    answers: tuple[NewAnswer, ...] = ()
    files: tuple[str, ...] = ()
    wants_contact: bool = False
    consents: bool = False

    @property
    def is_empty(self) -> bool:
        """Say whether there is nothing the ledger could take."""
        return not (self.scores or self.comments or self.emotions or self.answers or self.files)


def said_in(
    definition: Definition, answers: Mapping[str, Any], language: str, metrics: frozenset[str]
) -> Said:
    """Return what the ledger takes of a response; no answer is left out, whichever kind its question is."""
    scores: dict[str, NewScore] = {}
    comments: list[NewComment] = []
    emotions: list[str] = []
    told: list[NewAnswer] = []
    files: list[str] = []
    wants_contact, consents = False, False
    for question in definition.questions():
        answer = answers.get(question.key)
        comments += _words_beside(question, answers, language)
        if answer is None:
            continue
        score = _score(question, answer, metrics)
        scored = score is not None and scores.setdefault(score.metric, score) is score
        match question:
            case TextQuestion():
                comments.append(NewComment(str(answer), language, question_key=question.bank or question.key))
            case Emotions():
                emotions += [key for key in answer if key not in emotions]
            case FileQuestion():
                files.append(str(answer))
            case Scale() if scored:
                pass
            case _:
                told += _told(definition, question, answer)
        wants_contact = wants_contact or (isinstance(question, ContactRequest) and answer is True)
        consents = consents or (isinstance(question, ConsentQuestion) and answer is True)
    return Said(
        tuple(scores.values()),
        tuple(comments),
        tuple(emotions),
        tuple(told),
        tuple(files),
        wants_contact,
        consents,
    )


def _words_beside(question: Question, answers: Mapping[str, Any], language: str) -> list[NewComment]:
    """Return the words written beside 'other'."""
    key = getattr(question, "bank", "") or question.key
    names = [f"{question.key}.{choice.key}" for choice in labelled(question) if choice.open]
    return [NewComment(str(answers[name]), language, question_key=key) for name in names if answers.get(name)]


def _score(question: Question, answer: Any, metrics: frozenset[str]) -> NewScore | None:
    """Return the score of an answer on its scale whose question names a metric of the catalogue."""
    if not isinstance(question, Answerable) or question.metric not in metrics:
        return None
    value = number_of(question, answer)
    if value is None:
        return None
    if isinstance(question, Scale):
        low, high = float(question.low), float(question.high)
        return NewScore(question.metric, value, low, high) if low <= value <= high else None
    values = [choice.value for choice in labelled(question) if choice.value is not None]
    if not values:
        return NewScore(question.metric, value)
    low, high = min(values), max(values)
    return NewScore(question.metric, value, low, high) if low <= value <= high else None


# -- answers that are no score


def _told(definition: Definition, question: Question, answer: Any) -> Iterator[NewAnswer]:
    """Yield what was answered, a row for each thing chosen, in the words of the survey's own language."""

    def words(text: Text) -> str:
        return say(text, _NOTHING, definition.language, definition.language)

    def one(**said: Any) -> NewAnswer:
        return NewAnswer(question.bank or question.key, words(question.text), **said)

    def chosen(key: str, among: tuple[Choice, ...], **said: Any) -> NewAnswer:
        found = next((choice for choice in among if choice.key == key), None)
        return one(**{"choice": key, "told": words(found.text) if found else key, **said})

    listed = _listed(definition, question)
    match question:
        case SingleChoice():
            yield chosen(str(answer), listed)
        case MultipleChoice():
            yield from (chosen(key, listed) for key in answer)
            if not answer:
                yield one()
        case Ranking():
            for place, key in enumerate(answer, 1):
                made = chosen(key, listed)
                yield one(choice=key, told=f"{place}. {made.told}", number=float(place))
        case ConstantSum():
            for key in _in_order(answer, listed):
                made = chosen(key, listed)
                share = float(answer[key])
                yield one(choice=key, told=f"{made.told}: {share:g}", number=share)
        case Matrix():
            rows = {row.key: words(row.text) for row in listed}
            for row in _in_order(answer, listed):
                for key in _several(answer[row]):
                    yield chosen(key, question.columns, row=row, row_words=rows.get(row, row))
        case NumberQuestion() | Scale():
            yield one(told=f"{float(answer):g}", number=float(answer))
        case DateQuestion():
            yield one(told=str(answer), day=_day(answer))
        case ConsentQuestion() | ContactRequest():
            yield one(choice="yes" if answer else "no", told="✓" if answer else "–")


def _listed(definition: Definition, question: Question) -> tuple[Choice, ...]:
    """Return what can be chosen, ranked or shared out, or the rows of a matrix; carried ones come first."""
    matrix = isinstance(question, Matrix)
    carried = getattr(question, "rows_from" if matrix else "choices_from", None)
    source = next((one for one in definition.questions() if carried and one.key == carried.question), None)
    return (*(_listed(definition, source) if source else ()), *labelled(question, row=matrix))


def _in_order(answer: Mapping[str, Any], listed: tuple[Choice, ...]) -> list[str]:
    """Return the keys of an answer in the order of the survey: the database keeps none."""
    places = {choice.key: place for place, choice in enumerate(listed)}
    return sorted(answer, key=lambda key: places.get(key, len(places)))


def _several(answer: Any) -> list[str]:
    return [] if answer is None else [answer] if isinstance(answer, str) else list(answer)


def _day(answer: Any) -> date | None:
    try:
        return date.fromisoformat(str(answer))
    except ValueError:
        return None
