"""LimeSurvey files (.lss, .lsg, .lsq) of every age: groups become pages, expressions conditions."""

import re
from typing import TYPE_CHECKING

from rapport.connectors.surveys.comparing import Untranslatable, all_of, any_of, compare
from rapport.connectors.surveys.drafting import Draft, Imported, Rule
from rapport.connectors.surveys.expressions import read_expression
from rapport.connectors.surveys.formats.limesurvey_questions import QuestionMaker
from rapport.connectors.surveys.formats.limesurvey_tables import Row, Tables
from rapport.connectors.surveys.languages import language_of
from rapport.connectors.surveys.opening import SurveyRefused
from rapport.connectors.surveys.words import Cleaner, stripped
from rapport.rooms.listening.definition import Condition

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

KINDS = ("Survey", "Group", "Question")
_PIPE = r"\{[^{}\s][^{}]*\}"
_CONTACT = {
    "token:firstname": "contact.first_name",
    "firstname": "contact.first_name",
    "token:language": "contact.language",
}
_NAME = re.compile(r"[A-Za-z0-9_.:#]+$")
_SIGNS = {"==": "==", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">=", "": "=="}


def is_limesurvey(root: "Element[str]") -> bool:
    """Say whether parsed XML is a survey, group or question of LimeSurvey."""
    return root.tag == "document" and root.findtext("LimeSurveyDocType") in KINDS


def read_limesurvey(root: "Element[str]") -> Imported:
    """Take over a parsed file."""
    return _Reader(root).read()


class _Reader:
    """Reads one file."""

    def __init__(self, root: "Element[str]") -> None:
        self._kind = root.findtext("LimeSurveyDocType") or ""
        self._tables = Tables(root)
        base, languages = self._tables.languages()
        self._draft = Draft(
            f"LimeSurvey {self._kind.lower()}", language_of(base), map(language_of, languages)
        )
        self._cleaner = Cleaner(_PIPE, self._pipe)
        self._maker = QuestionMaker(self._draft, self._cleaner, self._tables)
        self._rules = 0

    def read(self) -> Imported:
        tables, draft = self._tables, self._draft
        groups, questions = tables.groups(), tables.questions()
        if not questions:
            raise SurveyRefused("The LimeSurvey file has no questions.")
        self._survey_texts()
        draft.questions, draft.groups, draft.choices = len(questions), len(groups), len(tables.answers())
        for question in questions:
            self._maker.name(question)
        placed = set()
        for group in groups or [Row({"gid": ""}, {})]:
            inside = [one for one in questions if not groups or one.get("gid") == group.get("gid")]
            if inside:
                placed |= {one.get("qid") for one in inside}
                self._group(group, inside)
        for lost in (one for one in questions if one.get("qid") not in placed):
            draft.entry(lost.get("title"), stripped(lost.text("question", draft.language))).lose(
                "It stands in no group."
            )
        draft.counts |= {
            "sub_questions": len(tables.subquestions()),
            "answers": len(tables.rows("answers")),
            "conditions": len(tables.rows("conditions")),
            "relevance_rules": self._rules,
        }
        return draft.finish()

    def _survey_texts(self) -> None:
        draft = self._draft
        for row in self._tables.rows("surveys_languagesettings"):
            language = language_of(row.get("surveyls_language"), draft.language)
            for name, into in (
                ("title", draft.title),
                ("welcometext", draft.welcome),
                ("endtext", draft.thanks),
            ):
                if words := self._cleaner.clean(row.get(f"surveyls_{name}")):
                    into[language] = words
        draft.title.setdefault(draft.language, next(iter(draft.title.values()), "Untitled"))
        if lost := self._cleaner.taken():
            draft.entry("(welcome and end)").change(*lost)
        if self._tables.rows("quota") or self._tables.rows("quota_members"):
            draft.entry("(quotas)").lose("Quotas are not taken over; set them in the designer.")
        if self._tables.rows("assessments"):
            draft.entry("(assessments)").lose("Assessments by points are not taken over.")

    def _group(self, group: Row, questions: list[Row]) -> None:
        draft = self._draft
        title = self._maker.texts(group, "group_name")
        page = draft.page(title.get(draft.language) or "page", title)
        entry = draft.entry(f"(group) {title.get(draft.language, '')}".strip())
        description = self._maker.texts(group, "description")
        if description:
            self._maker.introduce(entry, description, group.get("gid"))
        if _is_rule(group.get("grelevance")):
            page.shown.append((entry, self._rule(group.get("grelevance"), "")))
            entry.became.append("Shown by its condition.")
        if group.get("randomization_group"):
            entry.lose(f"Groups are not shuffled among each other ({group.get('randomization_group')}).")
        entry.change(*self._cleaner.taken())
        if not (entry.became or entry.changed or entry.unsupported or page.shown):
            draft.entries.remove(entry)
        for question in questions:
            self._question(question)

    def _question(self, question: Row) -> None:
        draft = self._draft
        entry = draft.entry(question.get("title"), stripped(question.text("question", draft.language)))
        rules: list[Rule] = []
        relevance = question.get("relevance") or self._tables.attribute(question.get("qid"), "relevance")
        if _is_rule(relevance):
            rules.append(self._rule(relevance, question.get("title")))
        elif found := [
            one for one in self._tables.rows("conditions") if one.get("qid") == question.get("qid")
        ]:
            rules.append(self._conditions(found))
        if _is_rule(question.get("relevance")):
            self._rules += 1
        self._maker.make(question, entry, rules)
        entry.change(*self._cleaner.taken())

    def _rule(self, expression: str, own: str) -> Rule:
        return Rule(lambda: read_expression(expression, lambda name: self._maker.slot(name, own)), expression)

    # -- conditions of old

    def _conditions(self, rows: list[Row]) -> Rule:
        """Scenarios are alternatives; inside one, so are conditions on one question; others must all hold."""
        told = "; ".join(f"{one.get('cfieldname')} {one.get('method')} {one.get('value')}" for one in rows)

        def make() -> Condition:
            scenarios: dict[str, dict[str, list[Condition]]] = {}
            for one in rows:
                same = scenarios.setdefault(one.get("scenario"), {}).setdefault(one.get("cfieldname"), [])
                same.append(self._condition(one))
            return any_of([all_of([any_of(same) for same in asked.values()]) for asked in scenarios.values()])

        return Rule(make, told)

    def _condition(self, row: Row) -> Condition:
        sign = _SIGNS.get(row.get("method").strip())
        if sign is None:
            raise Untranslatable(f"it compares by {row.get('method')!r}")
        field, value = row.get("cfieldname").lstrip("+"), row.get("value")
        if value.startswith("@"):
            raise Untranslatable("it compares one question with another")
        slot = self._maker.slot(field, "")
        if slot is None:
            raise Untranslatable(f"it looks at {field!r}, which is no question taken over")
        if slot.kind == "codes":
            return compare(slot, "contains" if sign == "==" else "lacks", value)
        return compare(slot, sign, value)

    # -- pipes

    def _pipe(self, pipe: str) -> str | None:
        inside = pipe[1:-1].strip()
        if inside.lower() in _CONTACT:
            return _CONTACT[inside.lower()]
        if inside.upper().startswith("INSERTANS:"):
            inside = inside[len("INSERTANS:") :]
        if not _NAME.match(inside) or (inside[:1].isdigit() and "X" not in inside):
            return None
        found = self._maker.slot(inside, "")
        return (
            found.question
            if found and found.kind in ("code", "codes", "number", "text", "date") and not found.row
            else None
        )


def _is_rule(relevance: str) -> bool:
    return relevance.strip() not in ("", "1")
