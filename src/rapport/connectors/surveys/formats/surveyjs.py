"""SurveyJS definitions: pages, panels and elements become ours; `visibleIf` is read where we can say it."""

import re
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from rapport.connectors.surveys.drafting import Draft, DraftPage, Imported, Rule
from rapport.connectors.surveys.formats.surveyjs_questions import QuestionMaker, Work, told_by_us
from rapport.connectors.surveys.languages import language_of
from rapport.connectors.surveys.opening import SurveyRefused
from rapport.connectors.surveys.report import LossReport
from rapport.connectors.surveys.words import stripped
from rapport.connectors.surveys.writing.surveyjs import is_as_it_left
from rapport.rooms.listening.definition import Definition

_MOST_DEPTH = 30


def is_surveyjs(document: Any) -> bool:
    """Say whether parsed JSON is a SurveyJS definition."""
    return isinstance(document, dict) and any(
        isinstance(document.get(name), list) for name in ("pages", "elements", "questions")
    )


def read_surveyjs(document: dict[str, Any]) -> Imported:
    """Take over a parsed definition."""
    imported = _Reader(document).read()
    ours = _left_as(document)
    return imported if ours is None else replace(imported, definition=ours, report=_all_kept(imported.report))


def _left_as(document: dict[str, Any]) -> Definition | None:
    """Return the survey of ours a file was made of, unless something was changed in it since."""
    told = told_by_us(document).get("definition")
    if not isinstance(told, dict):
        return None
    try:
        definition = Definition.model_validate(told)
    except ValidationError:
        return None
    return definition if is_as_it_left(document, definition) else None


def _all_kept(report: LossReport) -> LossReport:
    """Return the report of a file that holds the whole survey beside SurveyJS' terms."""
    lost = {line.name: line for line in (*report.changed, *report.unsupported)}
    kept = (*report.kept, *(replace(line, reasons=("As it was.",)) for line in lost.values()))
    return replace(report, kept=kept, changed=(), unsupported=())


class _Reader:
    """Reads one definition."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document
        language = language_of(document.get("locale"))
        self._language = language
        languages = told_by_us(document).get("languages")
        known = (
            [language_of(one, language) for one in languages]
            if isinstance(languages, list)
            else self._languages(document)
        )
        self._draft = Draft("SurveyJS", language, known)
        self._maker = QuestionMaker(self._draft, language)
        self._made: set[str] = set()
        self._pages: dict[str, DraftPage] = {}
        self._triggers_lost: list[str] = []

    def _languages(self, document: Any) -> list[str]:
        found: dict[str, None] = {}

        def look(value: Any) -> None:
            if isinstance(value, dict):
                if isinstance(value.get("default"), str) and all(
                    isinstance(one, str) for one in value.values()
                ):
                    found.update(dict.fromkeys(value))
                for one in value.values():
                    look(one)
            elif isinstance(value, list):
                for one in value:
                    look(one)

        look(document)
        ours = (language_of(code, "") for code in found if code != "default")
        return [code for code in ours if code]

    def read(self) -> Imported:
        draft = self._draft
        pages = self._document.get("pages")
        raw = pages if isinstance(pages, list) else [self._document]
        listed = [page for page in raw if isinstance(page, dict)]
        for page in listed:
            self._name(_elements(page), 0)
        draft.title = self._maker.words(self._document.get("title")) or {self._language: "Untitled"}
        draft.welcome = self._maker.words(self._document.get("description"))
        draft.thanks = self._maker.words(self._document.get("completedHtml"))
        draft.groups = len(listed)
        for number, page in enumerate(listed, 1):
            title = {} if page is self._document else self._maker.words(page.get("title"))
            made = draft.page(page.get("name") if page is not self._document else f"page{number}", title)
            self._pages.setdefault(str(page.get("name")), made)
            entry = draft.entry(f"(page) {page.get('name') or number}")
            if condition := page.get("visibleIf"):
                made.shown.append((entry, self._maker.rule(condition)))
            if page is not self._document and page.get("description"):
                self._maker.introduce(entry, self._maker.words(page.get("description")), [])
            if "random" in (page.get("questionOrder"), page.get("questionsOrder")):
                made.shuffle = True
            self._maker.note_kept_out(page, entry)
            entry.change(*self._maker.cleaner.taken())
            if not (entry.became or entry.changed or entry.unsupported or made.shown):
                draft.entries.remove(entry)
            self._read(_elements(page), [], 0)
        self._branches()
        self._survey_notes()
        return draft.finish()

    def _branches(self) -> None:
        """Read triggers that end or skip: ours tell their page, of others it is the last one looked at."""
        listed = self._document.get("triggers")
        for trigger in listed if isinstance(listed, list) else []:
            if not self._branch(trigger):
                self._triggers_lost.append(str(trigger)[:200])

    def _branch(self, trigger: Any) -> bool:
        if not isinstance(trigger, dict) or not isinstance(trigger.get("expression"), str):
            return False
        told, kind = told_by_us(trigger), str(trigger.get("type")).removesuffix("trigger")
        if kind not in ("complete", "skip"):
            return False
        to = "end" if kind == "complete" else self._page_of(str(trigger.get("gotoName")))
        page = self._pages.get(str(told.get("page"))) if told else self._last_page_in(trigger["expression"])
        if page is None or not to:
            return False
        if told.get("to") in {one.key for one in self._draft.pages}:
            to = str(told["to"])
        entry = self._draft.entry(f"(trigger) {kind}", trigger["expression"])
        entry.became.append("A branch at the end of its page.")
        if not told:
            entry.change("It acts when its page is left, not at once.")
        page.branches.append((entry, self._maker.rule(trigger["expression"]), to))
        return True

    def _page_of(self, name: str) -> str:
        """Return the key of the page a question of theirs stands on."""
        key = self._maker.named.get(name)
        found = (
            page.key for page in self._draft.pages if any(question.key == key for question in page.questions)
        )
        return next(found, "") if key else ""

    def _last_page_in(self, expression: str) -> DraftPage | None:
        """Return the last page whose questions an expression looks at: only then can it be decided."""
        keys = {self._page_of(name.partition(".")[0]) for name in re.findall(r"\{([^{}]+)\}", expression)}
        return next((page for page in reversed(self._draft.pages) if page.key in keys), None)

    def _survey_notes(self) -> None:
        entry = self._draft.entry("(survey)")
        if self._triggers_lost:
            entry.lose(f"Triggers that do more than end or skip are not taken over: {self._triggers_lost[0]}")
        for name, what in (
            ("calculatedValues", "Calculated values"),
            ("timeLimit", "The time limit"),
            ("maxTimeToFinish", "The time limit"),
            ("navigateToUrl", "A page to go to at the end"),
            ("completedHtmlOnCondition", "Endings by condition"),
            ("logo", "The logo"),
        ):
            if self._document.get(name):
                entry.lose(f"{what} ({name}) is not taken over.")
        if not entry.unsupported:
            self._draft.entries.remove(entry)

    def _name(self, elements: list[dict[str, Any]], depth: int) -> None:
        """Give every element its key before any is made: texts and conditions look forward too."""
        _check(depth)
        for number, element in enumerate(elements, 1):
            if element.get("type") == "panel":
                self._name(_elements(element), depth + 1)
            else:
                name = str(element.get("name") or f"question{number}")
                if name not in self._maker.named:
                    self._maker.named[name] = self._draft.keys.give(name, "q")

    def _read(self, elements: list[dict[str, Any]], rules: list[Rule], depth: int) -> None:
        _check(depth)
        for number, element in enumerate(elements, 1):
            own = [*rules, *([self._maker.rule(element["visibleIf"])] if element.get("visibleIf") else [])]
            if element.get("type") == "panel":
                self._panel(element, own, depth)
                continue
            self._draft.questions += 1
            name = str(element.get("name") or f"question{number}")
            kind = str(element.get("type"))
            self._draft.counts[f"type {kind}"[:60]] = self._draft.counts.get(f"type {kind}"[:60], 0) + 1
            entry = self._draft.entry(name, stripped(_first(element.get("title"))))
            key = self._maker.named.get(name, "")
            if not key or key in self._made:
                # The second of a name: texts and conditions mean the first.
                key = self._draft.keys.give(name, "q")
                self._maker.named.setdefault(name, key)
            self._made.add(key)
            self._maker.make(kind, Work(element, entry, key, own))
            entry.change(*self._maker.cleaner.taken())

    def _panel(self, element: dict[str, Any], rules: list[Rule], depth: int) -> None:
        entry = self._draft.entry(
            f"(panel) {element.get('name') or stripped(_first(element.get('title')))}".strip()
        )
        title = self._maker.words(element.get("title"))
        if title:
            self._maker.introduce(entry, title, rules)
            entry.change("The title of a panel becomes a statement.")
        else:
            self._draft.entries.remove(entry)
        entry.change(*self._maker.cleaner.taken())
        self._read(_elements(element), rules, depth + 1)


def _check(depth: int) -> None:
    if depth > _MOST_DEPTH:
        raise SurveyRefused("The panels are nested deeper than any survey needs.")


def _elements(page: dict[str, Any]) -> list[dict[str, Any]]:
    raw = page.get("elements")
    listed = raw if isinstance(raw, list) else page.get("questions")
    return [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []


def _first(value: Any) -> str:
    return (
        next((one for one in value.values() if isinstance(one, str)), "")
        if isinstance(value, dict)
        else str(value or "")
    )
