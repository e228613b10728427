"""Expressions of LimeSurvey and SurveyJS: read by a small grammar, never run."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from rapport.connectors.surveys.comparing import Untranslatable, all_of, any_of, compare
from rapport.connectors.surveys.slots import Slot
from rapport.rooms.listening.definition import All, Condition, Not, Operator, Part

MOST_DEPTH = 40
MOST_SIGNS = 20_000
Named = Callable[[str], Slot | None]
"""Finds the slot a name in an expression stands for."""

_SIGN = re.compile(
    r"""\s*(?:
      (?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    | (?P<braced>\{[^{}]+\})
    | (?P<operator>&&|\|\||<=|>=|<>|==|!=|[<>=!()\[\],*+/%^-])
    | (?P<name>[A-Za-z0-9_][A-Za-z0-9_.:\#]*)
    )""",
    re.VERBOSE,
)
_NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?$")
_WORDS = {
    "and": "&&",
    "or": "||",
    "not": "!",
    "eq": "==",
    "ne": "!=",
    "lt": "<",
    "le": "<=",
    "gt": ">",
    "ge": ">=",
    "equal": "==",
    "notequal": "!=",
    "less": "<",
    "greater": ">",
    "lessorequal": "<=",
    "greaterorequal": ">=",
    "negate": "!",
    "=": "==",
    "<>": "!=",
    "*=": "contains",
}
_AFTER = {
    "empty": "empty",
    "notempty": "filled",
    "contains": "contains",
    "contain": "contains",
    "notcontains": "lacks",
    "notcontain": "lacks",
}
_TURNED = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}
_COMPARING = ("==", "!=", "<", "<=", ">", ">=", "contains")


@dataclass(frozen=True)
class _Sign:
    kind: str
    value: str


@dataclass(frozen=True)
class _Value:
    """An operand: a name, or something written out."""

    slot: Slot | None = None
    value: str | float | bool | None = None


def read_expression(text: str, named: Named) -> Condition:
    """Return our condition for an expression; raise Untranslatable saying what cannot be said."""
    if len(text) > MOST_SIGNS:
        raise Untranslatable("it is longer than any condition people write")
    reader = _Reader(list(_signs(text)), named)
    condition = reader.disjunction(0)
    if not reader.done:
        raise Untranslatable(f"it goes on with {reader.now.value!r}")
    return condition


def _signs(text: str) -> Iterator[_Sign]:
    at, end = 0, len(text.rstrip())
    while at < end:
        found = _SIGN.match(text, at)
        if found is None:
            raise Untranslatable(f"it has a sign we do not read: {text[at : at + 10].strip()!r}")
        at = found.end()
        kind = found.lastgroup or ""
        value = found[kind]
        word = value.lower()
        if kind in ("name", "operator") and word in _WORDS:
            yield _Sign("operator", _WORDS[word])
        else:
            yield _Sign(kind, value)


class _Reader:
    """Reads signs from left to right: or, and, not, comparison."""

    def __init__(self, signs: list[_Sign], named: Named) -> None:
        self._signs = signs
        self._named = named
        self._at = 0

    @property
    def done(self) -> bool:
        return self._at >= len(self._signs)

    @property
    def now(self) -> _Sign:
        return _Sign("end", "") if self.done else self._signs[self._at]

    def _take(self, *values: str) -> bool:
        if self.now.kind in ("operator", "name") and self.now.value in values:
            self._at += 1
            return True
        return False

    def _need(self, value: str) -> None:
        if not self._take(value):
            raise Untranslatable(f"a {value!r} is missing")

    def disjunction(self, depth: int) -> Condition:
        if depth > MOST_DEPTH:
            raise Untranslatable("it is nested too deeply")
        found = [self._conjunction(depth)]
        while self._take("||"):
            found.append(self._conjunction(depth))
        return any_of(found)

    def _conjunction(self, depth: int) -> Condition:
        found = [self._negation(depth)]
        while self._take("&&"):
            found.append(self._negation(depth))
        return all_of(found)

    def _negation(self, depth: int) -> Condition:
        turns = 0
        while self._take("!"):
            turns += 1
        inner = self._single(depth)
        return _opposite(inner) if turns % 2 else inner

    def _single(self, depth: int) -> Condition:
        if self._take("("):
            inner = self.disjunction(depth + 1)
            self._need(")")
            return inner
        if self.now.kind == "name" and self._peek("("):
            return self._call()
        if self.now.kind == "name" and self.now.value == "1" and self._at + 1 >= len(self._signs):
            self._at += 1
            return All(of=())
        return self._comparison()

    def _peek(self, value: str) -> bool:
        following = self._signs[self._at + 1] if self._at + 1 < len(self._signs) else _Sign("end", "")
        return following.kind == "operator" and following.value == value

    def _call(self) -> Condition:
        """Read the few functions that say no more than whether something was answered."""
        function = self.now.value.lower()
        self._at += 2
        operand = self._operand()
        if operand.slot is None or not self._take(")"):
            raise Untranslatable(f"it uses the function {function}() on more than one question")
        if function in ("is_empty", "isempty"):
            return compare(operand.slot, "empty")
        if function == "count" and self.now.value in (">", ">=", "==", "<"):
            return self._counted(operand.slot)
        if function == "count":
            return compare(operand.slot, "filled")
        raise Untranslatable(f"it uses the function {function}()")

    def _counted(self, slot: Slot) -> Condition:
        sign, self._at = self.now.value, self._at + 1
        number = self._operand().value
        if (sign, number) in ((">", 0.0), (">=", 1.0)):
            return compare(slot, "filled")
        if (sign, number) in (("==", 0.0), ("<", 1.0)):
            return compare(slot, "empty")
        raise Untranslatable("it counts answers")

    def _comparison(self) -> Condition:
        left = self._operand()
        if self.now.kind == "name" and self.now.value.lower() in _AFTER:
            return self._worded(left)
        if self.now.kind == "name" and self.now.value.lower() == "anyof":
            return self._any_of(left)
        if self.now.kind != "operator" or self.now.value not in _COMPARING:
            raise Untranslatable("it uses a question as if it were true or false, or reckons with it")
        sign, self._at = self.now.value, self._at + 1
        right = self._operand()
        if left.slot is not None and right.slot is not None:
            raise Untranslatable("it compares one question with another")
        if left.slot is not None:
            return compare(left.slot, sign, right.value)
        if right.slot is not None:
            return compare(right.slot, _TURNED.get(sign, sign), left.value)
        raise Untranslatable("it compares nothing that was asked")

    def _worded(self, left: _Value) -> Condition:
        if left.slot is None:
            raise Untranslatable("it compares nothing that was asked")
        sign, self._at = _AFTER[self.now.value.lower()], self._at + 1
        if sign in ("empty", "filled"):
            return compare(left.slot, sign)
        values = self._list() if self.now.value == "[" else [self._operand()]
        return all_of([compare(left.slot, sign, value.value) for value in values])

    def _any_of(self, left: _Value) -> Condition:
        self._at += 1
        if left.slot is None or self.now.value != "[":
            raise Untranslatable("it compares nothing that was asked")
        if left.slot.kind == "code":
            parts = [compare(left.slot, "==", value.value) for value in self._list()]
            keys = tuple(str(part.value) for part in parts if isinstance(part, Part))
            subject = next(part.subject for part in parts if isinstance(part, Part))
            return Part(subject=subject, operator=Operator.ONE_OF, value=keys)
        sign = "contains" if left.slot.kind == "codes" else "=="
        return any_of([compare(left.slot, sign, value.value) for value in self._list()])

    def _list(self) -> list[_Value]:
        self._need("[")
        values = [self._operand()]
        while self._take(","):
            values.append(self._operand())
        self._need("]")
        return values

    def _operand(self) -> _Value:
        sign, self._at = self.now, self._at + 1
        if sign.kind == "text":
            return _Value(value=re.sub(r"\\(.)", r"\1", sign.value[1:-1]))
        if sign.kind == "braced":
            return self._slot(sign.value[1:-1].strip())
        if sign.kind == "operator" and sign.value == "-" and _NUMBER.match(self.now.value):
            self._at += 1
            return _Value(value=-float(self._signs[self._at - 1].value))
        if sign.kind != "name":
            raise Untranslatable(
                f"a question or value is missing before {sign.value!r}" if sign.value else "it ends too early"
            )
        if _NUMBER.match(sign.value):
            return _Value(value=float(sign.value))
        if sign.value.lower() in ("true", "false"):
            return _Value(value=sign.value.lower() == "true")
        return self._slot(sign.value)

    def _slot(self, name: str) -> _Value:
        slot = self._named(name)
        if slot is None:
            raise Untranslatable(f"it looks at {name[:60]!r}, which is no question taken over")
        return _Value(slot=slot)


def _opposite(condition: Condition) -> Condition:
    if isinstance(condition, Part):
        turned = {
            Operator.ANSWERED: Operator.UNANSWERED,
            Operator.UNANSWERED: Operator.ANSWERED,
            Operator.ONE_OF: Operator.NONE_OF,
        }
        if condition.operator in turned:
            return condition.model_copy(update={"operator": turned[condition.operator]})
    return Not(of=condition)
