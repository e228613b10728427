"""Comparisons of rivals, held against a question of theirs, become parts of our conditions."""

from rapport.connectors.surveys.slots import Slot
from rapport.rooms.listening.definition import All, Any, Condition, Not, Operator, Part, Subject

NEVER_ANSWERED = ("", None)


class Untranslatable(Exception):
    """A condition cannot be said in our words; the message says which part of it."""


def compare(slot: Slot, sign: str, value: str | float | bool | None = None) -> Condition:
    """Return our condition for a comparison; `sign` is one of `== != < <= > >= empty filled contains lacks`.

    Raises Untranslatable when the question cannot be compared so.
    """
    if sign in ("==", "!=") and value in NEVER_ANSWERED and not isinstance(value, bool | float):
        sign = "empty" if sign == "==" else "filled"
    if slot.kind == "mark":
        return _mark(slot, sign, value)
    if sign in ("empty", "filled"):
        return Part(
            subject=_subject(slot), operator=Operator.UNANSWERED if sign == "empty" else Operator.ANSWERED
        )
    if slot.kind == "flag":
        return _mark(slot, sign, value)
    if slot.kind in ("code", "codes"):
        return _code(slot, sign, value)
    if slot.kind in ("number", "share"):
        return _number(slot, sign, value)
    return _text(slot, sign, value)


def _subject(slot: Slot) -> Subject:
    if slot.kind == "words":
        raise Untranslatable("it looks at the words beside a choice")
    if slot.kind in ("place", "position"):
        raise Untranslatable("it looks at a place of a ranking")
    return Subject(
        kind="answer", key=slot.question, row=slot.row or (slot.choice if slot.kind == "share" else "")
    )


def _mark(slot: Slot, sign: str, value: object) -> Condition:
    if sign in ("empty", "lacks"):
        chosen = False
    elif sign in ("filled", "contains"):
        chosen = True
    elif sign in ("==", "!="):
        chosen = (str(value).strip().lower() in ("y", "1", "1.0", "true", "yes")) == (sign == "==")
    else:
        raise Untranslatable("it orders what can only be chosen or not")
    subject = Subject(kind="answer", key=slot.question, row=slot.row)
    if slot.kind == "flag":
        return Part(subject=subject, operator=Operator.IS if chosen else Operator.IS_NOT, value=True)
    return Part(subject=subject, operator=Operator.CONTAINS if chosen else Operator.LACKS, value=slot.choice)


def _code(slot: Slot, sign: str, value: object) -> Condition:
    subject = _subject(slot)
    if sign in ("<", "<=", ">", ">="):
        return Part(subject=subject, operator=Operator.ONE_OF, value=_ordered(slot, sign, value))
    key = slot.codes.get(code_of(value))
    if key is None:
        raise Untranslatable(f"it compares with {str(value)[:60]!r}, which is no choice of that question")
    if slot.kind == "codes":
        if sign in ("contains", "lacks"):
            return Part(
                subject=subject,
                operator=Operator.CONTAINS if sign == "contains" else Operator.LACKS,
                value=key,
            )
        raise Untranslatable("it compares a whole list of choices")
    positive = sign in ("==", "contains")
    return Part(subject=subject, operator=Operator.IS if positive else Operator.IS_NOT, value=key)


def _ordered(slot: Slot, sign: str, value: object) -> tuple[str, ...]:
    """Return the choices whose code lies on the asked side of a number."""
    limit, found = number_of(value), list[str]()
    for code, key in slot.codes.items():
        try:
            number = float(code)
        except ValueError:
            continue
        holds = {"<": number < limit, "<=": number <= limit, ">": number > limit, ">=": number >= limit}[sign]
        if holds and key not in found:
            found.append(key)
    if not found:
        raise Untranslatable("it orders choices that have no numbers")
    return tuple(found)


def _number(slot: Slot, sign: str, value: object) -> Condition:
    subject, limit = _subject(slot), number_of(value)
    if sign in ("==", "!="):
        return Part(subject=subject, operator=Operator.IS if sign == "==" else Operator.IS_NOT, value=limit)
    if sign in (">=", "<="):
        return Part(
            subject=subject, operator=Operator.AT_LEAST if sign == ">=" else Operator.AT_MOST, value=limit
        )
    if sign not in ("<", ">"):
        raise Untranslatable("it looks for words in a number")
    # Strictly more is answered and not at most: our operators include the limit.
    other = Operator.AT_MOST if sign == ">" else Operator.AT_LEAST
    return All(
        of=(
            Part(subject=subject, operator=Operator.ANSWERED),
            Not(of=Part(subject=subject, operator=other, value=limit)),
        )
    )


def _text(slot: Slot, sign: str, value: object) -> Condition:
    operators = {
        "==": Operator.IS,
        "!=": Operator.IS_NOT,
        "contains": Operator.CONTAINS,
        "lacks": Operator.LACKS,
    }
    if sign not in operators:
        raise Untranslatable("it orders words or days")
    return Part(subject=_subject(slot), operator=operators[sign], value=str(value))


def code_of(value: object) -> str:
    """Return a code as files write it: `1` for 1.0."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def number_of(value: object) -> float:
    """Return a number, or raise Untranslatable."""
    try:
        return float(str(value))
    except ValueError as error:
        raise Untranslatable(f"it compares with {str(value)[:60]!r}, which is no number") from error


def any_of(conditions: list[Condition]) -> Condition:
    """Join conditions of which one is enough."""
    return conditions[0] if len(conditions) == 1 else Any(of=tuple(conditions))


def all_of(conditions: list[Condition]) -> Condition:
    """Join conditions that must all hold."""
    return conditions[0] if len(conditions) == 1 else All(of=tuple(conditions))
