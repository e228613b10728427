"""SPSS files (.sav, .zsav, .por): variables become questions, response sets multiple choices."""

import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rapport.connectors.surveys.comparing import code_of
from rapport.connectors.surveys.drafting import Draft, Imported, choices_of, question_of
from rapport.connectors.surveys.opening import SurveyRefused
from rapport.connectors.surveys.report import Entry
from rapport.connectors.surveys.slots import Slot
from rapport.connectors.surveys.words import stripped
from rapport.rooms.listening.definition import (
    Choice,
    DateQuestion,
    MultipleChoice,
    NumberQuestion,
    SingleChoice,
    TextQuestion,
)

SAV, POR = (b"$FL2", b"$FL3"), re.compile(rb"SPSS PORT FILE|.{456}SPSSPORT|SPSSPORT", re.DOTALL)
DATES = ("ADATE", "DATE", "EDATE", "JDATE", "SDATE", "QYR", "MOYR", "WKYR", "DATETIME", "YMDHMS")
TIMES = ("TIME", "DTIME", "MTIME")
_WITH_TIME = ("DATETIME", "YMDHMS")
_FORMAT = re.compile(r"([A-Z]+)([0-9]+)?(?:\.([0-9]+))?")


@dataclass(frozen=True)
class SpssFile:
    """A file as read: columns by name, and what is said of them."""

    columns: dict[str, list[Any]]
    about: Any


def is_spss(data: bytes) -> bool:
    """Say whether bytes are an SPSS system or portable file."""
    return data[:4] in SAV or POR.search(data[:700]) is not None


def open_spss(data: bytes, name: str, *, rows: bool) -> SpssFile:
    """Read a file from its bytes, dates as plain numbers; raise SurveyRefused with what is wrong."""
    try:
        import pyreadstat
    except ImportError as error:
        raise SurveyRefused("SPSS files need one more package: pip install 'rapport-cx[spss]'.") from error
    portable = data[:4] not in SAV
    reader = pyreadstat.read_por if portable else pyreadstat.read_sav
    options: dict[str, Any] = {
        "output_format": "dict",
        "disable_datetime_conversion": True,
        "metadataonly": not rows,
    }
    if not portable:
        options["user_missing"] = True
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / ("file.por" if portable else "file.sav")
        path.write_bytes(data)
        try:
            columns, about = reader(str(path), **options)
        except Exception as error:
            raise SurveyRefused(f"{name} is a damaged SPSS file: {error}. Save it again.") from error
    return SpssFile(dict(columns), about)


def read_spss(data: bytes, name: str) -> Imported:
    """Take over an SPSS file."""
    about = open_spss(data, name, rows=False).about
    draft = Draft("SPSS", "en")
    label = stripped(about.file_label or "") or Path(name).stem
    draft.title = {"en": _inert(label)}
    draft.questions, draft.groups = len(about.column_names), 1
    draft.page("page1")
    _Reader(draft, about).read()
    return draft.finish()


class _Reader:
    """Makes questions of variables."""

    def __init__(self, draft: Draft, about: Any) -> None:
        self._draft, self._about = draft, about
        self._sets: dict[str, tuple[str, dict[str, Any]]] = {}
        for name, one in dict(getattr(about, "mr_sets", None) or {}).items():
            for variable in one["variable_list"]:
                self._sets.setdefault(variable, (name, one))

    def read(self) -> None:
        done: set[str] = set()
        draft = self._draft
        for variable in self._about.column_names:
            kind = _FORMAT.match(str(self._about.original_variable_types.get(variable, ""))) or [
                "",
                "",
                "",
                "",
            ]
            draft.counts[str(kind[1])] = draft.counts.get(str(kind[1]), 0) + 1
            draft.choices += len(self._labels(variable))
            if variable in self._sets:
                name, one = self._sets[variable]
                if name not in done:
                    done.add(name)
                    self._set(name, one)
                continue
            self._variable(variable, str(kind[1]), int(kind[2] or 0), int(kind[3] or 0))

    def _label(self, variable: str) -> str:
        told = dict(self._about.column_names_to_labels).get(variable)
        return _inert(stripped(told or "") or variable)

    def _labels(self, variable: str) -> dict[Any, str]:
        return dict(self._about.variable_value_labels.get(variable) or {})

    def _missing(self, variable: str) -> list[tuple[Any, Any]]:
        return [(one["lo"], one["hi"]) for one in self._about.missing_ranges.get(variable) or []]

    def _variable(self, variable: str, kind: str, width: int, decimals: int) -> None:
        draft = self._draft
        entry = draft.entry(variable, self._label(variable))
        key = draft.keys.give(variable, "q")
        base = {"key": key, "text": {draft.language: self._label(variable)}}
        labels, missing = self._labels(variable), self._missing(variable)
        meant = {value: told for value, told in labels.items() if not _is_missing(value, missing)}
        if missing:
            told = ", ".join(
                f"{low:g}" if low == high and isinstance(low, float) else f"{low} to {high}"
                for low, high in missing
            )
            entry.change(f"Values declared missing are read as not answered: {told}.")
        if meant and not (
            kind not in ("A", "AHEX")
            and len(meant) == 1
            and self._about.variable_measure.get(variable) == "scale"
        ):
            choices, codes = self._choices(meant)
            draft.add(entry, question_of(SingleChoice, entry, choices=tuple(choices), **base))
            entry.became.append("A single choice.")
            draft.column(Slot(question=key, kind="code", codes=codes), variable)
        elif kind in ("A", "AHEX"):
            size = min(max(width, 1), 20_000)
            draft.add(
                entry,
                question_of(
                    TextQuestion, entry, type="text" if size <= 100 else "long_text", most=size, **base
                ),
            )
            entry.became.append("Words.")
            draft.column(Slot(question=key, kind="text"), variable)
        elif kind in DATES:
            if kind in _WITH_TIME:
                entry.change("A moment becomes a day; its time is dropped.")
            draft.add(entry, question_of(DateQuestion, entry, **base))
            entry.became.append("A date.")
            draft.column(Slot(question=key, kind="date"), variable)
        elif kind in TIMES:
            entry.change("A time of day becomes words.")
            draft.add(entry, question_of(TextQuestion, entry, type="text", most=20, **base))
            draft.column(Slot(question=key, kind="text"), variable)
        else:
            draft.add(entry, question_of(NumberQuestion, entry, decimals=min(decimals, 10), **base))
            entry.became.append("A number.")
            draft.column(Slot(question=key, kind="number"), variable)

    def _choices(self, labels: dict[Any, str]) -> tuple[list[Choice], dict[str, str]]:
        language = self._draft.language
        made, codes = choices_of(
            (code_of(value), {language: _inert(stripped(told)) or code_of(value)})
            for value, told in labels.items()
        )
        for choice, told in zip(made, labels.values(), strict=True):
            codes.setdefault(told, choice.key)
        return made, codes

    def _set(self, name: str, one: dict[str, Any]) -> None:
        """A response set: dichotomies are choices by their variables, categories share one list."""
        draft, variables = self._draft, list(one["variable_list"])
        entry = draft.entry(name, _inert(stripped(one["label"] or "")) or name)
        key = draft.keys.give(name.lstrip("$"), "q")
        text = {draft.language: entry.text}
        if one["is_dichotomy"]:
            plain, before = name.lstrip("$"), f"{entry.text}: "
            made, _codes = choices_of(
                (
                    variable.removeprefix(f"{plain}_"),
                    {draft.language: self._label(variable).removeprefix(before)},
                )
                for variable in variables
            )
            counted = code_of(one["counted_value"])
            for choice, variable in zip(made, variables, strict=True):
                # What is counted as chosen is kept with the column; any other value is not chosen.
                draft.column(
                    Slot(question=key, kind="mark", choice=choice.key, codes={counted: choice.key}), variable
                )
        else:
            labels: dict[Any, str] = {}
            for variable in variables:
                labels |= self._labels(variable)
            made, codes = self._choices(labels)
            for variable in variables:
                draft.column(Slot(question=key, kind="codes", codes=codes), variable)
        self._finish_set(entry, made, variables, key, text)

    def _finish_set(
        self, entry: Entry, made: list[Choice], variables: list[str], key: str, text: dict[str, str]
    ) -> None:
        if not made:
            entry.lose("The response set has no values to choose from.")
            return
        self._draft.add(entry, question_of(MultipleChoice, entry, key=key, text=text, choices=tuple(made)))
        entry.change(
            f"The {len(variables)} variables {', '.join(variables)[:200]} become one multiple choice."
        )


def _is_missing(value: Any, missing: list[tuple[Any, Any]]) -> bool:
    for low, high in missing:
        try:
            if low <= value <= high:
                return True
        except TypeError:
            continue
    return False


def _inert(words: str) -> str:
    return words.replace("{", "{{")
