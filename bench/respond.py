"""How many complete 15-question responses a second Rapport takes from 64 clients: load the page, send it, be thanked.

The real web server (two processes, as `rapport serve` runs them) over real sockets, an embedded PostgreSQL with
durability on, personal links of real invitations; every response is checked in the database afterwards. The load
generator is one process of its own and shares the machine. The floor is the same rows (the response, the
invitation's step) written by psycopg alone, a transaction a response on 16 connections, just before and after.
Passing on to the ledger is measured after it, and once beside it. `--keep FOLDER` keeps the database.
"""

import argparse
import asyncio
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode
from uuid import UUID

import psutil

from bench.line import Line

if TYPE_CHECKING:
    from rapport.rooms.listening.definition import Definition

GOAL, P99_GOAL = 600.0, 400.0
CLIENTS, WORKERS = 64, 2
PORT = 8765
DONE = "migrated"


# -- the survey, and who is asked


def survey() -> "Definition":
    """Return fifteen questions of the usual kinds on one page."""
    from rapport.rooms.listening.definition import (
        Choice,
        ContactRequest,
        Definition,
        Emotions,
        MultipleChoice,
        NumberQuestion,
        Page,
        Scale,
        SingleChoice,
        TextQuestion,
        Thanks,
        Theme,
    )

    def said(words: str) -> dict[str, str]:
        return {"en": words}

    def choices(*words: str) -> tuple[Choice, ...]:
        return tuple(Choice(key=f"c{place}", text=said(word)) for place, word in enumerate(words))

    reasons = choices("Late delivery", "Wrong part", "Good advice", "Price", "Service on site", "The people")
    ratings = tuple(
        Scale(
            type="rating",
            key=f"r{n}",
            low=1,
            high=5,
            text=said(f"How satisfied were you with part {n} of it?"),
        )
        for n in range(1, 7)
    )
    questions = (
        Scale(
            type="nps",
            key="nps",
            text=said("How likely are you to recommend us?"),
            required=True,
            metric="nps",
        ),
        Scale(type="csat", key="csat", low=1, high=5, text=said("How satisfied are you?"), metric="csat"),
        *ratings,
        SingleChoice(
            key="role", text=said("What do you do there?"), choices=choices("Use", "Buy", "Repair", "Lead")
        ),
        MultipleChoice(key="why", text=said("What were the reasons?"), choices=reasons, most=3),
        SingleChoice(
            key="site",
            text=said("Which site?"),
            style="drop_down",
            choices=choices("Meppel", "Aarhus", "Lille"),
        ),
        NumberQuestion(key="pumps", text=said("How many pumps do you run?"), low=0, high=5000),
        Emotions(key="felt", text=said("How did it leave you feeling?"), most=2),
        TextQuestion(type="long_text", key="words", text=said("In your own words, what happened?")),
        ContactRequest(key="call", text=said("Please ring me about this")),
    )
    assert len(questions) == 15
    return Definition(
        title=said("Your spare parts order"),
        welcome=said("One page, about two minutes."),
        theme=Theme(name="Halden Flow", color="#1D4E3A"),
        pages=(Page(key="all", questions=questions),),
        thanks=Thanks(text=said("Thank you. Nadia Okafor will tell you what came of it.")),
    )


KEYS = "nps csat r1 r2 r3 r4 r5 r6 role why site pumps felt words call"


def body(rng: random.Random) -> bytes:
    """Return a whole page as a browser would post it."""
    fields: list[tuple[str, str]] = [("_page", "all"), ("_asked", KEYS), ("_lang", "en"), ("_go", "next")]
    fields += [("nps", str(rng.randint(0, 10))), ("csat", str(rng.randint(1, 5)))]
    fields += [(f"r{n}", str(rng.randint(1, 5))) for n in range(1, 7)]
    fields += [
        ("role", f"c{rng.randint(0, 3)}"),
        ("why", "c0"),
        ("why", f"c{rng.randint(1, 5)}"),
        ("site", "c1"),
    ]
    fields += [("pumps", str(rng.randint(1, 400))), ("felt", "hurried"), ("felt", "neglected")]
    fields += [
        ("words", "Third time this year the seal kits came later than promised, and the line stood still.")
    ]
    return urlencode(fields).encode()


def ask(people: int) -> list[str]:
    """Publish the survey, invite so many people and return the paths of their links."""
    from django.utils import timezone

    from rapport.kernel.models import User
    from rapport.rooms.accounts.models import Account, Contact
    from rapport.rooms.catalog.models import Metric
    from rapport.rooms.listening.models import Invitation, Programme, Survey, SurveyVersion
    from rapport.rooms.listening.services.inviting import prepare_invitation

    document = survey().model_dump(mode="json")
    now = timezone.now()
    for key in ("nps", "csat"):
        assert Metric.objects.filter(pk=key).exists()
    made = Survey.objects.create(name="Orders", draft=document)
    version = SurveyVersion.objects.create(survey=made, number=1, document=document)
    owner = User.objects.first() or User.objects.create_user("owner@example.com", None, name="Owner")
    programme = Programme.objects.create(
        name="After a delivery", kind="event", state="running", survey=made, owner=owner
    )
    account = Account.objects.first() or Account.objects.create(name="Veldhuis")
    have = Contact.objects.count()
    Contact.objects.bulk_create(
        [Contact(account=account, name=f"Person {n}") for n in range(have, people)], batch_size=5000
    )
    contacts = list(Contact.objects.order_by("pk")[:people])
    pairs = [
        prepare_invitation(
            version=version,
            programme=programme,
            channel="email",
            state="sent",
            account=account,
            contact=contact,
            buying_role="user",
            facts={"contact.name": contact.name},
            created_at=now,
        )
        for contact in contacts
    ]
    Invitation.objects.bulk_create([invitation for invitation, _link in pairs], batch_size=2000)
    return ["/r/" + link.rpartition("/r/")[2] for _invitation, link in pairs]


# -- the load


@dataclass(frozen=True)
class Load:
    """What the clients saw."""

    seconds: float
    took: list[float]
    """Milliseconds a complete response took."""
    parts: dict[str, list[float]]
    failures: list[str]
    cpu: float = 0.0
    """Processor seconds the clients used themselves."""

    @property
    def rate(self) -> float:
        """Return complete responses a second."""
        return len(self.took) / self.seconds


def percentile(values: list[float], share: float) -> float:
    """Return the value below which that share lies."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


class Client(asyncio.Protocol):
    """One browser on one kept-open connection: asks, and waits for the whole answer."""

    def __init__(self) -> None:
        self._buffer = b""
        self._needs = -1
        self._waiter: asyncio.Future[bytes] | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the line."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell who waits."""
        if self._waiter and not self._waiter.done():
            self._waiter.set_exception(ConnectionError("The server hung up."))

    def data_received(self, data: bytes) -> None:
        """Collect an answer until it is whole."""
        self._buffer += data
        if self._needs < 0:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            head = self._buffer[:end].lower()
            at = head.find(b"content-length:")
            length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            self._needs = end + 4 + length
        if len(self._buffer) >= self._needs and self._waiter:
            whole, self._buffer = self._buffer[: self._needs], self._buffer[self._needs :]
            self._needs = -1
            self._waiter.set_result(whole)

    async def ask(self, request: bytes) -> bytes:
        """Send a request and return the whole answer."""
        assert self._transport is not None
        self._waiter = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._waiter


async def _one(client: Client, path: bytes, posted: bytes, parts: dict[str, list[float]]) -> str:
    """Load, send, be thanked; return what went wrong, or nothing."""
    began = time.perf_counter()
    page = await client.ask(b"GET " + path + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    loaded = time.perf_counter()
    if b" 200 " not in page[:20] or b"_asked" not in page:
        return f"load: {page[:80]!r}"
    head = (
        b"POST "
        + path
        + b" HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    )
    answer = await client.ask(head + b"Content-Length: " + str(len(posted)).encode() + b"\r\n\r\n" + posted)
    sent = time.perf_counter()
    at = answer.lower().find(b"location: ")
    if b" 303 " not in answer[:20] or at < 0:
        return f"send: {answer[:80]!r}"
    where = answer[at + 10 :].split(b"\r\n", 1)[0]
    thanks = await client.ask(b"GET " + where + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    if b" 200 " not in thanks[:20] or b"Nadia Okafor" not in thanks:
        return f"thanks: {thanks[:80]!r}"
    ended = time.perf_counter()
    for name, seconds in (("load", loaded - began), ("send", sent - loaded), ("thanks", ended - sent)):
        parts[name].append(seconds * 1000)
    return ""


async def _clients(paths: Iterator[str], port: int) -> Load:
    took: list[float] = []
    parts: dict[str, list[float]] = {"load": [], "send": [], "thanks": []}
    failures: list[str] = []
    bodies = [body(random.Random(n)) for n in range(200)]

    async def run(number: int) -> None:
        loop = asyncio.get_running_loop()
        _transport, client = await loop.create_connection(Client, "127.0.0.1", port)
        for path in paths:
            began = time.perf_counter()
            wrong = await _one(client, path.encode(), bodies[(len(took) + number) % len(bodies)], parts)
            if wrong:
                failures.append(wrong)
                return
            took.append((time.perf_counter() - began) * 1000)

    began = time.perf_counter()
    await asyncio.gather(*(run(number) for number in range(CLIENTS)))
    return Load(time.perf_counter() - began, took, parts, failures, time.process_time())


def load(paths: list[str]) -> Load:
    """Have the clients answer all these links, in a process of their own."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.respond", "--clients"],
        input="\n".join(paths).encode(),
        stdout=subprocess.PIPE,
        check=True,
    )
    told = json.loads(done.stdout)
    return Load(**told)


def run_clients() -> int:
    """Be the process of the clients: links on standard input, what was seen on standard output."""
    paths = sys.stdin.read().split()
    seen = asyncio.run(_clients(iter(paths), PORT))
    sys.stdout.write(json.dumps(vars(seen)))
    return 0


async def _storm(path: str, port: int) -> list[bytes]:
    """Post one link five times on each of a hundred connections at once; return the first lines of the answers."""
    posted = body(random.Random(1))
    head = (
        b"POST "
        + path.encode()
        + b" HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    )
    request = head + b"Content-Length: " + str(len(posted)).encode() + b"\r\n\r\n" + posted

    async def one() -> list[bytes]:
        _transport, client = await asyncio.get_running_loop().create_connection(Client, "127.0.0.1", port)
        return [(await client.ask(request)).split(b"\r\n", 1)[0] for _ in range(5)]

    return [line for lines in await asyncio.gather(*(one() for _ in range(100))) for line in lines]


def storm(path: str) -> int:
    """Post one personal link 500 times in parallel and return how many responses that made."""
    from rapport.rooms.listening.links import hash_of
    from rapport.rooms.listening.models import Response

    lines = asyncio.run(_storm(path, PORT))
    wrong = [line for line in lines if b" 303 " not in line]
    if wrong or len(lines) != 500:
        raise RuntimeError(f"{len(wrong)} of {len(lines)} posts failed: {wrong[:1]}")
    return Response.objects.filter(invitation__secret_hash=hash_of(path.removeprefix("/r/"))).count()


# -- server, floor, ledger


def _cpu(process: psutil.Process) -> float:
    """Return the processor seconds a process and all below it have used."""
    total = 0.0
    for one in (process, *process.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):
            times = one.cpu_times()
            total += times.user + times.system
    return total


def _database_process() -> psutil.Process:
    """Return the first process of the database."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        own = psutil.Process(cursor.fetchone()[0])
    parent = own.parent()
    assert parent is not None
    return parent


@contextmanager
def served() -> Iterator[psutil.Process]:
    """Run the web processes until the end of the block."""
    command = [sys.executable, "-m", "rapport.cli", "web", "--port", str(PORT), "--workers", str(WORKERS)]
    quiet = {"RAPPORT_LOG_LEVEL": "warning"}
    with subprocess.Popen(command, env={**os.environ, **quiet}) as process:
        try:
            _wait_until_served()
            yield psutil.Process(process.pid)
        finally:
            process.terminate()


def _wait_until_served() -> None:
    import http.client

    for _try in range(300):
        line = http.client.HTTPConnection("127.0.0.1", PORT, timeout=5)
        try:
            line.request("GET", "/r/nothing")
            if line.getresponse().status == 404:
                return
        except OSError:
            time.sleep(0.2)
        finally:
            line.close()
    raise RuntimeError("The web server does not come up.")


_FLOOR_RESPONSE = """
INSERT INTO listening_response (id, invitation_id, number, state, language, answers, page, revision, test,
  started_at, saved_at, sent_at) VALUES (%s, %s, 1, 'sent', 'en', %s, '', 1, true, now(), now(), now())
"""
_FLOOR_INVITATION = "UPDATE listening_invitation SET state = 'answered', opened_at = now() WHERE id = %s"


def floor(invitations: list[UUID], answers: str) -> float:
    """Write the same rows by psycopg alone and return responses a second."""
    import psycopg

    from rapport.rooms.signals.models import new_id

    def write(part: list[UUID]) -> None:
        with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as line:
            for invitation in part:
                with line.transaction():
                    line.execute(_FLOOR_RESPONSE, (new_id(), invitation, answers))
                    line.execute(_FLOOR_INVITATION, (invitation,))

    lanes = 16
    began = time.perf_counter()
    with ThreadPoolExecutor(lanes) as pool:
        list(pool.map(write, [invitations[lane::lanes] for lane in range(lanes)]))
    return len(invitations) / (time.perf_counter() - began)


@contextmanager
def database(folder: Path) -> Iterator[None]:
    """Start a durable server of our own, migrated, and set Django up on it."""
    from rapport.kernel.embedded import EmbeddedServer

    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)
    server = EmbeddedServer(folder)
    os.environ["DATABASE_URL"] = server.start().url
    os.environ["RAPPORT_DATA_DIR"] = str(folder / "data")
    os.environ.setdefault("RAPPORT_MAIL_URL", "console://")
    os.environ["DJANGO_SETTINGS_MODULE"] = "rapport.config.settings"
    try:
        import django

        django.setup()
        if not (folder / DONE).exists():
            from django.core.management import call_command

            call_command("migrate", verbosity=0)
            (folder / DONE).touch()
        yield
    finally:
        from django.db import connection

        connection.close()
        server.stop()


def _note() -> str:
    return f"{CLIENTS} clients, {WORKERS} web processes, machine load a core {os.getloadavg()[0] / (os.cpu_count() or 1):.1f}"


def _settings_are_durable() -> str:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('fsync'), current_setting('synchronous_commit')")
        fsync, commit = cursor.fetchone()
    assert (fsync, commit) == ("on", "on"), "The database of the benchmark is not durable."
    return f"fsync {fsync}, synchronous_commit {commit}"


def _check(paths: list[str], seen: Load) -> None:
    """Hold what the clients were thanked for against what the database keeps."""
    from rapport.rooms.listening.models import Response

    if seen.failures:
        raise RuntimeError(f"{len(seen.failures)} clients failed: {seen.failures[0]}")
    kept = Response.objects.filter(state="sent", test=False).count()
    if kept < len(paths):
        raise RuntimeError(f"{len(paths)} were thanked, {kept} responses are kept.")


def measure(people: int) -> None:
    """Ask, load, check, and print the lines."""
    from django.utils import timezone

    from rapport.rooms.listening.links import hash_of
    from rapport.rooms.listening.models import Invitation, Response
    from rapport.rooms.listening.services.passing_on import pass_on

    durable = _settings_are_durable()
    paths = ask(people)
    spare = people // 5
    answered, for_floor, beside = paths[: -2 * spare], paths[-2 * spare : -spare], paths[-spare:]
    hashes = [hash_of(path.removeprefix("/r/")) for path in for_floor]
    invitations = list(Invitation.objects.filter(secret_hash__in=hashes).values_list("pk", flat=True))
    with served() as web:
        load(answered[:500])
        before = floor(invitations[::2], json.dumps({}))
        backend = _database_process()
        used = [_cpu(web), _cpu(backend)]
        seen = load(answered[500:])
        used = [_cpu(web) - used[0], _cpu(backend) - used[1], seen.cpu]
        load_note = _note()
        responses = storm(beside.pop())
        _check(answered, seen)
        sample = Response.objects.filter(test=False, state="sent").values_list("answers", flat=True)[0]
        after = floor(invitations[1::2], json.dumps(sample))
        began = time.perf_counter()
        done = pass_on(now=timezone.now())
        passed = done / (time.perf_counter() - began)
        with _worker():
            with_worker = load(beside)
    bottom = round((before + after) / 2)
    note = f"{len(seen.took)} responses; {load_note}; {durable}; floor: the same rows by psycopg on 16 connections"
    Line(
        "respond/complete",
        round(seen.rate),
        "responses/s",
        floor=bottom,
        goal=GOAL,
        lower_is_better=False,
        note=note,
    ).show()
    storm_note = "made by 500 parallel posts of one personal link on 100 connections"
    Line("respond/one link", responses, "responses", goal=1, note=storm_note).show()
    Line("respond/complete/p99", round(percentile(seen.took, 0.99), 1), "ms", goal=P99_GOAL, note=note).show()
    Line("respond/complete/median", round(statistics.median(seen.took), 1), "ms", note=note).show()
    for name, seconds in zip(("web", "database", "clients"), used, strict=True):
        each = round(1000 * seconds / len(seen.took), 2)
        Line(f"respond/processor time, {name}", each, "ms a response", note="all processes of it").show()
    for name, took in seen.parts.items():
        Line(f"respond/{name}/p99", round(percentile(took, 0.99), 1), "ms", note="one request").show()
    Line(
        "respond/complete beside the worker",
        round(with_worker.rate),
        "responses/s",
        floor=bottom,
        lower_is_better=False,
        note=f"while the worker passes them on to the ledger; {_note()}",
    ).show()
    Line(
        "respond/passing on",
        round(passed),
        "responses/s",
        lower_is_better=False,
        note="into the ledger, one job",
    ).show()


def _wait_for_worker() -> None:
    from rapport.kernel.models import WorkerHeartbeat

    ends = time.monotonic() + 60
    while not WorkerHeartbeat.objects.exists() and time.monotonic() < ends:
        time.sleep(0.2)


@contextmanager
def _worker() -> Iterator[None]:
    command = [sys.executable, "-m", "rapport.cli", "worker", "--jobs", "1"]
    with subprocess.Popen(command, env={**os.environ, "RAPPORT_LOG_LEVEL": "error"}) as process:
        try:
            _wait_for_worker()
            yield
        finally:
            process.terminate()


def main(arguments: list[str]) -> int:
    """Run everything, or be the clients."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--keep", type=Path, help="folder in which the database stays")
    parser.add_argument("--people", type=int, default=20_000)
    asked = parser.parse_args(arguments)
    if asked.clients:
        return run_clients()
    with (
        tempfile.TemporaryDirectory(prefix="rapport-bench-") as scratch,
        database(asked.keep or Path(scratch)),
    ):
        measure(asked.people)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
