"""Triple-S files (.sss), versions 1.1 to 3.0: variables become questions, the data are described."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from rapport.connectors.surveys.comparing import Untranslatable, compare
from rapport.connectors.surveys.drafting import Draft, Imported, Rule, choices_of, question_of
from rapport.connectors.surveys.keys import Keys
from rapport.connectors.surveys.languages import language_of
from rapport.connectors.surveys.opening import SurveyRefused
from rapport.connectors.surveys.slots import Slot
from rapport.connectors.surveys.words import stripped
from rapport.rooms.listening.definition import (
    Choice,
    Condition,
    DateQuestion,
    MultipleChoice,
    NumberQuestion,
    SingleChoice,
    TextQuestion,
)

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

KINDS = ("single", "multiple", "quantity", "character", "logical", "date", "time")


@dataclass(frozen=True)
class Variable:
    """One variable: what it is and where its value stands in the data."""

    ident: str
    name: str
    kind: str
    label: dict[str, str]
    values: list[tuple[str, dict[str, str]]]
    start: int
    finish: int
    subfields: int = 0
    width: int = 0
    low: float | None = None
    high: float | None = None
    decimals: int = 0
    size: int = 0
    filter: str = ""
    use: str = ""


@dataclass(frozen=True)
class Layout:
    """A whole file: its survey, its variables, and how its data are written."""

    title: dict[str, str]
    language: str
    languages: list[str]
    variables: list[Variable]
    format: str = "fixed"
    skip: int = 0
    ignored: list[str] = field(default_factory=list)


def is_triple_s(root: "Element[str]") -> bool:
    """Say whether parsed XML is a Triple-S file."""
    return root.tag == "sss"


def read_layout(root: "Element[str]") -> Layout:
    """Return what the file says; raise SurveyRefused when it is no survey."""
    survey, record = root.find("survey"), root.find("survey/record")
    if survey is None or record is None:
        raise SurveyRefused("The Triple-S file has no survey with a record.")
    languages = [language_of(code) for code in (root.get("languages") or "").split()]
    language = languages[0] if languages else "en"
    title = survey.find("title")
    named = _texts(title, language) if title is not None else {}
    ignored = [element.tag for element in survey if element.tag in ("hierarchy", "level")]
    return Layout(
        title=named or {language: survey.findtext("name") or "Untitled"},
        language=language,
        languages=languages or [language],
        variables=[_variable(one, language) for one in record.iterfind("variable")],
        format=record.get("format") or "fixed",
        skip=_whole(record.get("skip")),
        ignored=ignored,
    )


def _variable(one: "Element[str]", language: str) -> Variable:
    position, spread = one.find("position"), one.find("spread")
    start = _whole(position.get("start") if position is not None else None)
    finish = _whole(position.get("finish") if position is not None else None) or start
    name = one.findtext("name") or one.get("ident") or "variable"
    label = one.find("label")
    found = one.find("values/range")
    limits = found if found is not None else one.find("range")
    low, high = (limits.get("from"), limits.get("to")) if limits is not None else (None, None)
    return Variable(
        ident=one.get("ident") or name,
        name=name,
        kind=one.get("type") or "",
        label=(_texts(label, language) if label is not None else {}) or {language: name},
        values=[(value.get("code") or "", _texts(value, language)) for value in one.iterfind("values/value")],
        start=start,
        finish=finish,
        subfields=_whole(spread.get("subfields")) if spread is not None else 0,
        width=_whole(spread.get("width")) if spread is not None else 0,
        low=_number(low),
        high=_number(high),
        decimals=max(_decimals(low), _decimals(high)),
        size=_whole(one.findtext("size")),
        filter=(one.findtext("filter") or one.get("filter") or "").strip(),
        use=one.get("use") or "",
    )


def read_triple_s(root: "Element[str]") -> Imported:
    """Take over a parsed file."""
    layout = read_layout(root)
    draft = Draft("Triple-S", layout.language, layout.languages)
    draft.title = layout.title
    draft.questions, draft.groups = len(layout.variables), 1
    draft.page("page1")
    for variable in layout.variables:
        draft.counts[variable.kind] = draft.counts.get(variable.kind, 0) + 1
        draft.choices += len(variable.values)
        _Make(draft, variable).make()
    for what in layout.ignored:
        draft.entry("(survey)").lose(f"{what} is not taken over; each record is one response.")
    return draft.finish()


class _Make:
    """Makes the question of one variable."""

    def __init__(self, draft: Draft, variable: Variable) -> None:
        self._draft, self._variable = draft, variable
        self._entry = draft.entry(variable.name, next(iter(variable.label.values()), ""))

    def make(self) -> None:
        variable = self._variable
        if variable.use in ("serial", "weight"):
            self._entry.change(
                "It becomes the reference of each response."
                if variable.use == "serial"
                else "A weight is reckoned anew by Rapport and not asked."
            )
            self._draft.column(Slot(question=variable.name[:60], kind="none"), variable.name)
            return
        if variable.kind not in KINDS:
            self._entry.lose(f"Variables of the type {variable.kind[:40]!r} are not known.")
            return
        key = self._draft.keys.give(variable.name, "q")
        made: Any = getattr(self, f"_{variable.kind}")(key)
        if made is not None:
            self._draft.add(self._entry, made, self._rules())

    def _rules(self) -> list[Rule]:
        wanted = self._variable.filter
        if not wanted:
            return []

        def make() -> Condition:
            slot = self._draft.columns.get(wanted)
            if slot is None or "1" not in slot.codes:
                raise Untranslatable(f"its filter {wanted[:60]!r} is no yes-or-no variable of the file")
            return compare(slot, "==", "1")

        return [Rule(make, wanted)]

    def _question(self, kind: type[Any], key: str, **parts: Any) -> Any:
        return question_of(kind, self._entry, key=key, text=self._variable.label, **parts)

    def _choices(self) -> tuple[list[Choice], dict[str, str]]:
        default = self._draft.language
        return choices_of((code, text or {default: code}) for code, text in self._variable.values)

    def _single(self, key: str) -> Any:
        choices, codes = self._choices()
        if not choices:
            self._entry.lose("It has no values to choose from.")
            return None
        self._entry.became.append("A single choice.")
        self._draft.column(Slot(question=key, kind="code", codes=codes), self._variable.name)
        return self._question(SingleChoice, key, choices=tuple(choices))

    def _multiple(self, key: str) -> Any:
        choices, codes = self._choices()
        if not choices:
            self._entry.lose("It has no values to choose from.")
            return None
        self._entry.became.append("A multiple choice.")
        self._draft.column(Slot(question=key, kind="codes", codes=codes), self._variable.name)
        most = self._variable.subfields if 0 < self._variable.subfields < len(choices) else None
        return self._question(MultipleChoice, key, choices=tuple(choices), most=most)

    def _quantity(self, key: str) -> Any:
        variable = self._variable
        self._entry.became.append("A number.")
        if variable.values:
            told = ", ".join(f"{code} {' '.join(text.values())}".strip() for code, text in variable.values)
            self._entry.change(f"Values with a meaning of their own are read as numbers: {told[:200]}.")
        self._draft.column(Slot(question=key, kind="number"), variable.name)
        widest = [number for number in (variable.low, variable.high) if number is not None]
        codes = [number for code, _text in variable.values if (number := _number(code)) is not None]
        low, high = (
            min([variable.low, *codes]) if variable.low is not None else None,
            max([variable.high, *codes]) if variable.high is not None else None,
        )
        return self._question(
            NumberQuestion, key, low=low if widest else None, high=high, decimals=variable.decimals
        )

    def _character(self, key: str) -> Any:
        self._entry.became.append("Words.")
        self._draft.column(Slot(question=key, kind="text"), self._variable.name)
        size = min(self._variable.size or self._variable.finish - self._variable.start + 1, 20_000) or 255
        return self._question(TextQuestion, key, type="text" if size <= 100 else "long_text", most=size)

    def _logical(self, key: str) -> Any:
        language = self._draft.language
        choices = (
            Choice(key="yes", text={language: "Yes"}, value=1),
            Choice(key="no", text={language: "No"}, value=0),
        )
        self._entry.became.append("A choice of yes or no.")
        slot = Slot(question=key, kind="code", codes={"1": "yes", "0": "no", "Y": "yes", "N": "no"})
        self._draft.column(slot, self._variable.name)
        return self._question(SingleChoice, key, choices=choices)

    def _date(self, key: str) -> Any:
        self._entry.became.append("A date.")
        self._draft.column(Slot(question=key, kind="date"), self._variable.name)
        return self._question(DateQuestion, key)

    def _time(self, key: str) -> Any:
        self._entry.change("A time of day becomes words.")
        self._draft.column(Slot(question=key, kind="text"), self._variable.name)
        return self._question(TextQuestion, key, type="text", most=8)


def unique_names(layout: Layout) -> list[str]:
    """Return a name for each variable that no other has."""
    keys = Keys()
    return [keys.give(variable.name, "v") for variable in layout.variables]


def _texts(element: "Element[str]", language: str) -> dict[str, str]:
    """Return the texts of a label by language; the plain one is the default's."""
    found: dict[str, str] = {}
    for text in element.iterfind("text"):
        code = text.get("{http://www.w3.org/XML/1998/namespace}lang")
        words = stripped(" ".join("".join(text.itertext()).split()))
        if words:
            found.setdefault(language_of(code, language) if code else language, words)
    plain = [element.text or ""]
    for inner in element:
        if inner.tag == "br":
            plain.append("\n")
        elif inner.tag != "text":
            plain.append("".join(inner.itertext()))
        plain.append(inner.tail or "")
    words = "\n".join(filter(None, (" ".join(line.split()) for line in "".join(plain).split("\n"))))
    words = stripped(words)
    if words and language not in found:
        found[language] = words
    return {code: one.replace("{", "{{") for code, one in found.items()}


def _whole(value: str | None) -> int:
    return int(value) if value and value.strip().isdigit() and len(value) < 10 else 0


def _number(value: str | None) -> float | None:
    try:
        number = float(value) if value else None
    except ValueError:
        return None
    return number if number is not None and abs(number) < 1e15 else None


def _decimals(value: str | None) -> int:
    return min(len((value or "").partition(".")[2]), 10)
