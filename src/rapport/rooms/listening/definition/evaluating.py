"""Whether a condition holds, given what is known at that moment."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from rapport.rooms.listening.definition.answers import Answers, Facts, Value
from rapport.rooms.listening.definition.conditions import All, Any, Condition, Not, Operator, Part, Subject
from rapport.rooms.listening.definition.questions import (
    Choice,
    Matrix,
    MultipleChoice,
    Question,
    Ranking,
    SingleChoice,
)
from rapport.rooms.listening.definition.survey import Calculated, Definition, Split

Held = Value | None
NEGATIVE = frozenset({Operator.UNANSWERED, Operator.IS_NOT, Operator.NONE_OF, Operator.LACKS})


@dataclass(frozen=True)
class Known:
    """What conditions and texts can look at: only answers of questions that are shown are in it."""

    questions: Mapping[str, Question]
    answers: Answers = field(default_factory=dict)
    facts: Facts = field(default_factory=dict)
    calculated: Mapping[str, float] = field(default_factory=dict)
    arms: Mapping[str, str] = field(default_factory=dict)


def holds(condition: Condition | None, known: Known) -> bool:
    """Say whether a condition holds; none at all always does."""
    match condition:
        case None:
            return True
        case All(of=parts):
            return all(holds(part, known) for part in parts)
        case Any(of=parts):
            return any(holds(part, known) for part in parts)
        case Not(of=part):
            return not holds(part, known)
        case Part():
            return _compare(condition, known)


def _compare(part: Part, known: Known) -> bool:
    held = value_of(part.subject, known)
    if is_empty(held):
        return part.operator in NEGATIVE
    match part.operator:
        case Operator.ANSWERED:
            return True
        case Operator.UNANSWERED:
            return False
        case Operator.IS:
            return _is(held, part.value)
        case Operator.IS_NOT:
            return not _is(held, part.value)
        case Operator.ONE_OF | Operator.CONTAINS:
            return _meets(held, part)
        case Operator.NONE_OF | Operator.LACKS:
            return not _meets(held, part)
        case Operator.AT_LEAST | Operator.AT_MOST:
            return _ordered(held, part, known)


def value_of(subject: Subject, known: Known) -> Held:
    """Return what a condition looks at, or None when there is nothing."""
    match subject.kind:
        case "fact":
            return known.facts.get(subject.key)
        case "calculated":
            return known.calculated.get(subject.key)
        case "split":
            return known.arms.get(subject.key)
        case "answer":
            answer = known.answers.get(subject.key)
            return _row(answer, subject.row, known.questions.get(subject.key)) if subject.row else answer


def _row(answer: Held, row: str, question: Question | None) -> Held:
    """Return one row's answer; of a ranking the place, 1 being the best."""
    if isinstance(question, Ranking) and isinstance(answer, list):
        return float(answer.index(row) + 1) if row in answer else None
    return answer.get(row) if isinstance(answer, dict) else None


def is_empty(held: object) -> bool:
    """Say whether there is no answer; `false` and 0 are answers."""
    return held is None or (isinstance(held, str | list | dict | tuple) and not held)


def same(one: object, other: object) -> bool:
    """Compare two single values: numbers as numbers however they are written, words without their case."""
    if isinstance(one, bool) or isinstance(other, bool):
        return _as_bool(one) == _as_bool(other)
    a, b = as_number(one), as_number(other)
    if a is not None and b is not None:
        return a == b
    return str(one).casefold() == str(other).casefold()


def _as_bool(value: object) -> object:
    return {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}.get(
        str(value).casefold(), value
    )


def as_number(value: object) -> float | None:
    """Return a number for a number or its digits, else None."""
    if isinstance(value, int | float):
        return float(value)
    try:
        return float(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _is(held: Held, value: object) -> bool:
    if isinstance(held, list | dict):
        wanted = value if isinstance(value, tuple) else (value,)
        return {str(item) for item in held} == {str(item) for item in wanted}
    if isinstance(value, tuple):
        return len(value) == 1 and same(held, value[0])
    return same(held, value)


def _meets(held: Held, part: Part) -> bool:
    """Say whether any of the wanted values is (among) what is held; CONTAINS looks inside words, too."""
    wanted = part.value if isinstance(part.value, tuple) else (part.value,)
    items: list[object] = list(held) if isinstance(held, list | dict) else [held]
    if any(same(item, value) for item in items for value in wanted):
        return True
    looks_inside = part.operator in {Operator.CONTAINS, Operator.LACKS} and isinstance(held, str)
    return looks_inside and any(str(value).casefold() in str(held).casefold() for value in wanted)


def _ordered(held: Held, part: Part, known: Known) -> bool:
    """Compare sizes: numbers, the number a choice stands for, how many were chosen, or days as written."""
    limit = part.value
    question = known.questions.get(part.subject.key) if part.subject.kind == "answer" else None
    number = float(len(held)) if isinstance(held, list | dict) else as_number(held)
    if number is None and isinstance(held, str):
        number = number_of_choice(question, held)
    bound = as_number(limit)
    if number is not None and bound is not None:
        return number >= bound if part.operator is Operator.AT_LEAST else number <= bound
    if isinstance(held, str) and isinstance(limit, str):
        return held >= limit if part.operator is Operator.AT_LEAST else held <= limit
    return False


# -- numbers


def _choices(question: Question | None) -> tuple[Choice, ...]:
    match question:
        case SingleChoice() | MultipleChoice() | Ranking():
            return question.choices
        case Matrix():
            return question.columns
    return ()


def number_of_choice(question: Question | None, key: str) -> float | None:
    """Return the number a choice stands for."""
    return next((choice.value for choice in _choices(question) if choice.key == key), None)


def number_of(question: Question | None, answer: Held) -> float | None:
    """Return the number of an answer: as given, of the choice, the sum of choices, the mean of rows."""
    if is_empty(answer):
        return None
    if isinstance(answer, int | float):
        return float(answer)
    if isinstance(answer, str):
        known = number_of_choice(question, answer)
        return known if known is not None or _choices(question) else as_number(answer)
    if isinstance(answer, list):
        return _total([number_of_choice(question, key) for key in answer])
    if isinstance(answer, dict):
        numbers = [number_of(question, value) for value in answer.values()]
        counted = [number for number in numbers if number is not None]
        return sum(counted) / len(counted) if counted else None
    return None


def _total(numbers: list[float | None]) -> float | None:
    counted = [number for number in numbers if number is not None]
    return sum(counted) if counted else None


def calculate(rule: Calculated, questions: Mapping[str, Question], answers: Answers) -> float | None:
    """Return a calculated value from the answers given so far."""
    given = [key for key in rule.of if not is_empty(answers.get(key))]
    if rule.how == "count":
        return float(len(given)) if given else rule.otherwise or 0.0
    numbers = [n for key in given if (n := number_of(questions.get(key), answers[key])) is not None]
    if not numbers:
        return rule.otherwise
    match rule.how:
        case "sum":
            return sum(numbers)
        case "mean":
            return sum(numbers) / len(numbers)
        case "lowest":
            return min(numbers)
        case "highest":
            return max(numbers)


def calculate_all(
    definition: Definition, questions: Mapping[str, Question], answers: Answers
) -> dict[str, float]:
    """Return every calculated value there is so far."""
    found = ((rule.key, calculate(rule, questions, answers)) for rule in definition.calculated)
    return {key: value for key, value in found if value is not None}


# -- chance


def arm_of(split: Split, seed: str) -> str:
    """Return the arm a respondent is in: the same for the same seed, in proportion to the shares."""
    total = sum(max(0.0, arm.share) for arm in split.arms)
    if not split.arms or total <= 0:
        return split.arms[0].key if split.arms else ""
    digest = hashlib.sha256(f"{seed}\0{split.key}".encode()).digest()
    point = int.from_bytes(digest[:7], "big") / 2**56 * total
    for arm in split.arms:
        point -= max(0.0, arm.share)
        if point < 0:
            return arm.key
    return split.arms[-1].key


def arms_of(definition: Definition, seed: str) -> dict[str, str]:
    """Return the arm of every split."""
    return {split.key: arm_of(split, seed) for split in definition.splits}
