"""How long from an unhappy answer to the mail its owner's server accepts: 50 a second, 200 rules, one worker.

Everything is real: an embedded database with durability on, `rapport worker` as a process of its own, and a mail
server on loopback. This process records the answers, each at its appointed time, through the service that the API
uses. `--seconds 600` is the whole run; the usual one is short. The time counts from the appointed moment, so that
falling behind shows. Beside it: the same answers recorded with nobody listening to them.
"""

import argparse
import re
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller

from bench.drill_crash import Process, free_port, prepare
from bench.line import Line

RULES, ACCOUNTS, THREADS = 200, 500, 4
GOAL_SECONDS = 2.0
WAIT_SECONDS = 180
MARK = re.compile(r"answer-(\d+)\.")


@dataclass
class Office:
    """When the mail server accepted the letter about each answer, and how often."""

    accepted: dict[int, float] = field(default_factory=dict)
    count: "Counter[int]" = field(default_factory=Counter)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd calls it so
        from email import message_from_bytes

        letter = message_from_bytes(envelope.content)
        payload = letter.get_payload(decode=True)
        found = MARK.search(payload.decode(errors="replace")) if isinstance(payload, bytes) else None
        if found:
            number = int(found[1])
            self.count[number] += 1
            self.accepted.setdefault(number, time.monotonic())
        return "250 Accepted"


def people_and_rules() -> None:
    """Make customers and 200 rules, of which one fits the answers."""
    from rapport.kernel.models import User
    from rapport.rooms.accounts.models import Account, AccountExternalId
    from rapport.rooms.action.models import Rule
    from rapport.rooms.catalog.models import Metric, Touchpoint

    Metric.objects.get_or_create(key="nps", defaults={"name": "Likely to recommend", "kind": "nps"})
    owner = User.objects.create_user(
        "owner@bench.example", None, name="Owner", role="cx_manager", reach="everything"
    )
    accounts = Account.objects.bulk_create(
        Account(name=f"Customer {number}", owner=owner, tier="ABC"[number % 3]) for number in range(ACCOUNTS)
    )
    AccountExternalId.objects.bulk_create(
        AccountExternalId(account=account, system="bench", value=str(number))
        for number, account in enumerate(accounts)
    )
    Touchpoint.objects.bulk_create(Touchpoint(key=f"place-{n}", name=f"Place {n}") for n in range(RULES))
    unhappy = {"metric": "nps", "test": "at_most", "threshold": 6}
    for number in range(RULES):
        Rule.objects.create(
            name=f"Rule {number}",
            conditions={"score": unhappy, "touchpoint": [f"place-{number}"]},
            fallback=owner,
            joins_days=0,
        )


def say(number: int, appointed: float) -> float:
    """Record one unhappy answer at its time; return how long recording took."""
    from django.utils import timezone

    from rapport.rooms.signals.api import NewComment, NewScore, NewSignal, record_signal

    time.sleep(max(0.0, appointed - time.monotonic()))
    began, now = time.monotonic(), timezone.now()
    record_signal(
        NewSignal(
            kind="survey",
            source="bench",
            external_reference=f"answer-{number}",
            occurred_at=now,
            account=f"bench:{number % ACCOUNTS}",
            touchpoint="place-0",
            scores=(NewScore("nps", number % 7),),
            comments=(NewComment(f"Late again, answer-{number}.", "en"),),
        ),
        author=None,
        now=now,
    )
    return time.monotonic() - began


def run(seconds: int, rate: int, folder: Path) -> None:
    """Record, wait for the letters, and report."""
    from rapport.kernel.embedded import EmbeddedServer

    office, mail_port, port = Office(), free_port(), free_port()
    mail = Controller(office, hostname="127.0.0.1", port=mail_port)
    mail.start()
    server = EmbeddedServer(folder / "server")
    worker = Process("worker", [sys.executable, "-m", "rapport.cli", "worker"], folder / "worker.log")
    try:
        prepare(mail_port, folder, server.start().url, port)
        people_and_rules()
        worker.keep_running()
        _wait_for_worker()
        began = time.monotonic() + 0.5
        appointed = {number: began + number / rate for number in range(seconds * rate)}
        with ThreadPoolExecutor(THREADS) as pool:
            took = list(pool.map(say, appointed, appointed.values()))
        _wait_for(office, len(appointed))
        _report(office, appointed, took, f"{rate} a second for {seconds} s, {RULES} rules, one worker")
    finally:
        worker.stop()
        server.stop()
        mail.stop()


def _wait_for_worker() -> None:
    from rapport.kernel.models import WorkerHeartbeat

    ends = time.monotonic() + WAIT_SECONDS
    while not WorkerHeartbeat.objects.exists() and time.monotonic() < ends:
        time.sleep(0.2)


def _wait_for(office: Office, wanted: int) -> None:
    ends = time.monotonic() + WAIT_SECONDS
    while len(office.accepted) < wanted and time.monotonic() < ends:
        time.sleep(0.2)
    threading.Event().wait(3)  # a second letter would come now


def _report(office: Office, appointed: dict[int, float], took: list[float], note: str) -> None:
    waits = sorted(at - appointed[number] for number, at in office.accepted.items())
    if len(waits) < 2:
        sys.stderr.write("No letter came.\n")
        sys.exit(1)
    floor = statistics.quantiles(took, n=20)[-1]
    p95 = statistics.quantiles(waits, n=20)[-1]
    Line(
        "loop.answer_to_mail_p95", round(p95, 3), "s", floor=round(floor, 4), goal=GOAL_SECONDS, note=note
    ).show()
    Line("loop.answer_to_mail_median", round(statistics.median(waits), 3), "s", note=note).show()
    lost = len(appointed) - len(office.accepted)
    doubled = sum(count > 1 for count in office.count.values())
    Line("loop.lost", lost, "letters", goal=0, note=f"of {len(appointed)}").show()
    Line("loop.doubled", doubled, "letters", goal=0).show()


def main() -> None:
    """Read how long and how fast, and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--rate", type=int, default=50)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="rapport-loop-", dir="/tmp") as folder:
        path = Path(folder)
        path.chmod(0o711)
        run(given.seconds, given.rate, path)


if __name__ == "__main__":
    main()
