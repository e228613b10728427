"""A survey while it is taken over: questions page by page, what became of each, and conditions read last.

Conditions look at questions that may stand anywhere, so they are kept as functions and called when all
questions are there.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from rapport.connectors.surveys.comparing import Untranslatable, all_of
from rapport.connectors.surveys.keys import Keys
from rapport.connectors.surveys.opening import SurveyRefused
from rapport.connectors.surveys.report import Entry, LossReport, lines_of
from rapport.connectors.surveys.slots import Columns, Slot, plain_name
from rapport.rooms.listening.definition import (
    Branch,
    Choice,
    Condition,
    Definition,
    Page,
    Question,
    Split,
    Thanks,
)

MakeCondition = Callable[[], Condition]


@dataclass(frozen=True)
class Imported:
    """A survey file, taken over: our document, its report, and where columns of responses belong."""

    definition: Definition
    report: LossReport
    columns: Columns


@dataclass
class Rule:
    """A condition still to be read, with its original words for the report."""

    make: MakeCondition
    original: str


@dataclass
class DraftPage:
    """A page being filled."""

    key: str
    title: dict[str, str] = field(default_factory=dict)
    questions: list[Any] = field(default_factory=list)
    rules: dict[str, list[tuple[Entry, Rule]]] = field(default_factory=dict)
    """By question key."""
    shown: list[tuple[Entry, Rule]] = field(default_factory=list)
    branches: list[tuple[Entry, Rule, str]] = field(default_factory=list)
    shuffle: bool = False


class Draft:
    """Gathers a survey; `finish` makes the document and the report."""

    def __init__(self, format: str, language: str, languages: Iterable[str] = ()) -> None:  # noqa: A002
        self.format = format
        self.language = language
        self.languages = tuple(dict.fromkeys([language, *languages]))
        self.title: dict[str, str] = {}
        self.welcome: dict[str, str] = {}
        self.thanks: dict[str, str] = {}
        self.pages: list[DraftPage] = []
        self.splits: list[Split] = []
        self.entries: list[Entry] = []
        self.columns: Columns = {}
        self._claimed: dict[str, int] = {}
        self.keys = Keys()
        self.page_keys = Keys("end")
        self.questions = self.groups = self.choices = 0
        self.counts: dict[str, int] = {}

    def page(self, name: object, title: dict[str, str] | None = None) -> DraftPage:
        """Open a new page."""
        opened = DraftPage(self.page_keys.give(name, "page"), title or {})
        self.pages.append(opened)
        return opened

    def entry(self, name: object, text: str = "") -> Entry:
        """Open the account of one question of the file."""
        made = Entry(str(name), text)
        self.entries.append(made)
        return made

    def add(self, entry: Entry, question: Question, rules: Iterable[Rule] = ()) -> None:
        """Put a question on the page opened last."""
        if not self.pages:
            self.page("page1")
        entry.questions.append(question.key)
        page = self.pages[-1]
        page.questions.append(question)
        for rule in rules:
            page.rules.setdefault(question.key, []).append((entry, rule))

    def column(self, slot: Slot, *names: str) -> None:
        """Say under which names of columns a response file may hold a value; the first to claim one has it.

        A name two questions claim stands for the second where it comes up the second time: `name#2`.
        """
        for name in dict.fromkeys(filter(None, names)):
            number = self._claimed.get(name, 1)
            claimed = name if number == 1 else f"{name}#{number}"
            while claimed in self.columns and self.columns[claimed].question != slot.question:
                number += 1
                claimed = f"{name}#{number}"
            self._claimed[name] = number
            self.columns.setdefault(claimed, slot)
            self.columns.setdefault(plain_name(name), slot)

    def finish(self) -> Imported:
        """Return the document with its report; raise SurveyRefused when there is nothing to take over."""
        if not self.questions:
            raise SurveyRefused("The file describes a survey without any question.")
        pages = tuple(self._page(page) for page in self.pages if page.questions)
        try:
            definition = Definition(
                title=self.title or {self.language: "Untitled"},
                language=self.language,
                languages=self.languages,
                welcome=self.welcome,
                pages=pages,
                splits=tuple(self.splits),
                thanks=Thanks(text=self.thanks),
            )
        except ValidationError as error:
            raise SurveyRefused(
                f"The file says something no survey can hold: {error.errors()[0]['msg']}."
            ) from error
        kept, changed, unsupported = lines_of(self.entries)
        report = LossReport(
            format=self.format,
            title=self.title.get(self.language, ""),
            questions=self.questions,
            choices=self.choices,
            groups=self.groups,
            languages=self.languages,
            kept=kept,
            changed=changed,
            unsupported=unsupported,
            counts=self.counts,
        )
        return Imported(definition, report, self.columns)

    def _page(self, page: DraftPage) -> Page:
        questions = tuple(
            self._with_rules(question, page.rules.get(question.key, [])) for question in page.questions
        )
        there = {one.key for one in self.pages if one.questions}
        branches = []
        for entry, rule, to in page.branches:
            condition = _read(entry, rule)
            if condition is None:
                continue
            if to != "end" and to not in there:
                entry.lose("It leads to a page on which nothing is left.")
                continue
            branches.append(Branch(when=condition, to=to))
        shown = [found for entry, rule in page.shown if (found := _read(entry, rule)) is not None]
        return Page(
            key=page.key,
            title=page.title,
            questions=questions,
            show_if=all_of(shown) if shown else None,
            branches=tuple(branches),
            shuffle=page.shuffle,
        )

    def _with_rules(self, question: Any, rules: list[tuple[Entry, Rule]]) -> Any:
        found = [made for entry, rule in rules if (made := _read(entry, rule)) is not None]
        return question.model_copy(update={"show_if": all_of(found)}) if found else question


def _read(entry: Entry, rule: Rule) -> Condition | None:
    """Read a condition now; one that cannot be said is reported with its original words."""
    try:
        return rule.make()
    except Untranslatable as why:
        entry.lose(f"The condition cannot be taken over: {why}. It was: {rule.original.strip()[:500]}")
        return None


def question_of(kind: type[Any], entry: Entry, **parts: Any) -> Any:
    """Make a question; a value our document does not allow is a refusal that names the question."""
    try:
        return kind(**parts)
    except ValidationError as error:
        told = error.errors()[0]
        where = ".".join(str(part) for part in told["loc"])
        raise SurveyRefused(f"Question {entry.name}: {where}: {told['msg']}.") from error


def choices_of(
    texts: Iterable[tuple[object, dict[str, str]]], prefix: str = "c"
) -> tuple[list[Choice], dict[str, str]]:
    """Make choices of codes and words; return them with the key of each code."""
    keys, made, codes = Keys(), list[Choice](), dict[str, str]()
    for code, text in texts:
        key = keys.give(code, prefix)
        made.append(Choice(key=key, text=text, value=_value(code)))
        codes.setdefault(str(code), key)
    return made, codes


def _value(code: object) -> float | None:
    try:
        number = float(str(code))
    except ValueError:
        return None
    return number if abs(number) < 1e15 and number == number else None
