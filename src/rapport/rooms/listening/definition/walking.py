"""The way of one respondent through a survey: which pages and questions, in which order, with which answers.

A way is worked out anew from what is stored each time, so that it is the same on every device, after any
number of steps back. Answers to questions that are not on it any more are kept by the caller, but are not
part of `Way.answers`: no condition, text or figure sees them.
"""

import random
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from rapport.rooms.listening.definition.answers import Answers, Facts, Value
from rapport.rooms.listening.definition.evaluating import Known, arms_of, calculate_all, holds, is_empty
from rapport.rooms.listening.definition.feelings import FEELINGS
from rapport.rooms.listening.definition.questions import (
    CarryForward,
    Choice,
    ConstantSum,
    Emotions,
    Matrix,
    MultipleChoice,
    Question,
    Ranking,
    Scale,
    SingleChoice,
    Statement,
)
from rapport.rooms.listening.definition.survey import END, Branch, Definition, Page, Quota

T = TypeVar("T")
UNKNOWN = "unknown"
"""What a scale posts for 'cannot say'."""


def unknown_name(question: str) -> str:
    """Return the name under which 'cannot say' is kept: the question itself then counts as not answered."""
    return f"{question}.{UNKNOWN}"


@dataclass(frozen=True)
class Shown:
    """A question as one respondent sees it: the choices (of a matrix: columns) and rows offered, in order."""

    question: Question
    choices: tuple[Choice, ...] = ()
    rows: tuple[Choice, ...] = ()

    @property
    def key(self) -> str:
        """The question's key."""
        return self.question.key

    def choice(self, key: str) -> Choice | None:
        """Return an offered choice."""
        return next((choice for choice in self.choices if choice.key == key), None)


@dataclass(frozen=True)
class Step:
    """A page on the way, with what is shown on it."""

    page: Page
    questions: tuple[Shown, ...]

    @property
    def key(self) -> str:
        """The page's key."""
        return self.page.key


@dataclass(frozen=True)
class Way:
    """The pages a respondent sees with the answers given so far, and the answers that count."""

    steps: tuple[Step, ...]
    known: Known
    answers: Mapping[str, Value] = field(default_factory=dict)

    def step(self, key: str) -> Step | None:
        """Return the step of a page, or None when the page is not on the way."""
        return next((step for step in self.steps if step.key == key), None)

    def position(self, key: str) -> int:
        """Return the place of a page on the way, from 0; -1 when it is not on it."""
        return next((place for place, step in enumerate(self.steps) if step.key == key), -1)

    def after(self, key: str) -> Step | None:
        """Return the step after a page, or None at the end; after a page not on the way the first step."""
        place = self.position(key) + 1
        return self.steps[place] if place < len(self.steps) else None

    def before(self, key: str) -> Step | None:
        """Return the step before a page, or None at the beginning."""
        place = self.position(key) - 1
        return self.steps[place] if place >= 0 else None


def walk(definition: Definition, answers: Answers, facts: Facts, seed: str) -> Way:
    """Follow the pages with what is stored; `seed` makes shuffles and splits, the same for the same one."""
    return _Walk(definition, answers, facts, seed).run()


def step_as_asked(
    definition: Definition, page: str, asked: Sequence[str], answers: Answers, facts: Facts, seed: str
) -> Step | None:
    """Return a page with exactly the questions somebody was asked, whether or not they are on the way now.

    A page may be posted after an answer given meanwhile, elsewhere, has taken it or some of its questions off
    the way: what was typed is kept all the same. None when there is no such page.
    """
    found = next((one for one in definition.pages if one.key == page), None)
    if found is None:
        return None
    walk = _Walk(definition, answers, facts, seed)
    walk.run()
    shown = [walk.offer(question) for question in found.questions if question.key in asked]
    return Step(found, tuple(one for one in shown if one is not None))


@dataclass(frozen=True)
class _Prepared:
    """What of a definition is the same for everybody, worked out once."""

    questions: Mapping[str, Question]
    same: Mapping[str, Shown]
    """Questions whose choices depend on nothing and nobody."""
    is_same: bool
    """Everybody sees the same pages, questions and choices in the same order."""


_prepared: dict[int, tuple["weakref.ref[Definition]", _Prepared]] = {}


def _prepare(definition: Definition) -> _Prepared:
    """Return what is known of a definition; kept by its identity, since comparing documents costs more."""
    held = _prepared.get(id(definition))
    if held is not None and held[0]() is definition:
        return held[1]
    questions = {question.key: question for question in definition.questions()}
    same = {key: shown for key, question in questions.items() if (shown := _same_for_all(question))}
    pages = definition.pages
    is_same = len(same) == len(definition.questions()) and not any(
        page.show_if or page.branches or page.shuffle or any(one.show_if for one in page.questions)
        for page in pages
    )
    prepared = _Prepared(questions, same, is_same)
    place = id(definition)
    _prepared[place] = (weakref.ref(definition, lambda _gone: _prepared.pop(place, None)), prepared)
    return prepared


def is_same_for_all(definition: Definition) -> bool:
    """Say whether everybody sees the same pages, questions and choices in the same order."""
    return _prepare(definition).is_same


def _same_for_all(question: Question) -> Shown | None:
    match question:
        case SingleChoice() | MultipleChoice() | Ranking() | ConstantSum():
            bound = question.choices_from or question.shuffle or any(one.show_if for one in question.choices)
            return None if bound or not question.choices else Shown(question, question.choices)
        case Matrix(rows=rows, columns=columns):
            bound = question.rows_from or question.shuffle or any(one.show_if for one in (*rows, *columns))
            return None if bound or not rows or not columns else Shown(question, columns, rows)
        case Emotions():
            return Shown(question, tuple(Choice(key=key, text={}) for key in question.offered or FEELINGS))
    return Shown(question)


class _Walk:
    def __init__(self, definition: Definition, answers: Answers, facts: Facts, seed: str) -> None:
        self._definition, self._stored, self._seed = definition, answers, seed
        prepared = _prepare(definition)
        self._questions, self._same = prepared.questions, prepared.same
        self._facts, self._arms = facts, arms_of(definition, seed)
        self._answers: dict[str, Value] = {}
        self._offered: dict[str, Shown] = {}
        self._fresh: Known | None = None

    def run(self) -> Way:
        steps, place, pages = [], 0, self._definition.pages
        while place < len(pages):
            page = pages[place]
            place += 1
            if not holds(page.show_if, self._known()):
                continue
            shown = self._shown(page)
            if shown:
                steps.append(Step(page, self._ordered(page, shown)))
            place = self._next(page.branches, place)
        return Way(tuple(steps), self._known(), self._answers)

    def _known(self) -> Known:
        if self._fresh is None:
            calculated = calculate_all(self._definition, self._questions, self._answers)
            self._fresh = Known(self._questions, dict(self._answers), self._facts, calculated, self._arms)
        return self._fresh

    def _next(self, branches: Sequence[Branch], place: int) -> int:
        """Return where the way goes on; a branch that does not lead onward is passed over."""
        pages = self._definition.pages
        for branch in branches:
            if not holds(branch.when, self._known()):
                continue
            if branch.to == END:
                return len(pages)
            target = next((at for at, page in enumerate(pages) if page.key == branch.to), -1)
            if target >= place:
                return target
        return place

    def _shown(self, page: Page) -> list[Shown]:
        shown = []
        for question in page.questions:
            if not holds(question.show_if, self._known()):
                continue
            one = self.offer(question)
            if one is None:
                continue
            self._offered[question.key] = one
            shown.append(one)
            self._keep(one)
        return shown

    def _keep(self, shown: Shown) -> None:
        if shown.key not in self._stored and unknown_name(shown.key) not in self._stored:
            return
        kept = {key: value for key, value in still_fits(shown, self._stored).items() if not is_empty(value)}
        if kept:
            self._answers.update(kept)
            self._fresh = None

    def _ordered(self, page: Page, shown: list[Shown]) -> tuple[Shown, ...]:
        if not page.shuffle:
            return tuple(shown)
        fixed = [isinstance(one.question, Statement) for one in shown]
        return tuple(_shuffled(shown, fixed, f"{self._seed}:{page.key}"))

    # -- choices

    def offer(self, question: Question) -> Shown | None:
        """Return the question with what can be chosen, or None when nothing can."""
        if question.key in self._same and self._same[question.key].question is question:
            return self._same[question.key]
        match question:
            case SingleChoice() | MultipleChoice() | Ranking() | ConstantSum():
                own = self._those_shown(question.choices)
                choices = self._mixed(self._carried(question.choices_from), own, question)
                return Shown(question, choices) if choices else None
            case Matrix():
                columns = self._those_shown(question.columns)
                rows = self._mixed(
                    self._carried(question.rows_from), self._those_shown(question.rows), question
                )
                return Shown(question, columns, rows) if rows and columns else None
        return _same_for_all(question)

    def _those_shown(self, choices: tuple[Choice, ...]) -> tuple[Choice, ...]:
        return tuple(one for one in choices if one.show_if is None or holds(one.show_if, self._known()))

    def _mixed(
        self,
        carried: tuple[Choice, ...],
        own: tuple[Choice, ...],
        question: SingleChoice | MultipleChoice | Ranking | ConstantSum | Matrix,
    ) -> tuple[Choice, ...]:
        there = {choice.key for choice in carried}
        whole = (*carried, *(choice for choice in own if choice.key not in there)) if carried else own
        if not question.shuffle:
            return whole
        fixed = [choice.fixed or choice.exclusive or choice.open for choice in whole]
        return tuple(_shuffled(whole, fixed, f"{self._seed}:{question.key}"))

    def _carried(self, rule: CarryForward | None) -> tuple[Choice, ...]:
        source = self._offered.get(rule.question) if rule else None
        if rule is None or source is None:
            return ()
        chosen = _chosen(self._answers.get(rule.question))
        choices = source.rows if isinstance(source.question, Matrix) else source.choices
        return tuple(
            self._with_words(rule.question, choice)
            for choice in choices
            if (choice.key in chosen) is (rule.which == "chosen") and not choice.exclusive
        )

    def _with_words(self, question: str, choice: Choice) -> Choice:
        """Carry 'other' as the words written beside it."""
        said = self._answers.get(f"{question}.{choice.key}") if choice.open else None
        # What was written is not a text of the author's: its braces are not names.
        text = {self._definition.language: str(said).replace("{", "{{")} if said else choice.text
        return choice.model_copy(update={"text": text, "open": False, "show_if": None})


def _chosen(answer: Value | None) -> frozenset[str]:
    """Return the keys a question's answer singles out: chosen, ranked, answered rows, or shares above 0."""
    if isinstance(answer, str):
        return frozenset({answer})
    if isinstance(answer, list):
        return frozenset(answer)
    if isinstance(answer, dict):
        return frozenset(key for key, value in answer.items() if not is_empty(value) and value != 0)
    return frozenset()


def _shuffled(items: Sequence[T], fixed: Sequence[bool], seed: str) -> list[T]:
    """Shuffle the items that are not fixed among their own places."""
    places = [place for place, stays in enumerate(fixed) if not stays]
    drawn = list(places)
    random.Random(seed).shuffle(drawn)  # noqa: S311 - an order, not a secret
    mixed = list(items)
    for place, taken in zip(places, drawn, strict=True):
        mixed[place] = items[taken]
    return mixed


def still_fits(shown: Shown, stored: Answers) -> dict[str, Value]:
    """Return what of the stored answer the question still offers, with the words beside its choices."""
    question, answer = shown.question, stored.get(shown.key)
    if answer is None and isinstance(question, Scale) and question.allow_unknown:
        said = stored.get(unknown_name(shown.key))
        return {unknown_name(shown.key): said} if said else {}
    if answer is None or isinstance(question, Statement):
        return {}
    kept = _pruned(shown, answer)
    if kept is None:
        return {}
    chosen = _chosen(kept)
    beside = {
        name: stored[name]
        for choice in shown.choices
        if choice.open and choice.key in chosen and (name := f"{shown.key}.{choice.key}") in stored
    }
    return {shown.key: kept, **beside}


def _pruned(shown: Shown, answer: Value) -> Value | None:
    if not shown.choices and not isinstance(shown.question, Scale):
        return answer
    offered = {choice.key for choice in shown.choices}
    match shown.question:
        case SingleChoice():
            return answer if isinstance(answer, str) and answer in offered else None
        case MultipleChoice() | Ranking() | Emotions():
            if not isinstance(answer, list):
                return None
            if isinstance(shown.question, Ranking):
                return [key for key in answer if key in offered]
            return [choice.key for choice in shown.choices if choice.key in answer]
        case ConstantSum():
            # Shares of a total lose their meaning when one of them is not asked for any more.
            return answer if isinstance(answer, dict) and set(answer) <= offered else None
        case Matrix():
            return _pruned_rows(shown, answer, offered)
        case Scale(low=low, high=high):
            fits = isinstance(answer, int | float) and not isinstance(answer, bool) and low <= answer <= high
            return answer if fits else None
    return answer


def _pruned_rows(shown: Shown, answer: Value, offered: set[str]) -> Value | None:
    if not isinstance(answer, dict):
        return None
    several: dict[str, list[str]] = {}
    single: dict[str, str] = {}
    for row in shown.rows:
        given = answer.get(row.key)
        if isinstance(given, list):
            several[row.key] = [column for column in given if column in offered]
        elif isinstance(given, str) and given in offered:
            single[row.key] = given
    return {key: value for key, value in several.items() if value} if several else single


def reached_quota(definition: Definition, way: Way, counts: Mapping[str, int]) -> Quota | None:
    """Return the first quota the respondent falls under that is full; `counts` are completed ones by key."""
    for quota in definition.quotas:
        if counts.get(quota.key, 0) >= quota.most and holds(quota.when, way.known):
            return quota
    return None


def quotas_met(definition: Definition, way: Way) -> list[str]:
    """Return the keys of the quotas a finished response counts towards."""
    return [quota.key for quota in definition.quotas if holds(quota.when, way.known)]
