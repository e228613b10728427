"""What the designer's page shows: outline, the survey as respondents see it, and what is selected."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from rapport.rooms.listening.definition import Choice, Definition, Emotions, Known, Matrix, Question, Shown
from rapport.rooms.listening.definition.checking import Problem
from rapport.rooms.listening.definition.feelings import FEELINGS
from rapport.rooms.listening.definition.messages import direction
from rapport.rooms.listening.definition.sentences import read_back
from rapport.rooms.listening.definition.texts import words
from rapport.rooms.listening.designing.naming import ICONS, TYPES, language_name
from rapport.rooms.listening.designing.selectors import Findings
from rapport.rooms.listening.models import Survey
from rapport.rooms.listening.respond.questions import Asked, Words, question_html


@dataclass(frozen=True)
class QuestionItem:
    """A question in the outline and in the middle."""

    key: str
    words: str
    type: str
    icon: str
    url: str
    html: SafeString
    current: bool
    required: bool
    banked: bool
    condition: str
    errors: int
    warnings: int
    breaks: int
    first: bool
    last: bool


@dataclass(frozen=True)
class BranchItem:
    """A way on from a page."""

    number: int
    sentence: str
    to: str
    url: str


@dataclass(frozen=True)
class PageItem:
    """A page with its questions."""

    key: str
    title: str
    number: int
    url: str
    current: bool
    condition: str
    branches: tuple[BranchItem, ...]
    questions: tuple[QuestionItem, ...]
    errors: int


@dataclass(frozen=True)
class Note:
    """A problem or a broken comparison, with the way to its place."""

    tone: str
    message: str
    url: str
    place: str


@dataclass(frozen=True)
class LanguageTab:
    """A language the page can be shown in."""

    code: str
    name: str
    url: str
    current: bool


class Pages:
    """Draws one survey for its designer, in one language, with one thing selected."""

    def __init__(
        self,
        survey: Survey,
        definition: Definition,
        language: str,
        chosen: Mapping[str, str],
        found: Findings,
    ) -> None:
        self.survey, self.definition, self.chosen, self.found = survey, definition, chosen, found
        self.language = language if language in definition.languages else definition.language
        known = Known(questions={one.key: one for one in definition.questions()})
        self._words = Words(known, self.language, definition.language)

    def url(self, **show: str) -> str:
        """Return the page's address with something else selected."""
        kept = {"language": self.language} if self.language != self.definition.language else {}
        query = urlencode({name: value for name, value in {**kept, **show}.items() if value})
        return reverse("surveys:designer", args=[self.survey.code]) + (f"?{query}" if query else "")

    def say(self, text: Mapping[str, str]) -> str:
        """Return a text in the language shown."""
        return words(dict(text), self.language, self.definition.language)

    def languages(self) -> list[LanguageTab]:
        """Return the languages of the survey as ways to show it."""
        shown = {name: self.chosen.get(name, "") for name in ("page", "question", "part")}
        return [
            LanguageTab(
                code, language_name(code), self.url(**{**shown, "language": code}), code == self.language
            )
            for code in self.definition.languages
        ]

    def pages(self) -> list[PageItem]:
        """Return every page in order."""
        return [self._page(number, page) for number, page in enumerate(self.definition.pages, start=1)]

    def _page(self, number: int, page: Any) -> PageItem:
        count = len(page.questions)
        questions = tuple(
            self._question(
                question, number == 1 and at == 0, number == len(self.definition.pages) and at == count - 1
            )
            for at, question in enumerate(page.questions)
        )
        branches = tuple(
            BranchItem(
                at,
                read_back(branch.when, self.definition, self.language),
                branch.to,
                self.url(condition=f"branch:{page.key}:{at}"),
            )
            for at, branch in enumerate(page.branches)
        )
        errors = sum(one.severity == "error" and one.page == page.key for one in self.found.problems)
        return PageItem(
            page.key,
            self.say(page.title),
            number,
            self.url(page=page.key),
            self.chosen.get("page") == page.key,
            read_back(page.show_if, self.definition, self.language) if page.show_if else "",
            branches,
            questions,
            errors,
        )

    def _question(self, question: Question, first: bool, last: bool) -> QuestionItem:
        mine = [one for one in self.found.problems if one.question == question.key]
        html = question_html(Asked(shown_whole(question), {}, self._words))
        return QuestionItem(
            key=question.key,
            words=self.say(question.text),
            type=str(TYPES[question.type]),
            icon=ICONS[question.type],
            url=self.url(question=question.key),
            html=mark_safe(html),  # noqa: S308  (escaped where it is written)
            current=self.chosen.get("question") == question.key,
            required=bool(getattr(question, "required", False)),
            banked=bool(question.bank),
            condition=read_back(question.show_if, self.definition, self.language) if question.show_if else "",
            errors=sum(one.severity == "error" for one in mine),
            warnings=sum(one.severity == "warning" for one in mine),
            breaks=sum(one.breaks and one.question == question.key for one in self.found.breaks),
            first=first,
            last=last,
        )

    def notes(self) -> list[Note]:
        """Return the problems, each with the way to its place."""
        return [self._note(problem) for problem in self.found.problems]

    def _note(self, problem: Problem) -> Note:
        place = problem.question or problem.page or _("the survey")
        if problem.code.startswith("color"):
            url = reverse("surveys:theme", args=[self.survey.code])
        elif problem.code == "text_missing" and problem.language != self.definition.language:
            base = reverse("surveys:languages", args=[self.survey.code])
            url = f"{base}?to={problem.language}"
        elif problem.question:
            url = self.url(question=problem.question)
        elif problem.page:
            url = self.url(page=problem.page)
        else:
            url = self.url(part="survey")
        return Note("det" if problem.severity == "error" else "caution", problem.message, url, place)

    def breaks(self) -> list[Note]:
        """Return where comparisons break, each with the way to its question."""
        here = {question.key for question in self.definition.questions()}
        return [
            Note(
                "det" if one.breaks else "caution",
                one.message,
                self.url(question=one.question) if one.question in here else "",
                one.question,
            )
            for one in self.found.breaks
        ]

    @property
    def direction(self) -> str:
        """Return the direction the language shown is read in."""
        return direction(self.language)


def shown_whole(question: Question) -> Shown:
    """Return a question with everything it can ever offer."""
    if isinstance(question, Matrix):
        return Shown(question, question.columns, question.rows)
    if isinstance(question, Emotions):
        return Shown(question, tuple(Choice(key=key, text={}) for key in question.offered or FEELINGS))
    return Shown(question, tuple(getattr(question, "choices", ())))


@dataclass(frozen=True)
class Drawn:
    """A question in one language."""

    language: str
    name: str
    direction: str
    html: SafeString


def drawn_alone(question: Question) -> list[Drawn]:
    """Return a question as respondents see it, in each language it is written in."""
    found = []
    for language in sorted(question.text, key=lambda code: (code != "en", code)):
        says = Words(Known(questions={}), language, language)
        html = mark_safe(question_html(Asked(shown_whole(question), {}, says)))  # noqa: S308  (escaped there)
        found.append(Drawn(language, language_name(language), direction(language), html))
    return found
