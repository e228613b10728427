"""A whole Rapport in processes of its own: embedded database, web, worker, and a mail server that counts."""

import email
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller

COMMAND = [sys.executable, "-m", "rapport.cli"]
START_SECONDS = 180


@dataclass
class Postbox:
    """What the mail server accepted, with the moment it did."""

    letters: list[tuple[float, Message]] = field(default_factory=list)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.letters.append((time.monotonic(), email.message_from_bytes(envelope.content)))
        return "250 kept"

    def about(self, words: str) -> list[Message]:
        """Return the letters whose subject holds these words."""
        return [letter for _at, letter in self.letters if words in str(letter["Subject"])]


@dataclass(frozen=True)
class Household:
    """Where a running Rapport is, and how to call its command."""

    url: str
    postbox: Postbox
    environment: dict[str, str]

    def run(self, *arguments: str) -> str:
        """Run a command of Rapport beside the running server and return what it printed."""
        done = subprocess.run(
            [*COMMAND, *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )
        return done.stdout

    def add_user(self, address: str, role: str) -> str:
        """Add a user and return the password that was printed."""
        printed = self.run("user", "add", address, "--name", address.split("@")[0].title(), "--role", role)
        found = re.search(r"Password \(shown only now\): (\S+)", printed)
        assert found, printed
        return found.group(1)


@contextmanager
def running_household() -> Iterator[Household]:
    """Start Rapport in an empty folder on free ports, and stop it and take the folder away afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="rapport-house-", dir="/tmp"))
    folder.chmod(0o711)
    postbox = Postbox()
    port, mail_port = _free_port(), _free_port()
    mail = Controller(postbox, hostname="127.0.0.1", port=mail_port)
    mail.start()
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    environment |= {
        "RAPPORT_DATA_DIR": str(folder),
        "RAPPORT_MAIL_URL": f"smtp://127.0.0.1:{mail_port}",
        "RAPPORT_BASE_URL": f"http://127.0.0.1:{port}",
        "RAPPORT_SECRET_KEY": secrets.token_urlsafe(40),
        "RAPPORT_LOG_LEVEL": "error",
    }
    log = (folder / "serve.log").open("w")
    serve = [*COMMAND, "serve", "--port", str(port), "--workers", "1"]
    process = subprocess.Popen(
        serve, env=environment, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
    )
    try:
        _wait_until_ready(f"http://127.0.0.1:{port}/ready", process, folder / "serve.log")
        yield Household(f"http://127.0.0.1:{port}", postbox, environment)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=90)
        mail.stop()
        log.close()
        shutil.rmtree(folder)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_until_ready(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    ends = time.monotonic() + START_SECONDS
    while time.monotonic() < ends and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5):  # noqa: S310 - our own loopback address
                return
        except OSError:
            time.sleep(0.3)
    raise AssertionError(f"Rapport did not become ready:\n{log.read_text()}")
