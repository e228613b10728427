"""Changes of a survey's document: each takes one and returns the next, and says plainly what it cannot do."""

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from django.utils.translation import gettext as _
from pydantic import BaseModel, TypeAdapter, ValidationError

from rapport.rooms.listening.definition import (
    Branch,
    Calculated,
    Choice,
    Condition,
    Definition,
    Page,
    Question,
    Quota,
    Split,
    Text,
    Thanks,
    Theme,
)
from rapport.rooms.listening.definition.texts import Key, Language

Change = Callable[[Definition], Definition]
QUESTION: TypeAdapter[Question] = TypeAdapter(Question)
_KEY: TypeAdapter[str] = TypeAdapter(Key)
_LANGUAGE: TypeAdapter[str] = TypeAdapter(Language)
LISTS = ("choices", "rows", "columns")
P = TypeVar("P", bound=BaseModel)


class EditRefused(Exception):
    """A draft cannot be changed like this; the message says why and what to do."""


# -- Finding ------------------------------------------------------------------


def page_of(definition: Definition, key: str) -> Page:
    """Return the page with a key; raise EditRefused when there is none."""
    for page in definition.pages:
        if page.key == key:
            return page
    raise EditRefused(_("There is no page %(key)s in this survey any more.") % {"key": key})


def question_of(definition: Definition, key: str) -> Question:
    """Return the question with a key; raise EditRefused when there is none."""
    for question in definition.questions():
        if question.key == key:
            return question
    raise EditRefused(_("There is no question %(key)s in this survey any more.") % {"key": key})


def page_with(definition: Definition, question: str) -> Page:
    """Return the page a question stands on."""
    question_of(definition, question)
    return next(page for page in definition.pages if any(one.key == question for one in page.questions))


def keys_of(definition: Definition) -> set[str]:
    """Return every key that is taken by a question, value or split."""
    taken = {question.key for question in definition.questions()}
    return taken | {one.key for one in definition.calculated} | {one.key for one in definition.splits}


def free_key(wanted: str, taken: set[str]) -> str:
    """Return a key made of the words given that nothing has yet."""
    plain = re.sub(r"[^a-z0-9]+", "_", wanted.lower()).strip("_")[:40].strip("_")
    stem = plain if plain[:1].isalpha() else f"q_{plain}".strip("_")
    if stem not in taken and stem != "end":
        return stem
    return next(name for number in range(2, 10_000) if (name := f"{stem}_{number}") not in taken)


# -- The whole ----------------------------------------------------------------


def change_words(
    *, title: Text | None = None, welcome: Text | None = None, thanks: Thanks | None = None
) -> Change:
    """Change what stands before and after the questions."""
    given = {"title": title, "welcome": welcome, "thanks": thanks}
    return lambda definition: _with(definition, **{k: v for k, v in given.items() if v is not None})


def change_theme(theme: Theme) -> Change:
    """Change how the survey looks."""
    return lambda definition: _with(definition, theme=theme)


def add_language(language: str) -> Change:
    """Offer the survey in another language."""
    _checked(_LANGUAGE, language, _("%(value)s is no language; write it like de or pt-BR."))

    def change(definition: Definition) -> Definition:
        if language in definition.languages:
            raise EditRefused(_("The survey is offered in %(language)s already.") % {"language": language})
        return _with(definition, languages=(*definition.languages, language))

    return change


def make_default_language(language: str) -> Change:
    """Make a language the one everything is written in first."""

    def change(definition: Definition) -> Definition:
        if language not in definition.languages:
            raise EditRefused(_("Add the language %(language)s first.") % {"language": language})
        return _with(definition, language=language)

    return change


def remove_language(language: str) -> Change:
    """Offer the survey in a language no longer; its words are dropped."""

    def change(definition: Definition) -> Definition:
        if language == definition.language:
            raise EditRefused(_("The survey is written in %(language)s first.") % {"language": language})
        kept = tuple(one for one in definition.languages if one != language)
        document = _without_language(definition.model_dump(mode="json"), language)
        return Definition.model_validate({**document, "languages": kept})

    return change


def _without_language(part: Any, language: str) -> Any:
    if isinstance(part, list):
        return [_without_language(one, language) for one in part]
    if isinstance(part, dict):
        if is_text(part):
            return {name: said for name, said in part.items() if name != language}
        return {name: _without_language(one, language) for name, one in part.items()}
    return part


def is_text(part: Mapping[str, Any]) -> bool:
    """Say whether a part of a stored document is words by language."""
    return bool(part) and all(
        isinstance(said, str) and re.fullmatch(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*", name)
        for name, said in part.items()
    )


# -- Pages --------------------------------------------------------------------


def add_page(key: str = "", *, title: Text | None = None, at: int | None = None) -> Change:
    """Add an empty page, at the end unless a place is given."""

    def change(definition: Definition) -> Definition:
        taken = {page.key for page in definition.pages}
        name = key or next(one for n in range(1, 1000) if (one := f"page{n}") not in taken)
        _checked(_KEY, name, _("%(value)s is no key: use letters, digits and _, beginning with a letter."))
        if name in taken or name == "end":
            raise EditRefused(_("The key %(key)s is taken; choose another.") % {"key": name})
        pages = list(definition.pages)
        pages.insert(len(pages) if at is None else at, Page(key=name, title=title or {}))
        return _with(definition, pages=tuple(pages))

    return change


def change_page(key: str, **values: Any) -> Change:
    """Change fields of a page: title, show_if, branches, shuffle."""
    return lambda definition: _swap_page(definition, _with(page_of(definition, key), **values))


def move_page(key: str, to: int) -> Change:
    """Put a page at a place, counted from 0."""

    def change(definition: Definition) -> Definition:
        page = page_of(definition, key)
        pages = [one for one in definition.pages if one.key != key]
        pages.insert(max(0, min(to, len(pages))), page)
        return _with(definition, pages=tuple(pages))

    return change


def step_page(key: str, by: int) -> Change:
    """Move a page up or down by one."""

    def change(definition: Definition) -> Definition:
        at = definition.pages.index(page_of(definition, key))
        return move_page(key, at + by)(definition) if at + by >= 0 else definition

    return change


def remove_page(key: str) -> Change:
    """Remove a page with its questions; refuse while something elsewhere looks at them."""

    def change(definition: Definition) -> Definition:
        page = page_of(definition, key)
        left = _with(definition, pages=tuple(one for one in definition.pages if one.key != key))
        for question in page.questions:
            _refuse_if_used(left, question.key)
        used = [p.key for p in left.pages if any(branch.to == key for branch in p.branches)]
        if used:
            raise EditRefused(
                _("A branch of page %(page)s leads to %(key)s. Change it first.")
                % {"page": used[0], "key": key}
            )
        return left

    return change


# -- Questions ----------------------------------------------------------------


def add_question(page: str, question: Question, *, at: int | None = None) -> Change:
    """Add a question to a page, at its end unless a place is given."""

    def change(definition: Definition) -> Definition:
        if question.key in keys_of(definition):
            raise EditRefused(_("The key %(key)s is taken; choose another.") % {"key": question.key})
        found = page_of(definition, page)
        questions = list(found.questions)
        questions.insert(len(questions) if at is None else at, question)
        return _swap_page(definition, _with(found, questions=tuple(questions)))

    return change


def change_question(key: str, question: Question) -> Change:
    """Put a question in the place of another; where its key changes, whatever looks at it follows."""

    def change(definition: Definition) -> Definition:
        question_of(definition, key)
        changed = _each_question(definition, lambda one: question if one.key == key else one)
        if question.key == key:
            return changed
        if question.key in keys_of(definition):
            raise EditRefused(_("The key %(key)s is taken; choose another.") % {"key": question.key})
        return _renamed(changed, key, question.key)

    return change


def move_question(key: str, page: str, at: int) -> Change:
    """Put a question at a place of a page, counted from 0."""

    def change(definition: Definition) -> Definition:
        question = question_of(definition, key)
        page_of(definition, page)
        pages = []
        for one in definition.pages:
            questions = [other for other in one.questions if other.key != key]
            if one.key == page:
                questions.insert(max(0, min(at, len(questions))), question)
            pages.append(_with(one, questions=tuple(questions)))
        return _with(definition, pages=tuple(pages))

    return change


def step_question(key: str, by: int) -> Change:
    """Move a question up or down by one, over the edge of its page too."""

    def change(definition: Definition) -> Definition:
        page = page_with(definition, key)
        at = [one.key for one in page.questions].index(key) + by
        if 0 <= at < len(page.questions):
            return move_question(key, page.key, at)(definition)
        there = definition.pages.index(page) + by
        if not 0 <= there < len(definition.pages):
            return definition
        other = definition.pages[there]
        return move_question(key, other.key, len(other.questions) if by < 0 else 0)(definition)

    return change


def copy_question(key: str) -> Change:
    """Put a copy of a question right after it; only the first stays comparable and keeps its metric."""

    def change(definition: Definition) -> Definition:
        page = page_with(definition, key)
        question = question_of(definition, key)
        told = question.model_dump(mode="json") | {"key": free_key(key, keys_of(definition)), "bank": ""}
        if "metric" in told:
            told["metric"] = ""
        at = [one.key for one in page.questions].index(key) + 1
        return add_question(page.key, QUESTION.validate_python(told), at=at)(definition)

    return change


def remove_question(key: str) -> Change:
    """Remove a question; refuse while something elsewhere looks at it."""

    def change(definition: Definition) -> Definition:
        page = page_with(definition, key)
        kept = tuple(one for one in page.questions if one.key != key)
        left = _swap_page(definition, _with(page, questions=kept))
        _refuse_if_used(left, key)
        return left

    return change


# -- Logic --------------------------------------------------------------------


def change_branches(page: str, branches: tuple[Branch, ...]) -> Change:
    """Change the ways that lead on from a page."""
    return change_page(page, branches=branches)


def change_condition(where: str, condition: Condition | None) -> Change:
    """Change when something is shown, taken or counted.

    `where` is `page:KEY`, `question:KEY`, `choice:QUESTION:KEY` (also a row or column), `branch:PAGE:NUMBER`
    or `quota:KEY`. A branch or quota needs its condition.
    """

    def change(definition: Definition) -> Definition:
        kind, _sep, rest = where.partition(":")
        if kind in {"branch", "quota"} and condition is None:
            raise EditRefused(_("This needs a condition: add at least one part, or remove the whole."))
        if kind == "page":
            return change_page(rest, show_if=condition)(definition)
        if kind == "question":
            question = _with(question_of(definition, rest), show_if=condition)
            return change_question(rest, question)(definition)
        if kind == "choice":
            return _condition_of_choice(definition, rest, condition)
        if kind == "branch":
            return _condition_of_branch(definition, rest, condition)
        if kind == "quota":
            found = quota_of(definition, rest)
            quotas = tuple(_with(q, when=condition) if q is found else q for q in definition.quotas)
            return _with(definition, quotas=quotas)
        raise EditRefused(_("%(where)s names no place of a condition.") % {"where": where})

    return change


def condition_at(definition: Definition, where: str) -> Condition | None:
    """Return the condition of a place; raise EditRefused when there is no such place."""
    kind, _sep, rest = where.partition(":")
    if kind == "page":
        return page_of(definition, rest).show_if
    if kind == "question":
        return question_of(definition, rest).show_if
    if kind == "choice":
        return _choice_at(definition, rest)[2].show_if
    if kind == "branch":
        page, number = _branch_at(definition, rest)
        return page.branches[number].when
    if kind == "quota":
        return quota_of(definition, rest).when
    raise EditRefused(_("%(where)s names no place of a condition.") % {"where": where})


def quota_of(definition: Definition, key: str) -> Quota:
    """Return the quota with a key; raise EditRefused when there is none."""
    for quota in definition.quotas:
        if quota.key == key:
            return quota
    raise EditRefused(_("There is no quota %(key)s in this survey any more.") % {"key": key})


def _choice_at(definition: Definition, rest: str) -> tuple[Question, str, Choice]:
    key, _sep, name = rest.partition(":")
    question = question_of(definition, key)
    for field in LISTS:
        for choice in getattr(question, field, ()):
            if choice.key == name:
                return question, field, choice
    raise EditRefused(_("%(question)s has no choice %(key)s.") % {"question": key, "key": name})


def _condition_of_choice(definition: Definition, rest: str, condition: Condition | None) -> Definition:
    question, field, choice = _choice_at(definition, rest)
    listed = tuple(
        _with(one, show_if=condition) if one is choice else one for one in getattr(question, field)
    )
    return change_question(question.key, _with(question, **{field: listed}))(definition)


def _branch_at(definition: Definition, rest: str) -> tuple[Page, int]:
    key, _sep, number = rest.partition(":")
    page = page_of(definition, key)
    if not number.isdigit() or int(number) >= len(page.branches):
        raise EditRefused(_("Page %(page)s has no such branch any more.") % {"page": key})
    return page, int(number)


def _condition_of_branch(definition: Definition, rest: str, condition: Condition | None) -> Definition:
    page, number = _branch_at(definition, rest)
    branches = list(page.branches)
    branches[number] = _with(branches[number], when=condition)
    return _swap_page(definition, _with(page, branches=tuple(branches)))


def change_logic(
    *,
    calculated: tuple[Calculated, ...] | None = None,
    splits: tuple[Split, ...] | None = None,
    quotas: tuple[Quota, ...] | None = None,
) -> Change:
    """Change calculated values, random splits or quotas."""
    given = {"calculated": calculated, "splits": splits, "quotas": quotas}
    return lambda definition: _with(definition, **{k: v for k, v in given.items() if v is not None})


# -- Within -------------------------------------------------------------------


def _with(part: P, **values: Any) -> P:
    """Return a part with values changed, checked like a new one."""
    try:
        return type(part).model_validate({**dict(part), **values})
    except ValidationError as error:
        raise EditRefused(told_by(error)) from error


def told_by(error: ValidationError) -> str:
    """Return what a document does not allow, each with its place."""
    return " ".join(
        f"{'.'.join(str(step) for step in one['loc'])}: {one['msg']}." for one in error.errors()[:5]
    )


def _checked(adapter: TypeAdapter[str], value: str, message: str) -> None:
    try:
        adapter.validate_python(value)
    except ValidationError as error:
        raise EditRefused(message % {"value": value}) from error


def _swap_page(definition: Definition, page: Page) -> Definition:
    return _with(definition, pages=tuple(page if one.key == page.key else one for one in definition.pages))


def _each_question(definition: Definition, change: Callable[[Question], Question]) -> Definition:
    pages = tuple(
        _with(page, questions=tuple(change(one) for one in page.questions)) for page in definition.pages
    )
    return _with(definition, pages=pages)


def _refuse_if_used(left: Definition, key: str) -> None:
    used = _users(left.model_dump(mode="json"), key, "")
    if used:
        raise EditRefused(
            _("%(user)s looks at %(key)s. Change that first, then remove the question.")
            % {"user": used, "key": key}
        )


def _users(part: Any, key: str, owner: str) -> str:
    """Return who looks at an answer: the nearest key around the place that does; empty when nobody."""
    if isinstance(part, list):
        return next((found for one in part if (found := _users(one, key, owner))), "")
    if not isinstance(part, dict):
        return ""
    owner = part.get("key", owner) if "text" in part or "questions" in part or "most" in part else owner
    if key in _named(part):
        return str(part["key"])
    if _is_answer(part, key) or part.get("question") == key:
        return str(owner or _("A condition"))
    return next((found for one in part.values() if (found := _users(one, key, owner))), "")


def _is_answer(part: Mapping[str, Any], key: str) -> bool:
    return part.get("kind") == "answer" and str(part.get("key", "")).partition(".")[0] == key


def _named(part: Mapping[str, Any]) -> list[str]:
    """Return the questions a calculated value is made of."""
    return list(part.get("of", [])) if "how" in part else []


def _renamed(definition: Definition, old: str, new: str) -> Definition:
    """Let conditions, carried choices, calculated values and texts follow a question's new key."""
    return Definition.model_validate(_follow(definition.model_dump(mode="json"), old, new))


def _follow(part: Any, old: str, new: str) -> Any:
    if isinstance(part, list):
        return [_follow(one, old, new) for one in part]
    if isinstance(part, str):
        return re.sub(r"(?<!\{)\{" + old + r"(?=[.|}])", "{" + new, part)
    if not isinstance(part, dict):
        return part
    changed = {name: _follow(one, old, new) for name, one in part.items()}
    if _is_answer(part, old):
        changed["key"] = new + part["key"][len(old) :]
    if part.get("question") == old:
        changed["question"] = new
    if "how" in part:
        changed["of"] = [new if one == old else one for one in part.get("of", [])]
    return changed


def without_gaps(question: Question) -> Question:
    """Return a question as it may stand alone: what looks at others of its survey is left out."""
    told = question.model_dump(mode="json")
    for name in ("show_if", "choices_from", "rows_from"):
        if name in told:
            told[name] = None
    for name in LISTS:
        for choice in told.get(name, []):
            choice["show_if"] = None
    return QUESTION.validate_python(told)
