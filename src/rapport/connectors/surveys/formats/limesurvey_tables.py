"""The tables inside a LimeSurvey file, the same whether texts stand in the rows or in tables of their own."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from rapport.connectors.surveys.languages import language_of

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_L10N = {
    "groups": ("group_l10ns", "gid"),
    "questions": ("question_l10ns", "qid"),
    "subquestions": ("question_l10ns", "qid"),
    "answers": ("answer_l10ns", "aid"),
}


@dataclass
class Row:
    """One row of a table: its values, and its texts by language."""

    values: dict[str, str]
    texts: dict[str, dict[str, str]] = field(default_factory=dict)

    def get(self, name: str) -> str:
        """Return a value, empty when there is none."""
        return self.values.get(name, "")

    def text(self, name: str, language: str) -> str:
        """Return a text in a language, else in any."""
        found = self.texts.get(language, {}).get(name, "")
        return found or next((texts[name] for texts in self.texts.values() if texts.get(name)), "")


class Tables:
    """All tables of one file."""

    def __init__(self, root: "Element[str]") -> None:
        self._named = [language.text or "" for language in root.iterfind("languages/language")]
        self._rows: dict[str, list[Row]] = {}
        for table in root:
            rows = table.find("rows")
            if rows is not None:
                self._rows[table.tag] = [Row({one.tag: one.text or "" for one in row}) for row in rows]

    def rows(self, table: str) -> list[Row]:
        """Return the rows of a table, none when it is not there."""
        return self._rows.get(table, [])

    def languages(self) -> tuple[str, list[str]]:
        """Return the base language and all there are."""
        survey = self.rows("surveys")[0] if self.rows("surveys") else Row({})
        base = survey.get("language") or (self._named[0] if self._named else "en")
        return base, [base, *survey.get("additional_languages").split(), *self._named]

    def groups(self) -> list[Row]:
        """Return the groups in order."""
        return self._groups

    def questions(self) -> list[Row]:
        """Return the questions, each once, in order."""
        return self._questions

    def subquestions(self) -> list[Row]:
        """Return the sub-questions, each once, in order."""
        return self._subquestions

    def answers(self) -> list[Row]:
        """Return the answers, each once, in order."""
        return self._answers

    def of(self, question: str, scale: str = "") -> list[Row]:
        """Return the sub-questions of a question, of one scale if it is named."""
        there = self._by_parent.get(question, [])
        return [one for one in there if not scale or (one.get("scale_id") or "0") == scale]

    def answers_of(self, question: str, scale: str = "") -> list[Row]:
        """Return the answers of a question, of one scale if it is named."""
        there = self._by_question.get(question, [])
        return [one for one in there if not scale or (one.get("scale_id") or "0") == scale]

    def attribute(self, question: str, name: str) -> str:
        """Return an attribute of a question."""
        return self._attributes.get((question, name), "")

    @cached_property
    def _groups(self) -> list[Row]:
        return self._once("groups", ("gid",), "group_order")

    @cached_property
    def _questions(self) -> list[Row]:
        return self._once("questions", ("qid",), "question_order")

    @cached_property
    def _subquestions(self) -> list[Row]:
        return self._once("subquestions", ("qid",), "question_order")

    @cached_property
    def _answers(self) -> list[Row]:
        return self._once("answers", ("qid", "code", "scale_id"), "sortorder")

    @cached_property
    def _by_parent(self) -> dict[str, list[Row]]:
        return _grouped(self._subquestions, "parent_qid")

    @cached_property
    def _by_question(self) -> dict[str, list[Row]]:
        return _grouped(self._answers, "qid")

    @cached_property
    def _attributes(self) -> dict[tuple[str, str], str]:
        return {
            (row.get("qid"), row.get("attribute")): row.get("value")
            for row in self.rows("question_attributes")
        }

    def _once(self, table: str, identity: tuple[str, ...], order: str) -> list[Row]:
        """Bring the rows of all languages of one thing together."""
        found: dict[tuple[str, ...], Row] = {}
        for row in self.rows(table):
            whole = found.setdefault(tuple(row.get(name) for name in identity), Row(row.values))
            if row.get("language"):
                whole.texts[language_of(row.get("language"))] = row.values
        for texts, key in (_L10N[table],):
            by_key = {row.get(key): row for row in found.values() if row.get(key)}
            for row in self.rows(texts):
                if owner := by_key.get(row.get(key)):
                    owner.texts[language_of(row.get("language"))] = row.values
        for row in found.values():
            row.texts = row.texts or {"": row.values}
        return sorted(found.values(), key=lambda row: _position(row.get(order)))


def _grouped(rows: list[Row], name: str) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row.get(name), []).append(row)
    return found


def _position(value: str) -> float:
    try:
        return float(value)
    except ValueError:
        return 0.0


def texts_by_language(row: Row, name: str) -> Iterator[tuple[str, str]]:
    """Yield the languages a row has a text in, with the text."""
    for language, texts in row.texts.items():
        if texts.get(name):
            yield language, texts[name]
