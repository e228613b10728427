"""SurveyJS JSON: pages and elements in its own words; what it has no word for lies under `rapport`."""

import json
import re
from typing import Any

from rapport.rooms.listening.definition import (
    FEELINGS,
    All,
    Choice,
    Condition,
    Definition,
    Not,
    Operator,
    Page,
    Part,
    Question,
    tell,
)
from rapport.rooms.listening.definition import (
    Any as AnyOf,
)

_PIPE = re.compile(r"\{\{|\{([^{}|]+)(?:\|[^{}]*)?\}")
_HTML = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_RATED = ("nps", "csat", "effort", "rating")


def write_surveyjs(definition: Definition) -> bytes:
    """Return the definition as JSON."""
    return json.dumps(as_surveyjs(definition), ensure_ascii=False, indent=2).encode("utf-8")


def as_surveyjs(definition: Definition) -> dict[str, Any]:
    """Return the definition in SurveyJS' own terms, and beside them the document they were made of.

    Who reads it again takes the document if nothing was changed elsewhere, else the terms.
    """
    made = _in_their_terms(definition)
    made["rapport"]["definition"] = definition.model_dump(mode="json", exclude_none=True)
    return made


def is_as_it_left(document: dict[str, Any], definition: Definition) -> bool:
    """Say whether a file says in SurveyJS' terms what the document beside them says."""
    ours = document.get("rapport")
    told = (
        {name: value for name, value in ours.items() if name != "definition"}
        if isinstance(ours, dict)
        else {}
    )
    return bool({**document, "rapport": told} == json.loads(json.dumps(_in_their_terms(definition))))


def _in_their_terms(definition: Definition) -> dict[str, Any]:
    writer = _Writer(definition)
    made: dict[str, Any] = {
        "title": writer.say(definition.title),
        "locale": definition.language,
        "pages": [writer.page(page) for page in definition.pages],
        "rapport": {"languages": list(definition.languages)},
    }
    if definition.welcome:
        made["description"] = writer.say(definition.welcome)
    if definition.thanks.text:
        made["completedHtml"] = writer.say(definition.thanks.text)
    if triggers := writer.triggers():
        made["triggers"] = triggers
    return made


class _Writer:
    """Writes one survey."""

    def __init__(self, definition: Definition) -> None:
        self._definition = definition

    def say(self, text: dict[str, str]) -> Any:
        """Write a text: a string where there is one language, else a text for each."""
        found = {language: _piped(words) for language, words in text.items() if words}
        default = self._definition.language
        if list(found) == [default]:
            return found[default]
        first = {"default": found[default]} if default in found else {}
        return {**first, **{language: words for language, words in found.items() if language != default}}

    def page(self, page: Page) -> dict[str, Any]:
        """Write a page."""
        made: dict[str, Any] = {"name": page.key, "elements": [self._element(one) for one in page.questions]}
        if page.title:
            made["title"] = self.say(page.title)
        if page.show_if:
            made["visibleIf"] = expression(page.show_if)
        if page.shuffle:
            made["questionOrder"] = "random"
        return made

    def triggers(self) -> list[dict[str, Any]]:
        """Write branches: an end as completing, another page as skipping to its first question."""
        found: list[dict[str, Any]] = []
        first = {page.key: page.questions[0].key for page in self._definition.pages if page.questions}
        for page in self._definition.pages:
            for branch in page.branches:
                made = {"expression": expression(branch.when), "rapport": {"page": page.key, "to": branch.to}}
                if branch.to == "end":
                    found.append({"type": "complete", **made})
                elif branch.to in first:
                    found.append({"type": "skip", **made, "gotoName": first[branch.to]})
        return found

    def _element(self, question: Question) -> dict[str, Any]:
        made: dict[str, Any] = {"name": question.key, "title": self.say(question.text)}
        if question.help:
            made["description"] = self.say(question.help)
        if question.show_if:
            made["visibleIf"] = expression(question.show_if)
        if getattr(question, "required", False):
            made["isRequired"] = True
        if message := getattr(question, "message", {}):
            made["requiredErrorText"] = self.say(message)
        made |= self._kind(question)
        extra = {
            name: getattr(question, name)
            for name in ("bank", "metric", "allow_unknown")
            if getattr(question, name, None)
        }
        if question.type in (
            "nps",
            "csat",
            "effort",
            "rating",
            "consent",
            "contact_request",
            "emotions",
            "constant_sum",
        ):
            extra["type"] = question.type
        if question.type == "constant_sum":
            extra["total"] = question.total
        if extra:
            made["rapport"] = extra
        return made

    def _kind(self, question: Question) -> dict[str, Any]:
        made = getattr(self, f"_{question.type}", None)
        if made is not None:
            found: dict[str, Any] = made(question)
            return found
        return self._rated(question) if question.type in _RATED else self._yes_or_no(question)

    def _rated(self, question: Any) -> dict[str, Any]:
        made: dict[str, Any] = {"type": "rating", "rateMin": question.low, "rateMax": question.high}
        if question.style != "numbers":
            made["rateType"] = question.style
        if question.low_label:
            made["minRateDescription"] = self.say(question.low_label)
        if question.high_label:
            made["maxRateDescription"] = self.say(question.high_label)
        return made

    def _yes_or_no(self, question: Any) -> dict[str, Any]:
        return {"type": "boolean"}

    def _listed(self, question: Any) -> dict[str, Any]:
        made: dict[str, Any] = {"choices": [self._item(choice) for choice in question.choices]}
        if question.shuffle:
            made["choicesOrder"] = "random"
        if question.choices_from:
            made["choicesFromQuestion"] = question.choices_from.question
            made["choicesFromQuestionMode"] = (
                "selected" if question.choices_from.which == "chosen" else "unselected"
            )
        return made

    def _item(self, choice: Choice) -> dict[str, Any]:
        made: dict[str, Any] = {"value": choice.key, "text": self.say(choice.text)}
        if choice.show_if:
            made["visibleIf"] = expression(choice.show_if)
        extra: dict[str, Any] = {
            name: True for name in ("exclusive", "open", "fixed") if getattr(choice, name)
        }
        if choice.value is not None:
            extra["value"] = choice.value
        if choice.open:
            made["showCommentArea"] = True
        return {**made, "rapport": extra} if extra else made

    def _choice(self, question: Any) -> dict[str, Any]:
        return {
            "type": "dropdown" if question.style == "drop_down" else "radiogroup",
            **self._listed(question),
        }

    def _choices(self, question: Any) -> dict[str, Any]:
        made = {"type": "checkbox", **self._listed(question)}
        if question.fewest:
            made["minSelectedChoices"] = question.fewest
        if question.most:
            made["maxSelectedChoices"] = question.most
        return made

    def _ranking(self, question: Any) -> dict[str, Any]:
        made = {"type": "ranking", **self._listed(question)}
        if question.most:
            made |= {"selectToRankEnabled": True, "maxSelectedChoices": question.most}
        return made

    def _constant_sum(self, question: Any) -> dict[str, Any]:
        items = [
            {"name": one.key, "title": self.say(one.text), "inputType": "number"} for one in question.choices
        ]
        return {"type": "multipletext", "items": items}

    def _matrix(self, question: Any) -> dict[str, Any]:
        made: dict[str, Any] = {
            "type": "matrix",
            "columns": [self._item(one) for one in question.columns],
            "rows": [self._item(one) for one in question.rows],
        }
        if question.multiple:
            made["cellType"] = "checkbox"
        if question.shuffle:
            made["rowOrder"] = "random"
        return made

    def _number(self, question: Any) -> dict[str, Any]:
        made: dict[str, Any] = {"type": "text", "inputType": "number"}
        for theirs, ours in (("min", question.low), ("max", question.high)):
            if ours is not None:
                made[theirs] = f"{ours:.12g}"
        if question.decimals:
            made["step"] = 10.0**-question.decimals
        return made

    def _date(self, question: Any) -> dict[str, Any]:
        limits = {"min": question.earliest, "max": question.latest}
        return {"type": "text", "inputType": "date", **{name: day for name, day in limits.items() if day}}

    def _text(self, question: Any) -> dict[str, Any]:
        made: dict[str, Any] = {"type": "text", "maxLength": question.most}
        if question.pattern:
            made["validators"] = [{"type": "regex", "regex": question.pattern}]
        return made

    def _long_text(self, question: Any) -> dict[str, Any]:
        return {"type": "comment", "maxLength": question.most}

    def _emotions(self, question: Any) -> dict[str, Any]:
        choices = [
            {
                "value": one,
                "text": self.say({code: tell(f"feeling_{one}", code) for code in self._definition.languages}),
            }
            for one in question.offered or FEELINGS
        ]
        made: dict[str, Any] = {"type": "checkbox", "choices": choices}
        if question.most:
            made["maxSelectedChoices"] = question.most
        return made

    def _file(self, question: Any) -> dict[str, Any]:
        return {
            "type": "file",
            "maxSize": question.most_megabytes * 1024**2,
            "acceptedTypes": ", ".join(question.kinds),
        }

    def _statement(self, question: Any) -> dict[str, Any]:
        def marked(text: dict[str, str]) -> dict[str, str]:
            return {
                one: re.sub("[&<>]", lambda found: _HTML[found[0]], words).replace("\n", "<br>")
                for one, words in text.items()
            }

        return {"type": "html", "html": self.say(marked(question.text))}


def expression(condition: Condition) -> str:
    """Write a condition as SurveyJS does."""
    if isinstance(condition, Part):
        return _part(condition)
    if isinstance(condition, Not):
        return f"!({expression(condition.of)})"
    if not condition.of:
        return "1 = 1" if isinstance(condition, All) else "1 = 0"
    word = " or " if isinstance(condition, AnyOf) else " and "
    return word.join(
        one if isinstance(of, Part) else f"({one})" for of in condition.of for one in [expression(of)]
    )


_SIGNS = {
    Operator.IS: "=",
    Operator.IS_NOT: "<>",
    Operator.ONE_OF: "anyof",
    Operator.AT_LEAST: ">=",
    Operator.AT_MOST: "<=",
    Operator.CONTAINS: "contains",
    Operator.LACKS: "notcontains",
}


def _part(part: Part) -> str:
    name = f"{{{part.subject.key}.{part.subject.row}}}" if part.subject.row else f"{{{part.subject.key}}}"
    if part.operator is Operator.ANSWERED:
        return f"{name} notempty"
    if part.operator is Operator.UNANSWERED:
        return f"{name} empty"
    if part.operator is Operator.NONE_OF:
        return f"!({name} anyof {_value(part.value)})"
    return f"{name} {_SIGNS[part.operator]} {_value(part.value)}"


def _value(value: Any) -> str:
    if isinstance(value, tuple):
        return "[" + ", ".join(_value(one) for one in value) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.12g}"
    quoted = str(value or "").replace("\\", "\\\\").replace("'", "\\'")
    return f"'{quoted}'"


def _piped(words: str) -> str:
    return _PIPE.sub(lambda found: "{" if found[0] == "{{" else f"{{{found[1].strip()}}}", words)
