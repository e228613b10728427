"""What can be done to a draft from its page: each action reads its form and returns the edit."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _
from pydantic import TypeAdapter, ValidationError

from rapport.rooms.listening.definition import (
    All,
    Branch,
    Calculated,
    Definition,
    Page,
    Quota,
    Split,
    Thanks,
)
from rapport.rooms.listening.definition.survey import END
from rapport.rooms.listening.designing import edits
from rapport.rooms.listening.designing.edits import Change, EditRefused
from rapport.rooms.listening.designing.forms import blank_question
from rapport.rooms.listening.designing.naming import TYPES
from rapport.rooms.listening.designing.services import add_from_bank
from rapport.rooms.listening.models import BankQuestion

ALWAYS = All(of=())


@dataclass(frozen=True)
class Act:
    """An edit, and what the page shows after it."""

    change: Change
    show: dict[str, str]


@dataclass(frozen=True)
class Asked:
    """What was sent: the form, the draft it was made on, and the language that is edited."""

    data: QueryDict
    draft: Definition
    language: str

    def one(self, name: str) -> str:
        """Return a field without the blanks around it."""
        return self.data.get(name, "").strip()

    def number(self, name: str, otherwise: int = 0) -> int:
        """Return a whole number."""
        try:
            return int(self.one(name))
        except ValueError:
            return otherwise

    def text(self, name: str, before: dict[str, str]) -> dict[str, str]:
        """Return a text with what was written in the language that is edited."""
        kept = {language: said for language, said in before.items() if language != self.language}
        said = self.one(name).replace("\r\n", "\n")
        return {**kept, self.language: said} if said else kept


def _made(adapter: Any, told: Any) -> Any:
    try:
        return TypeAdapter(adapter).validate_python(told)
    except ValidationError as error:
        raise EditRefused(edits.told_by(error)) from error


# -- Pages and questions ------------------------------------------------------


def add_page(asked: Asked) -> Act:
    taken = {page.key for page in asked.draft.pages}
    key = next(name for number in range(1, 1000) if (name := f"page{number}") not in taken)
    return Act(edits.add_page(key), {"page": key})


def save_page(asked: Asked) -> Act:
    page = edits.page_of(asked.draft, asked.one("page"))
    title = asked.text("title", page.title)
    change = edits.change_page(page.key, title=title, shuffle="shuffle" in asked.data)
    return Act(change, {"page": page.key})


def step_page(asked: Asked) -> Act:
    key = asked.one("page")
    return Act(edits.step_page(key, asked.number("by", 1)), {"page": key})


def place_page(asked: Asked) -> Act:
    key = asked.one("page")
    return Act(edits.move_page(key, asked.number("at")), {"page": key})


def remove_page(asked: Asked) -> Act:
    return Act(edits.remove_page(asked.one("page")), {})


def add_question(asked: Asked) -> Act:
    kind = asked.one("type")
    if kind not in TYPES:
        raise EditRefused(_("There is no type of question %(type)s.") % {"type": kind})
    key = edits.free_key(kind, edits.keys_of(asked.draft))
    at = asked.number("at", -1)
    change = edits.add_question(asked.one("page"), blank_question(kind, key), at=at if at >= 0 else None)
    return Act(change, {"question": key})


def add_banked(asked: Asked) -> Act:
    row = BankQuestion.objects.filter(pk=asked.one("bank"), retired=False).first()
    if row is None:
        raise EditRefused(_("Choose a question of the bank."))
    key = edits.free_key(row.key, edits.keys_of(asked.draft))
    return Act(add_from_bank(asked.one("page"), row), {"question": key})


def step_question(asked: Asked) -> Act:
    key = asked.one("question")
    return Act(edits.step_question(key, asked.number("by", 1)), {"question": key})


def place_question(asked: Asked) -> Act:
    key = asked.one("question")
    return Act(edits.move_question(key, asked.one("page"), asked.number("at")), {"question": key})


def copy_question(asked: Asked) -> Act:
    key = asked.one("question")
    return Act(edits.copy_question(key), {"question": edits.free_key(key, edits.keys_of(asked.draft))})


def remove_question(asked: Asked) -> Act:
    key = asked.one("question")
    page = edits.page_with(asked.draft, key)
    return Act(edits.remove_question(key), {"page": page.key})


def drop_bank_key(asked: Asked) -> Act:
    question = edits.question_of(asked.draft, asked.one("question"))
    told = question.model_dump(mode="json") | {"bank": ""}
    return Act(
        edits.change_question(question.key, edits.QUESTION.validate_python(told)), {"question": question.key}
    )


# -- The whole ----------------------------------------------------------------


def save_survey(asked: Asked) -> Act:
    draft = asked.draft
    thanks = Thanks(
        text=asked.text("thanks", draft.thanks.text),
        offer_contact="offer_contact" in asked.data,
        show_done="show_done" in asked.data,
    )
    change = edits.change_words(
        title=asked.text("title", draft.title), welcome=asked.text("welcome", draft.welcome), thanks=thanks
    )
    return Act(change, {"part": "survey"})


# -- Branches -----------------------------------------------------------------


def add_branch(asked: Asked) -> Act:
    page = edits.page_of(asked.draft, asked.one("page"))
    branch = _made(Branch, {"when": ALWAYS, "to": asked.one("to") or END})
    change = edits.change_branches(page.key, (*page.branches, branch))
    return Act(change, {"condition": f"branch:{page.key}:{len(page.branches)}"})


def save_branch(asked: Asked) -> Act:
    page, number = _branch(asked)
    branches = list(page.branches)
    branches[number] = _made(Branch, {"when": branches[number].when, "to": asked.one("to")})
    return Act(edits.change_branches(page.key, tuple(branches)), {"page": page.key})


def step_branch(asked: Asked) -> Act:
    page, number = _branch(asked)
    branches = list(page.branches)
    branch = branches.pop(number)
    branches.insert(max(0, number + asked.number("by", 1)), branch)
    return Act(edits.change_branches(page.key, tuple(branches)), {"page": page.key})


def remove_branch(asked: Asked) -> Act:
    page, number = _branch(asked)
    left = tuple(one for at, one in enumerate(page.branches) if at != number)
    return Act(edits.change_branches(page.key, left), {"page": page.key})


def _branch(asked: Asked) -> tuple[Page, int]:
    page, number = edits.page_of(asked.draft, asked.one("page")), asked.number("branch", -1)
    if not 0 <= number < len(page.branches):
        raise EditRefused(_("Page %(page)s has no such branch any more.") % {"page": page.key})
    return page, number


# -- Values, splits, quotas ---------------------------------------------------

LOGIC = {"part": "logic"}


def add_value(asked: Asked) -> Act:
    told = {"key": asked.one("key"), "how": asked.one("how"), "of": asked.data.getlist("of")}
    if not told["of"]:
        raise EditRefused(_("Name at least one question the value is made of."))
    value = _made(Calculated, told)
    _refuse_taken(asked.draft, value.key)
    return Act(edits.change_logic(calculated=(*asked.draft.calculated, value)), LOGIC)


def remove_value(asked: Asked) -> Act:
    left = tuple(one for one in asked.draft.calculated if one.key != asked.one("key"))
    return Act(edits.change_logic(calculated=left), LOGIC)


def add_split(asked: Asked) -> Act:
    arms = []
    for one in filter(None, (part.strip() for part in asked.one("arms").split(","))):
        name, _sep, share = one.partition(" ")
        arms.append({"key": name, "share": share.strip() or 1})
    if len(arms) < 2:
        raise EditRefused(_("Name at least two ways, such as: new 1, old 1"))
    split = _made(Split, {"key": asked.one("key"), "arms": arms})
    _refuse_taken(asked.draft, split.key)
    return Act(edits.change_logic(splits=(*asked.draft.splits, split)), LOGIC)


def remove_split(asked: Asked) -> Act:
    left = tuple(one for one in asked.draft.splits if one.key != asked.one("key"))
    return Act(edits.change_logic(splits=left), LOGIC)


def add_quota(asked: Asked) -> Act:
    told = {"key": asked.one("key"), "when": ALWAYS, "most": asked.one("most")}
    quota = _made(Quota, told | {"message": asked.text("message", {})})
    if any(one.key == quota.key for one in asked.draft.quotas):
        raise EditRefused(_("The key %(key)s is taken; choose another.") % {"key": quota.key})
    return Act(edits.change_logic(quotas=(*asked.draft.quotas, quota)), {"condition": f"quota:{quota.key}"})


def save_quota(asked: Asked) -> Act:
    found = edits.quota_of(asked.draft, asked.one("key"))
    told = {"key": found.key, "when": found.when, "most": asked.one("most")}
    quota = _made(Quota, told | {"message": asked.text("message", found.message)})
    changed = tuple(quota if one is found else one for one in asked.draft.quotas)
    return Act(edits.change_logic(quotas=changed), LOGIC)


def remove_quota(asked: Asked) -> Act:
    left = tuple(one for one in asked.draft.quotas if one.key != asked.one("key"))
    return Act(edits.change_logic(quotas=left), LOGIC)


def _refuse_taken(draft: Definition, key: str) -> None:
    if key in edits.keys_of(draft):
        raise EditRefused(_("The key %(key)s is taken; choose another.") % {"key": key})


ACTIONS: dict[str, Callable[[Asked], Act]] = {
    "add-page": add_page,
    "page": save_page,
    "step-page": step_page,
    "place-page": place_page,
    "remove-page": remove_page,
    "add-question": add_question,
    "add-banked": add_banked,
    "step-question": step_question,
    "place-question": place_question,
    "copy-question": copy_question,
    "remove-question": remove_question,
    "drop-bank-key": drop_bank_key,
    "survey": save_survey,
    "add-branch": add_branch,
    "branch": save_branch,
    "step-branch": step_branch,
    "remove-branch": remove_branch,
    "add-value": add_value,
    "remove-value": remove_value,
    "add-split": add_split,
    "remove-split": remove_split,
    "add-quota": add_quota,
    "quota": save_quota,
    "remove-quota": remove_quota,
}
