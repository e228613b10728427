"""Reading a colleague's reply: who wrote it, to whom, and what is new in it; quotes are cut."""

import hashlib
import re
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import getaddresses
from html.parser import HTMLParser
from typing import Any

from mailparser_reply import EmailReplyParser

LARGEST = 10 * 2**20
LONGEST = 20_000
LANGUAGES = ["en", "de", "fr", "nl"]
# Where mail servers write down for whom they took a message, beside what its sender wrote.
TO = ("To", "Cc", "Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "X-Forwarded-To")
# What is left of a quotation or of a telephone's greeting at the end of the new text.
_LEFT = re.compile(
    r"^\s*(?:_{5,}|-{2,}.*(?:original|ursprüngliche|oorspronkelijk|d'origine).*-{2,}|-- ?"
    r"|(?:sent from|von meinem|gesendet von|verstuurd vanaf|envoyé de|get outlook for|outlook für)\b.*)\s*$",
    re.IGNORECASE,
)
SIGNATURE_LINES = 8
# "Am Montag schrieb er:" is what somebody says; what introduces a quotation has a date or an address in it.
_SAYS = re.compile(r"^(?=\s*(?:am|on|le|op)\b[^\d@<>]*:\s*$)", re.IGNORECASE | re.MULTILINE)
_MARK = "\u2060"


class NoMail(ValueError):
    """This is no message, or one too large."""


@dataclass(frozen=True)
class Reply:
    """A message as far as it matters here."""

    message_id: str
    sender: str
    to: tuple[str, ...]
    text: str
    files: tuple[str, ...] = ()
    automatic: str = ""
    """Why a machine must have sent it; empty where a person seems to have."""


def read_reply(raw: bytes) -> Reply:
    """Read a message; raise NoMail when it cannot be one."""
    if len(raw) > LARGEST:
        raise NoMail("The message is larger than 10 MB.")
    message: Any = message_from_bytes(raw, policy=policy.default)
    senders = getaddresses([str(one) for one in message.get_all("From", [])])
    if not senders:
        raise NoMail("This is no message: it has no sender.")
    to = getaddresses([str(one) for name in TO for one in message.get_all(name, [])])
    named = str(message.get("Message-ID", "")).strip()
    return Reply(
        # Two senders are as good as none: nobody can say who of them wrote.
        sender=senders[0][1].strip().lower() if len(senders) == 1 else "",
        message_id=named[:250] if named else f"sha256:{hashlib.sha256(raw).hexdigest()}",
        to=tuple(address for _name, address in to if address),
        text=new_text(_body(message))[:LONGEST],
        files=tuple(_names(message)),
        automatic=_automatic(message),
    )


def _automatic(message: Any) -> str:
    """Say by which sign a machine sent it (RFC 3834, and what older programs write instead)."""
    submitted = str(message.get("Auto-Submitted", "no")).split(";")[0].strip().lower()
    if submitted != "no":
        return f"Auto-Submitted: {submitted}"[:100]
    precedence = str(message.get("Precedence", "")).strip().lower()
    if precedence in {"bulk", "junk", "list", "auto_reply"}:
        return f"Precedence: {precedence}"
    for name in ("X-Autoreply", "X-Autorespond", "X-Auto-Response", "List-Id"):
        if message.get(name):
            return name
    if str(message.get("Return-Path", "x")).strip() == "<>":
        return "Return-Path: <>"
    if message.get_content_type() in {"multipart/report", "message/delivery-status"}:
        return str(message.get_content_type())
    return ""


def _names(message: Any) -> list[str]:
    return (
        [part.get_filename() or part.get_content_type() for part in message.iter_attachments()]
        if (message.is_multipart())
        else []
    )


def _body(message: EmailMessage) -> str:
    """Return what was written, from the plain part where there is one, otherwise from the HTML."""
    plain = message.get_body(("plain",))
    text = _content(plain).strip() if plain else ""
    if text:
        return text
    rich = message.get_body(("html",))
    return text_of(_content(rich)) if rich else ""


def _content(part: Any) -> str:
    try:
        return str(part.get_content())
    except (LookupError, UnicodeError):  # a character set nobody knows
        payload = part.get_payload(decode=True)
        return payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""


def new_text(text: str) -> str:
    """Return what is new in a reply: without what it quotes and without the signature."""
    lines = text.replace("\r\n", "\n").replace("\xa0", " ").replace("\0", "").strip()
    read = EmailReplyParser(languages=LANGUAGES).read(_SAYS.sub(_MARK, lines))
    found = str(read.replies[0].body if read.replies else "").replace(_MARK, "")
    kept = found.strip().split("\n")
    while kept and (not kept[-1].strip() or _LEFT.match(kept[-1])):
        kept.pop()
    return "\n".join(line.rstrip() for line in kept).strip()


def without_name(text: str, name: str) -> str:
    """Cut the lines at the end that begin with the writer's own name: a signature without its mark."""
    lines = text.split("\n")
    for at in range(max(0, len(lines) - SIGNATURE_LINES), len(lines)):
        if lines[at].strip().rstrip(",").casefold() == name.casefold():
            return "\n".join(lines[:at]).strip()
    return text


def text_of(html: str) -> str:
    """Return the words of an HTML message, its quotations left out."""
    reader = _Words()
    reader.feed(html)
    reader.close()
    lines = "".join(reader.parts).split("\n")
    text = "\n".join(" ".join(line.split()) for line in lines)
    return re.sub(r"\n{3,}", "\n\n", text).strip()


_SILENT = frozenset({"style", "script", "head", "title", "blockquote"})
_BLOCKS = frozenset({"p", "div", "tr", "li", "h1", "h2", "h3", "table", "ul", "ol"})
_VOID = frozenset({"br", "hr", "img", "meta", "link", "input", "col", "area", "base", "wbr"})
_QUOTED = re.compile(
    r"gmail_quote|gmail_signature|moz-cite-prefix|moz-signature|yahoo_quoted|protonmail_quote"
)
# From here on Outlook shows the message that is answered.
_END = re.compile(r"^(?:x_)*(?:divRplyFwdMsg|appendonsend|mail-editor-reference-message-container)$")


class _Words(HTMLParser):
    """Collects the words outside of quotations."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.silent: list[str] = []
        self.ended = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        self.ended = self.ended or bool(_END.match(told.get("id") or ""))
        if tag in _VOID:
            if tag == "br":
                self._say("\n")
            return
        quoted = _QUOTED.search(f"{told.get('class') or ''} {told.get('id') or ''}")
        if self.silent or tag in _SILENT or quoted:
            self.silent.append(tag)
        elif tag in _BLOCKS:
            self._say("\n")

    def handle_endtag(self, tag: str) -> None:
        if self.silent:
            if tag in self.silent:
                while self.silent.pop() != tag:
                    pass
        elif tag in _BLOCKS:
            self._say("\n")

    def handle_data(self, data: str) -> None:
        self._say(data.replace("\n", " ").replace("\r", " "))

    def _say(self, words: str) -> None:
        if not self.silent and not self.ended:
            self.parts.append(words)
