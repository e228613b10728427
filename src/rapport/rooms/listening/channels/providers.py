"""The port to whoever carries short messages and chats: a webhook, anything apprise knows, or a folder."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import quote, urlsplit

import apprise
import requests

from rapport.kernel.environment import SettingsError, environment
from rapport.kernel.outbound.signing import sign

SECONDS = 20


class NotTaken(Exception):
    """The provider certainly has not taken the message; `for_good` when trying again would not help."""

    def __init__(self, reason: str, *, for_good: bool) -> None:
        super().__init__(reason[:300])
        self.for_good = for_good


class Unclear(Exception):
    """The message was handed over but no answer came: it may or may not have been taken."""


class Provider(Protocol):
    """Something that carries short messages."""

    def hand_over(self, *, key: str, to: str, text: str, at: int) -> None:
        """Hand a message over; raise NotTaken or Unclear when it was not plainly taken."""


def provider() -> Provider | None:
    """Return the provider that the settings name; None when none is."""
    address = environment().read_secret("messages_url") or ""
    if not address:
        return None
    scheme = urlsplit(address).scheme
    if scheme == "folder":
        return Folder(environment().data_dir / "messages")
    if scheme in {"webhook+http", "webhook+https"}:
        return Webhook(address.removeprefix("webhook+"), environment().read_secret("messages_secret") or "")
    if "{to}" not in address:
        raise SettingsError("RAPPORT_MESSAGES_URL: write {to} where the number of the person belongs.")
    return Apprise(address)


@dataclass(frozen=True)
class Folder:
    """Writes each message to a file: for trying things out."""

    folder: Path

    def hand_over(self, *, key: str, to: str, text: str, at: int) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        name = hashlib.sha256(key.encode()).hexdigest()[:20]
        told = json.dumps({"to": to, "text": text, "at": at}, ensure_ascii=False)
        (self.folder / f"{name}.json").write_text(told, encoding="utf-8")


@dataclass(frozen=True)
class Webhook:
    """Posts each message as JSON, signed as Standard Webhooks say; a repeated one keeps its id."""

    url: str
    secret: str = ""

    def hand_over(self, *, key: str, to: str, text: str, at: int) -> None:
        body = json.dumps({"id": key, "to": to, "text": text}, ensure_ascii=False).encode()
        headers = {"Content-Type": "application/json", "Webhook-Id": key, "Webhook-Timestamp": str(at)}
        if self.secret:
            headers["Webhook-Signature"] = sign(self.secret, key, at, body)
        try:
            answer = requests.post(
                self.url, data=body, headers=headers, timeout=SECONDS, allow_redirects=False
            )
        except (requests.ConnectTimeout, requests.exceptions.InvalidURL) as error:
            raise NotTaken(type(error).__name__, for_good=False) from error
        except requests.RequestException as error:
            if _was_refused(error):
                raise NotTaken("The provider could not be reached.", for_good=False) from error
            raise Unclear(type(error).__name__) from error
        if answer.status_code == 429:
            raise NotTaken("429 too many messages", for_good=False)
        if 300 <= answer.status_code < 500:
            raise NotTaken(f"{answer.status_code} {answer.reason}", for_good=True)
        if answer.status_code >= 500:
            raise Unclear(f"{answer.status_code} {answer.reason}")


def _was_refused(error: BaseException | None) -> bool:
    """Say whether the connection was never made, so that nothing can have arrived."""
    seen: BaseException | None = error
    for _depth in range(8):
        if seen is None:
            return False
        if isinstance(seen, ConnectionRefusedError) or type(seen).__name__ == "NewConnectionError":
            return True
        reason = getattr(seen, "reason", None)
        inside = next((arg for arg in seen.args if isinstance(arg, BaseException)), None)
        seen = reason if isinstance(reason, BaseException) else inside or seen.__cause__ or seen.__context__
    return False


@dataclass(frozen=True)
class Apprise:
    """Hands over to whatever service apprise knows; it tells yes or no, so a no leaves a doubt."""

    template: str

    def hand_over(self, *, key: str, to: str, text: str, at: int) -> None:
        carrier = apprise.Apprise()
        if not carrier.add(self.template.replace("{to}", quote(to, safe=""))):
            raise NotTaken("apprise does not know this address.", for_good=True)
        if not carrier.notify(body=text):
            raise Unclear("The service did not say that it took the message.")
