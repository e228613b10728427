"""What differs between two versions of a survey, question by question, in words."""

from dataclasses import dataclass
from typing import Any, Literal

from django.utils.translation import gettext as _

from rapport.rooms.listening.definition import Definition, Page, Question
from rapport.rooms.listening.definition.sentences import read_back
from rapport.rooms.listening.definition.texts import words
from rapport.rooms.listening.designing.comparability import broken_by
from rapport.rooms.listening.designing.edits import LISTS
from rapport.rooms.listening.designing.naming import FIELDS, language_name


@dataclass(frozen=True)
class Change:
    """One field as it was and as it is."""

    field: str
    label: str
    before: str
    after: str
    language: str = ""


@dataclass(frozen=True)
class Difference:
    """A question, page or the whole survey that is not the same in both."""

    kind: Literal["survey", "page", "question"]
    what: Literal["added", "removed", "changed", "moved"]
    key: str
    words: str
    changes: tuple[Change, ...] = ()
    breaks: tuple[str, ...] = ()
    """Why answers cannot be compared across the two."""


def compare(before: Definition, after: Definition) -> list[Difference]:
    """Return every difference, the whole first, then pages, then questions in the order of the new one."""
    return [*_survey(before, after), *_pages(before, after), *_questions(before, after)]


def _survey(before: Definition, after: Definition) -> list[Difference]:
    names = ("title", "welcome", "thanks", "language", "languages", "theme", "calculated", "splits", "quotas")
    changes = _changes(before, after, before, after, names)
    if not changes:
        return []
    return [Difference("survey", "changed", "", words(after.title, after.language, ""), tuple(changes))]


def _pages(before: Definition, after: Definition) -> list[Difference]:
    old, new = {page.key: page for page in before.pages}, {page.key: page for page in after.pages}
    found = []
    for key, page in new.items():
        if key not in old:
            found.append(Difference("page", "added", key, _title(page, after)))
            continue
        changes = _changes(old[key], page, before, after, ("title", "show_if", "branches", "shuffle"))
        if changes:
            found.append(Difference("page", "changed", key, _title(page, after), tuple(changes)))
    found += [Difference("page", "removed", k, _title(p, before)) for k, p in old.items() if k not in new]
    common = [key for key in old if key in new]
    found += [
        Difference("page", "moved", key, _title(new[key], after))
        for key in moved(common, [key for key in new if key in old])
    ]
    return found


def _title(page: Page, definition: Definition) -> str:
    return words(page.title, definition.language, "") or page.key


def _questions(before: Definition, after: Definition) -> list[Difference]:
    old = {question.key: question for question in before.questions()}
    new = {question.key: question for question in after.questions()}
    places = _places(before), _places(after)
    shifted = set(moved([key for key in old if key in new], [key for key in new if key in old]))
    found = []
    for key, question in new.items():
        said = words(question.text, after.language, "")
        if key not in old:
            found.append(Difference("question", "added", key, said))
            continue
        changes = _changes(old[key], question, before, after, _fields(old[key], question))
        breaks = tuple(broken_by(old[key], question))
        if changes or breaks:
            found.append(Difference("question", "changed", key, said, tuple(changes), breaks))
        if key in shifted or places[0][key] != places[1][key]:
            found.append(Difference("question", "moved", key, said, _page_change(places, key)))
    for key, question in old.items():
        if key not in new:
            found.append(Difference("question", "removed", key, words(question.text, before.language, "")))
    return found


def _places(definition: Definition) -> dict[str, str]:
    return {question.key: page.key for page in definition.pages for question in page.questions}


def _page_change(places: tuple[dict[str, str], dict[str, str]], key: str) -> tuple[Change, ...]:
    before, after = places[0][key], places[1][key]
    return (Change("page", _("Page"), before, after),) if before != after else ()


def moved(before: list[str], after: list[str]) -> list[str]:
    """Return the fewest keys that must have moved to bring one order into the other."""
    place = {key: at for at, key in enumerate(before)}
    runs: list[list[str]] = [[]]
    for key in after:  # the longest run that kept its order stays; the rest moved
        fitting = [run for run in runs if not run or place[run[-1]] < place[key]]
        runs.append([*_longest(fitting), key])
    kept = set(_longest(runs))
    return [key for key in after if key not in kept]


def _longest(runs: list[list[str]]) -> list[str]:
    return max(runs, key=len)


def _fields(old: Question, new: Question) -> list[str]:
    names = [*type(new).model_fields, *type(old).model_fields]
    return [name for name in dict.fromkeys(names) if name != "key"]


def _changes(old: Any, new: Any, before: Definition, after: Definition, names: Any) -> list[Change]:
    found: list[Change] = []
    for name in names:
        was, is_now = getattr(old, name, None), getattr(new, name, None)
        if was == is_now:
            continue
        label = str(FIELDS.get(name, name))
        if name in LISTS:
            found += _listed(name, label, was or (), is_now or (), before, after)
        elif isinstance(was or is_now, dict):
            found += _texts(name, label, was or {}, is_now or {})
        else:
            found.append(Change(name, label, _said(name, was, before), _said(name, is_now, after)))
    return found


def _texts(name: str, label: str, was: dict[str, str], is_now: dict[str, str]) -> list[Change]:
    languages = dict.fromkeys([*was, *is_now])
    return [
        Change(name, f"{label} ({language_name(one)})", was.get(one, ""), is_now.get(one, ""), one)
        for one in languages
        if was.get(one, "") != is_now.get(one, "")
    ]


def _listed(
    name: str, label: str, was: Any, is_now: Any, before: Definition, after: Definition
) -> list[Change]:
    """Return what happened to each choice, row or column."""
    old, new = {one.key: one for one in was}, {one.key: one for one in is_now}
    found = []
    for key in dict.fromkeys([*old, *new]):
        one, other = old.get(key), new.get(key)
        if one != other:
            found.append(Change(name, f"{label}: {key}", _choice(one, before), _choice(other, after)))
    if not found:
        found.append(Change(name, label, ", ".join(old), ", ".join(new)))
    return found


def _choice(choice: Any, definition: Definition) -> str:
    if choice is None:
        return ""
    marks = [
        *([_("stands for %(value)s") % {"value": f"{choice.value:g}"}] if choice.value is not None else []),
        *([_("excludes the others")] if choice.exclusive else []),
        *([_("asks for words")] if choice.open else []),
        *([_("keeps its place")] if choice.fixed else []),
        *([read_back(choice.show_if, definition)] if choice.show_if else []),
    ]
    said = " / ".join(choice.text.values())
    return f"{said} ({', '.join(marks)})" if marks else said


def _said(name: str, value: Any, definition: Definition) -> str:
    if name == "show_if":
        return read_back(value, definition)
    if name == "branches":
        return " ".join(f"{read_back(one.when, definition)} → {one.to}." for one in value or ())
    if name == "quotas":
        return " ".join(f"{one.key}: {one.most}, {read_back(one.when, definition)}" for one in value or ())
    if name == "calculated":
        return " ".join(f"{one.key}: {one.how} ({', '.join(one.of)})" for one in value or ())
    if name == "splits":
        return " ".join(f"{s.key}: {', '.join(f'{a.key} {a.share:g}' for a in s.arms)}" for s in value or ())
    if name in ("choices_from", "rows_from"):
        return f"{value.question} ({value.which})" if value else ""
    if name == "theme":
        return ", ".join(filter(None, (value.name, value.color, _("a logo") if value.logo else "")))
    if name == "thanks":
        return " / ".join(value.text.values())
    return _plain(value)


def _plain(value: Any) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, str) and value.startswith("data:"):
        return _("a picture")
    if isinstance(value, tuple | list):
        return ", ".join(str(one) for one in value)
    return f"{value:g}" if isinstance(value, float) else str(value)
