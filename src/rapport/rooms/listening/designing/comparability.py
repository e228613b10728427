"""Whether answers can still be compared: with the question bank, and with the version before."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from rapport.rooms.listening.definition import Definition, Question
from rapport.rooms.listening.designing.edits import LISTS

SCALE = ("type", "low", "high", "total", "decimals", "multiple", "metric")


@dataclass(frozen=True)
class Break:
    """A change after which the same question cannot be compared, or only with care."""

    question: str
    against: str
    """`bank`, or the number of the version."""
    message: str
    breaks: bool = True
    """False when only the words differ."""


def broken_by(before: Question, after: Question) -> list[str]:
    """Return why answers to one cannot be compared with answers to the other; nothing when they can."""
    told = []
    old, new = before.model_dump(mode="json"), after.model_dump(mode="json")
    if old["type"] != new["type"]:
        return [_("It is of another type: %(new)s, not %(old)s.") % {"new": new["type"], "old": old["type"]}]
    if (old.get("low"), old.get("high")) != (new.get("low"), new.get("high")):
        told.append(_("Its scale runs from %(new)s, not %(old)s.") % {"new": _span(new), "old": _span(old)})
    if old.get("total") != new.get("total"):
        told.append(_("It shares out another total."))
    if bool(old.get("multiple")) != bool(new.get("multiple")):
        told.append(_("It allows another number of answers in a row."))
    if old.get("metric", "") != new.get("metric", ""):
        told.append(_("It scores another metric."))
    for name in LISTS:
        told += _lists(name, old.get(name, []), new.get(name, []))
    return told


def _span(question: Mapping[str, Any]) -> str:
    return _("%(low)s to %(high)s") % {"low": question.get("low"), "high": question.get("high")}


def _quoted(keys: list[str]) -> str:
    return ", ".join(f"\u201c{key}\u201d" for key in keys)


def _lists(name: str, old: list[dict[str, Any]], new: list[dict[str, Any]]) -> list[str]:
    """Compare what can be chosen: keys that came or went, and the numbers they stand for."""
    was, is_now = {one["key"]: one for one in old}, {one["key"]: one for one in new}
    what = {"choices": _("choices"), "rows": _("rows"), "columns": _("columns")}[name]
    told = []
    if gone := [key for key in was if key not in is_now]:
        told.append(_("Its %(what)s lack %(keys)s.") % {"what": what, "keys": _quoted(gone)})
    if came := [key for key in is_now if key not in was]:
        told.append(_("Its %(what)s have %(keys)s besides.") % {"what": what, "keys": _quoted(came)})
    if any(was[key]["value"] != is_now[key]["value"] for key in was if key in is_now):
        told.append(_("Its %(what)s stand for other numbers.") % {"what": what})
    return told


def reworded(before: Question, after: Question) -> bool:
    """Say whether the words respondents read differ in a language both have."""
    return any(before.text[name] != after.text[name] for name in before.text if after.text.get(name))


def compare_with_bank(definition: Definition, bank: Mapping[str, Question]) -> list[Break]:
    """Return where a survey asks a question of the bank in another way than the bank does."""
    found = []
    for question in definition.questions():
        kept = bank.get(question.bank)
        if kept is None:
            continue
        why = broken_by(kept, question)
        if why:
            found.append(Break(question.key, "bank", _("Not comparable with the bank. ") + " ".join(why)))
        elif reworded(kept, question):
            message = _("Worded differently from the bank; compare with care.")
            found.append(Break(question.key, "bank", message, breaks=False))
    return found


def compare_with_version(definition: Definition, before: Definition, number: int) -> list[Break]:
    """Return where the draft asks what a published version asked in another way, or no longer."""
    now = {question.key: question for question in definition.questions()}
    by_bank = {question.bank: question for question in definition.questions() if question.bank}
    found = []
    for question in before.questions():
        same = now.get(question.key) or (by_bank.get(question.bank) if question.bank else None)
        if same is None:
            if question.type != "statement":
                told = _("Asked in version %(n)d and dropped here; its line ends.") % {"n": number}
                found.append(Break(question.key, str(number), told))
            continue
        why = broken_by(question, same)
        if question.bank and same.bank != question.bank:
            why.append(_("It lost the stable key %(key)s.") % {"key": question.bank})
        if why:
            told = _("Not comparable with version %(n)d. ") % {"n": number} + " ".join(why)
            found.append(Break(same.key, str(number), told))
    return found
