"""Texts of rivals become plain words: HTML is stripped, pipes are translated, braces are made inert."""

import re
from collections.abc import Callable
from html.parser import HTMLParser

Pipe = Callable[[str], str | None]
"""Takes a pipe as its rival writes it; returns our reference (`q1`, `contact.name`), or None."""

_BREAKS = frozenset(
    [
        "address",
        "article",
        "blockquote",
        "br",
        "dd",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "li",
        "main",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "ul",
    ]
)
_SILENT = frozenset(
    ("script", "style", "template", "noscript", "iframe", "object", "svg", "math", "head", "title")
)
_START, _END = "\ue000", "\ue001"
_STRANGE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ue000\ue001\ud800-\udfff\u202a-\u202e\u2066-\u2069]")
_HELD = re.compile(f"{_START}(\\d+){_END}")
_TAG = re.compile(r"<[a-zA-Z/!?]|&[#a-zA-Z]")


class _Words(HTMLParser):
    """Keeps what a reader would see."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._silent: list[str] = []
        self.pictures = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self._silent.append(tag)
        elif tag in _BREAKS:
            self.parts.append("\n")
        elif tag == "img":
            self.pictures += 1
            told = next((value for name, value in attrs if name == "alt" and value), "")
            self.parts.append(f" {told} " if told else "")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _SILENT:
            self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag in self._silent:
            while self._silent and self._silent.pop() != tag:
                pass
        elif tag in _BREAKS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.parts.append(data)


_UNCLOSED = re.compile(r"<(?=[^<>]*<)")
_MOST_UNCLOSED = 100


def stripped(text: object) -> str:
    """Return the words of an HTML text, a line for each block; scripts and styles leave nothing."""
    return _words_of(text)[0]


def _words_of(text: object) -> tuple[str, int]:
    raw = text if isinstance(text, str) else "" if text is None else str(text)
    pictures = 0
    if _TAG.search(raw):
        if len(_UNCLOSED.findall(raw)) > _MOST_UNCLOSED:
            # Each would make the parser look to the end of the text again; no tag is meant by any.
            raw = _UNCLOSED.sub("&lt;", raw)
        reader = _Words()
        reader.feed(raw)
        reader.close()
        raw, pictures = "".join(reader.parts), reader.pictures
    clean = _STRANGE.sub(lambda found: found[0] if found[0] in (_START, _END) else "", raw)
    lines = (" ".join(line.split()) for line in clean.replace("\xa0", " ").splitlines())
    return "\n".join(line for line in lines if line), pictures


class Cleaner:
    """Cleans the texts of one file and remembers what could not be kept of them."""

    def __init__(self, pattern: str, translate: Pipe) -> None:
        self._pattern = re.compile(pattern)
        self._translate = translate
        self.lost: list[str] = []

    def clean(self, text: object) -> str:
        """Return plain words with our pipes; a pipe we cannot translate stays as inert words and is noted."""
        raw = _STRANGE.sub("", text) if isinstance(text, str) else text
        if not isinstance(raw, str) or not raw:
            return _escaped(stripped(raw))
        held: list[str] = []

        def hold(found: "re.Match[str]") -> str:
            ours = self._translate(stripped(found[0]))
            if ours is None:
                self.lost.append(
                    f"The pipe {stripped(found[0])[:120]} cannot be translated; it stays as plain words."
                )
                held.append(_escaped(stripped(found[0])))
            else:
                held.append("{" + ours + "}")
            return f"{_START}{len(held) - 1}{_END}"

        words, pictures = _words_of(self._pattern.sub(hold, raw))
        if pictures:
            self.lost.append("A picture inside the text is not taken over; only its description is.")
        return _HELD.sub(lambda found: held[int(found[1])], _escaped(words))

    def taken(self) -> list[str]:
        """Return what was lost since the last call, each once."""
        lost, self.lost = list(dict.fromkeys(self.lost)), []
        return lost


def _escaped(words: str) -> str:
    return words.replace("{", "{{")
