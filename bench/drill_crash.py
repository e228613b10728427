"""Kill web and worker at random moments of importing, recording and mailing, and count the damage.

Everything is real: an embedded database with durability on, `rapport web` and `rapport worker` as processes
of their own, and a mail server on loopback that counts what it accepts. The database itself stays up. At the
end every acknowledged signal must be there once, every unhappy one must have one case, and each case one
message.
"""

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
from aiosmtpd.controller import Controller

from bench.line import Line

KILLS = int(os.environ.get("DRILL_KILLS", "50"))
SEED = int(os.environ.get("DRILL_SEED", "0")) or random.SystemRandom().randrange(1, 10**6)
WRITERS = 2
ROWS_A_FILE = 30_000
LIVE_ROWS_A_FILE = 40
SETTLE_SECONDS = 240
HERE = Path(__file__).parent.parent


# -- The world around Rapport ---------------------------------------------------


@dataclass
class PostOffice:
    """A mail server that takes its time, so that kills hit every moment of a delivery."""

    rng: random.Random
    received: "Counter[str]" = field(default_factory=Counter)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd calls it so
        import asyncio
        from email import message_from_bytes

        await asyncio.sleep(self.rng.uniform(0, 0.02))
        self.received[str(message_from_bytes(envelope.content)["Message-ID"])] += 1
        await asyncio.sleep(self.rng.uniform(0, 0.08))
        return "250 Accepted"


@contextmanager
def post_office(rng: random.Random, port: int) -> Iterator[PostOffice]:
    """Open the mail server."""
    office = PostOffice(rng)
    controller = Controller(office, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield office
    finally:
        controller.stop()


def free_port() -> int:
    """Return a port nobody listens on."""
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


# -- Rapport's own processes ----------------------------------------------------


@dataclass
class Process:
    """One of Rapport's processes; started again as soon as it is gone."""

    name: str
    command: list[str]
    log: Path
    running: "subprocess.Popen[bytes] | None" = None

    def keep_running(self) -> None:
        """Start it if it is not there."""
        if self.running is None or self.running.poll() is not None:
            with self.log.open("ab") as log:
                self.running = subprocess.Popen(self.command, stdout=log, stderr=log, start_new_session=True)

    def kill(self, rng: random.Random) -> str:
        """Kill it, or one of the processes it started; return what was killed."""
        assert self.running is not None
        try:
            family = [psutil.Process(self.running.pid)]
            family += family[0].children(recursive=True)
            victim = rng.choice(family)
            victim.kill()
        except psutil.NoSuchProcess:
            return "nothing"
        return self.name if victim.pid == self.running.pid else f"{self.name} child"

    def stop(self) -> None:
        """Ask it to end, and make sure."""
        if self.running is None:
            return
        self.running.terminate()
        with suppress(subprocess.TimeoutExpired):
            self.running.wait(30)
        with suppress(ProcessLookupError):
            os.killpg(self.running.pid, signal.SIGKILL)


@dataclass
class Tried:
    """What the drill did."""

    acknowledged: set[str] = field(default_factory=set)
    repeated: int = 0
    kills: "Counter[str]" = field(default_factory=Counter)
    files: list[str] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)


def record_signals(tried: Tried, port: int, token: str, writer: int, seed: int) -> None:
    """Record unhappy answers one after the other; what was not acknowledged is sent again, as clients do."""
    rng = random.Random(seed)
    number = 0
    while not tried.stop.is_set():
        number += 1
        reference = f"{writer}-{number}"
        while not _post(port, token, reference, rng):
            tried.repeated += 1
            if tried.stop.is_set():
                return
            time.sleep(0.2)
        tried.acknowledged.add(reference)
        time.sleep(rng.uniform(0.05, 0.3))


def _post(port: int, token: str, reference: str, rng: random.Random) -> bool:
    body = {
        "kind": "survey",
        "source": "drill",
        "external_reference": reference,
        "occurred_at": "2026-01-01T00:00:00Z",
        "account": f"drill:{rng.randrange(20)}",
        "scores": [{"metric": "nps", "value": rng.randrange(0, 7)}],
        "comments": [{"text": f"Late again, {reference}.", "language": "en"}],
    }
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/api/v1/signals",
        json.dumps(body).encode(),
        {"Content-Type": "application/json", "Authorization": f"Bearer {token}"},
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            return bool(answer.status in (200, 201))
    except (OSError, urllib.error.URLError, ValueError):
        return False


# -- What happens inside --------------------------------------------------------


def prepare(port_of_mail: int, data: Path, url: str, port: int) -> None:
    """Point this process and its children at the drill's own Rapport, and create its tables."""
    os.environ |= {
        "DATABASE_URL": url,
        "RAPPORT_DATA_DIR": str(data),
        "RAPPORT_MAIL_URL": f"smtp://127.0.0.1:{port_of_mail}",
        "RAPPORT_BASE_URL": f"http://127.0.0.1:{port}",
        "RAPPORT_LOG_LEVEL": "warning",
        "DJANGO_SETTINGS_MODULE": "rapport.config.settings",
    }
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)


def people_and_rules() -> str:
    """Make colleagues, customers and a rule; return a token for the writers."""
    from rapport.kernel.models import ApiToken, User
    from rapport.rooms.accounts.models import Account, AccountExternalId
    from rapport.rooms.action.models import Rule
    from rapport.rooms.catalog.models import Metric

    Metric.objects.get_or_create(key="nps", defaults={"name": "Likely to recommend", "kind": "nps"})
    owner = User.objects.create_user(
        "owner@drill.example", None, name="Owner", role="cx_manager", reach="everything"
    )
    for number in range(20):
        account = Account.objects.create(name=f"Customer {number}", owner=owner)
        AccountExternalId.objects.create(account=account, system="drill", value=str(number))
    Rule.objects.create(
        name="Unhappy",
        conditions={"score": {"metric": "nps", "test": "at_most", "threshold": 6}},
        fallback=owner,
    )
    _token, secret = ApiToken.issue(owner, "drill")
    return secret


MAPPING = """
target = "signals"
source = "{source}"
live = {live}

[fields]
external_id = "id"
occurred_at = "at"
account = "account"
kind = {{ constant = "survey" }}

[[groups.scores]]
value = "score"
metric = {{ constant = "nps" }}

[[groups.comments]]
text = "words"
"""


def keep_importing(tried: Tried, folder: Path, rng: random.Random) -> None:
    """Have the worker import file after file: large old ones, and small ones of today that open cases."""
    from django.db import OperationalError, connection

    from rapport.connectors.imports.models import ImportRun

    number = 0
    while not tried.stop.is_set():
        number += 1
        source = f"file-{number}"
        try:
            run_id = _start_import(folder, source, live=number % 2 == 0, rng=rng)
            tried.files.append(source)
            while not tried.stop.is_set() and not ImportRun.objects.get(pk=run_id).is_over:
                time.sleep(0.2)
        except OperationalError:
            connection.close()
    connection.close()


def rows_of(source: str) -> int:
    """Return how many rows a file of the drill has."""
    return LIVE_ROWS_A_FILE if int(source.rpartition("-")[2]) % 2 == 0 else ROWS_A_FILE


def _start_import(folder: Path, source: str, *, live: bool, rng: random.Random) -> Any:
    from django.db import transaction
    from django.utils import timezone

    from rapport.connectors.imports.models import ImportRun
    from rapport.connectors.imports.tasks import carry_out_import

    path = folder / f"{source}.csv"
    with path.open("w", encoding="utf-8") as file:
        file.write("id,at,account,score,words\n")
        for row in range(rows_of(source)):
            account = f"drill:{rng.randrange(20)}"
            file.write(f"{source}-{row},2026-01-01T00:00:00Z,{account},{row % 7},Row {row} of {source}\n")
    with transaction.atomic():
        run = ImportRun.objects.create(
            path=str(path),
            file_name=path.name,
            target="signals",
            source=source,
            mapping=MAPPING.format(source=source, live=str(live).lower()),
            state=ImportRun.State.WAITING,
            created_at=timezone.now(),
        )
        carry_out_import.defer(run_id=str(run.pk))
    return run.pk


def settle(processes: list[Process]) -> bool:
    """Wait until no job waits and no mail is under way; return whether that came to be."""
    from django.db import connection

    from rapport.kernel.models import OutgoingMail

    end = time.monotonic() + SETTLE_SECONDS
    while time.monotonic() < end:
        for process in processes:
            process.keep_running()
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM procrastinate_jobs WHERE status IN ('todo', 'doing')"
                " AND task_name NOT LIKE '%%.sweep_mail' AND task_name NOT LIKE '%%.remind'"
            )
            waiting = cursor.fetchone()[0]
        under_way = OutgoingMail.objects.filter(state__in=["queued", "sending", "handing"]).count()
        if not waiting and not under_way:
            return True
        time.sleep(0.5)
    return False


# -- Counting -------------------------------------------------------------------


@dataclass
class Damage:
    """What was lost, doubled, or is held back for a person."""

    lost: "Counter[str]" = field(default_factory=Counter)
    doubled: "Counter[str]" = field(default_factory=Counter)
    held: int = 0
    held_but_arrived: int = 0
    cases: int = 0
    mails: int = 0
    imported: int = 0


def count_damage(tried: Tried, office: PostOffice) -> Damage:
    """Compare what was acknowledged with what is there."""
    damage = Damage()
    _count_recorded(tried, damage)
    _count_imported(tried, damage)
    _count_cases(damage)
    _count_mail(office, damage)
    return damage


def _count_recorded(tried: Tried, damage: Damage) -> None:
    from rapport.rooms.signals.models import Comment, Signal

    there = Signal.objects.filter(source="drill").values_list("external_reference", flat=True)
    damage.lost["signals"] = len(tried.acknowledged - set(there))
    said = Counter(Comment.objects.filter(signal__source="drill").values_list("text", flat=True))
    damage.doubled["signals"] = sum(times - 1 for times in said.values())


def _count_imported(tried: Tried, damage: Damage) -> None:
    from rapport.connectors.imports.models import ImportRun
    from rapport.rooms.signals.models import Comment, Signal

    for source in tried.files:
        run = ImportRun.objects.get(source=source)
        here = Signal.objects.filter(source=source).count()
        damage.imported += here
        damage.lost["rows"] += rows_of(source) - here
        damage.lost["files"] += run.state != ImportRun.State.DONE
        said = Counter(Comment.objects.filter(signal__source=source).values_list("text", flat=True))
        damage.doubled["rows"] += sum(times - 1 for times in said.values())


def _count_cases(damage: Damage) -> None:
    from django.db.models import Count, Q

    from rapport.rooms.action.models import Case
    from rapport.rooms.signals.models import Signal

    live = Q(source="drill")
    for number in range(2, 1000, 2):
        live |= Q(source=f"file-{number}")
    unhappy = Signal.objects.filter(live, scores__value__lte=6)
    cases = unhappy.annotate(cases=Count("case_causes__case", distinct=True))
    found = Counter(cases.values_list("cases", flat=True))
    damage.lost["cases"] = found.pop(0, 0)
    damage.doubled["cases"] = sum((times - 1) * count for times, count in found.items())
    damage.cases = Case.objects.count()


def _count_mail(office: PostOffice, damage: Damage) -> None:
    from rapport.kernel.mail.queue import message_id
    from rapport.kernel.models import OutgoingMail
    from rapport.rooms.action.models import Case

    rows = {row.dedupe_key: row.state for row in OutgoingMail.objects.all()}
    for case_id in Case.objects.values_list("pk", flat=True):
        damage.lost["mails"] += f"case-opened:{case_id}" not in rows
    for key, state in rows.items():
        arrived = office.received[message_id(key)]
        damage.mails += arrived > 0
        damage.doubled["mails"] += max(0, arrived - 1)
        if state == "doubtful":
            damage.held += 1
            damage.held_but_arrived += arrived > 0
        elif arrived == 0:
            damage.lost["mails"] += 1


def report(tried: Tried, damage: Damage, seconds: float, quiet: bool) -> None:
    """Print the lines."""
    what = ", ".join(f"{count} {name}" for name, count in sorted(tried.kills.items()))
    note = (
        f"seed {SEED}; killed in {seconds:.0f} s: {what}; {len(tried.acknowledged)} signals acknowledged over"
        f" the API ({tried.repeated} posts repeated), {damage.imported} rows of {len(tried.files)} files"
        f" imported, {damage.cases} cases, {damage.mails} messages arrived"
    )
    if not quiet:
        note += f"; work was still waiting after {SETTLE_SECONDS} s"
    parts = {name: dict(counts) for name, counts in (("lost", damage.lost), ("doubled", damage.doubled))}
    for name, counts in parts.items():
        split = ", ".join(f"{kind} {count}" for kind, count in sorted(counts.items()))
        Line(f"drill-crash {name}", sum(counts.values()), "pieces", goal=0, note=f"{split}; {note}").show()
    held = f"{damage.held_but_arrived} of them had arrived; none is sent again without a person"
    Line("drill-crash held", damage.held, "messages", note=held).show()
    Line("drill-crash kills", sum(tried.kills.values()), "kills", note=what).show()


# -- The drill ------------------------------------------------------------------


def drill(folder: Path) -> int:
    """Run the drill in a folder of its own and return the exit status."""
    from rapport.kernel.embedded import EmbeddedServer

    rng = random.Random(SEED)
    web_port, mail_port = free_port(), free_port()
    with EmbeddedServer(folder / "data") as server, post_office(rng, mail_port) as office:
        prepare(mail_port, folder / "data", server.start().url, web_port)
        token = people_and_rules()
        rapport = [sys.executable, "-m", "rapport.cli"]
        web = [*rapport, "web", "--port", str(web_port), "--workers", "2"]
        processes = [
            Process("web", web, folder / "web.log"),
            Process("worker", [*rapport, "worker", "--jobs", "4"], folder / "worker.log"),
        ]
        tried = Tried()
        try:
            began = time.monotonic()
            _kill_while_busy(tried, processes, web_port, token, folder, rng)
            seconds = time.monotonic() - began
            quiet = settle(processes)
            damage = count_damage(tried, office)
        finally:
            tried.stop.set()
            for process in processes:
                process.stop()
        report(tried, damage, seconds, quiet)
    return 0


def _kill_while_busy(
    tried: Tried, processes: list[Process], port: int, token: str, folder: Path, rng: random.Random
) -> None:
    threads = [
        threading.Thread(target=record_signals, args=(tried, port, token, writer, rng.random()), daemon=True)
        for writer in range(WRITERS)
    ]
    threads.append(threading.Thread(target=keep_importing, args=(tried, folder, rng), daemon=True))
    for process in processes:
        process.keep_running()
    for thread in threads:
        thread.start()
    _wait_until_busy(tried)
    for _number in range(KILLS):
        _wait_keeping(processes, rng.choice([rng.uniform(0.1, 3), rng.uniform(3, 14)]))
        tried.kills[rng.choice(processes).kill(rng)] += 1
        _wait_keeping(processes, 0.1)
    _wait_keeping(processes, 5)
    tried.stop.set()
    for thread in threads:
        thread.join(60)


def _wait_until_busy(tried: Tried) -> None:
    end = time.monotonic() + 120
    while not tried.acknowledged and time.monotonic() < end:
        time.sleep(0.2)


def _wait_keeping(processes: list[Process], seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for process in processes:
            process.keep_running()
        time.sleep(0.05)


def main() -> int:
    """Run the drill in a temporary folder."""
    os.chdir(HERE)
    with tempfile.TemporaryDirectory(prefix="rapport-drill-") as folder:
        return drill(Path(folder))


if __name__ == "__main__":
    sys.exit(main())
