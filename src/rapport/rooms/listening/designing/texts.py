"""Every text of a survey with its place, so that languages can stand side by side."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from rapport.rooms.listening.definition import Definition
from rapport.rooms.listening.designing.naming import FIELDS

TEXTS = ("title", "welcome", "text", "help", "message", "low_label", "high_label", "unit")


@dataclass(frozen=True)
class Place:
    """One text: its path in the document, what it is called, and its words by language."""

    path: str
    label: str
    said: Mapping[str, str]
    question: str = ""
    page: str = ""

    def is_long(self) -> bool:
        """Say whether it deserves several lines."""
        return any(len(words) > 60 or "\n" in words for words in self.said.values())


def texts_of(definition: Definition) -> list[Place]:
    """Return every text that is written in any language, in the order of the survey."""
    document = definition.model_dump(mode="json")
    found = [
        Place("title", _("Title of the survey"), document["title"]),
        Place("welcome", _("Welcome"), document["welcome"]),
        *_pages(document),
        *(
            Place(f"quotas.{at}.message", _("Quota %(key)s") % {"key": quota["key"]}, quota["message"])
            for at, quota in enumerate(document["quotas"])
        ),
        Place("thanks.text", _("Thanks"), document["thanks"]["text"]),
    ]
    return [place for place in found if any(words.strip() for words in place.said.values())]


def _pages(document: Mapping[str, Any]) -> Iterator[Place]:
    for number, page in enumerate(document["pages"]):
        start = f"pages.{number}"
        yield Place(
            f"{start}.title", _("Page %(key)s") % {"key": page["key"]}, page["title"], "", page["key"]
        )
        for at, question in enumerate(page["questions"]):
            yield from _question(f"{start}.questions.{at}", question, page["key"])


def _question(start: str, question: Mapping[str, Any], page: str) -> Iterator[Place]:
    key = question["key"]
    for name in TEXTS:
        if isinstance(question.get(name), dict):
            label = key if name == "text" else f"{key}: {FIELDS[name]}"
            yield Place(f"{start}.{name}", label, question[name], key, page)
    for name in ("choices", "rows", "columns"):
        for at, choice in enumerate(question.get(name) or ()):
            label = f"{key}: {choice['key']}"
            yield Place(f"{start}.{name}.{at}.text", label, choice["text"], key, page)


def missing_in(places: list[Place], language: str) -> int:
    """Return how many texts a language lacks."""
    return sum(not place.said.get(language, "").strip() for place in places)


def with_words(definition: Definition, language: str, said: Mapping[str, str]) -> Definition:
    """Return a survey with texts written in one language; an empty one is taken away."""
    document = definition.model_dump(mode="json")
    known = {place.path for place in texts_of(definition)}
    for path, words in said.items():
        if path in known:
            _write(document, path.split("."), language, words)
    return Definition.model_validate(document)


def _write(document: Any, path: list[str], language: str, words: str) -> None:
    part = document
    for step in path:
        part = part[int(step)] if isinstance(part, list) else part[step]
    if words.strip():
        part[language] = words.replace("\r\n", "\n")
    else:
        part.pop(language, None)
