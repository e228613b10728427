"""Looks at everything Rapport needs, and says what state it is in and what to do about it."""

import shutil
import smtplib
import socket
import ssl
import stat
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import psycopg

from rapport.kernel.database import database_url
from rapport.kernel.embedded import EmbeddedDatabaseError, EmbeddedServer
from rapport.kernel.environment import Environment
from rapport.kernel.mail.settings import mail_settings

State = Literal["ok", "warning", "problem"]

_MB = 1024 * 1024
_LITTLE_ROOM = 1024 * _MB
_TOO_LITTLE_ROOM = 200 * _MB
_OLDEST_POSTGRESQL = 150_000
_CLOCKS_APART_SECONDS = 5.0
_SILENT_AFTER = timedelta(seconds=15)


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at: what it is, how it is, and what to do if that is not well."""

    what: str
    state: State
    detail: str
    advice: str = ""


def examine(settings: Environment) -> list[Finding]:
    """Look at everything; a check that cannot be made is a finding too, never an exception."""
    findings = [
        *_versions(),
        *_data_folder(settings.data_dir),
        *_secret_key(settings),
        *_embedded(settings),
    ]
    reachable = list(_database(settings))
    findings += reachable
    if all(finding.state != "problem" for finding in reachable):
        findings += [*_tried("tables", _tables), *_tried("worker", _worker), *_tried("jobs", _failed_jobs)]
        findings += [finding for check in _further for finding in _tried("facts", check)]
    return [*findings, *_mail(settings)]


_further: list[Callable[[], Finding]] = []


def also_examine(check: Callable[[], Finding]) -> None:
    """Have a check made too that only a room above can make; it needs Django and its tables."""
    if check not in _further:
        _further.append(check)


def _versions() -> Iterator[Finding]:
    python = ".".join(str(part) for part in sys.version_info[:3])
    yield Finding(
        "versions", "ok", f"Rapport {version('rapport-cx')}, Django {version('django')}, Python {python}"
    )


def _data_folder(folder: Path) -> Iterator[Finding]:
    if not folder.is_dir():
        yield Finding(
            "data folder",
            "problem",
            f"{folder.resolve()} does not exist",
            "Start Rapport once (rapport serve), or set RAPPORT_DATA_DIR to where the data are.",
        )
        return
    free = shutil.disk_usage(folder).free
    state: State = "ok" if free > _LITTLE_ROOM else "warning" if free > _TOO_LITTLE_ROOM else "problem"
    advice = "" if state == "ok" else "Free some space on this disk; at least 1 GB should be free."
    yield Finding("disk", state, f"{free // _MB:,} MB free at {folder.resolve()}", advice)


def _secret_key(settings: Environment) -> Iterator[Finding]:
    if settings.secret_key:
        yield Finding(
            "secret key",
            "ok",
            "given in RAPPORT_SECRET_KEY",
        )
        return
    path = settings.secret_key_file or settings.data_dir / "secret-key"
    if not path.exists():
        yield Finding("secret key", "warning", f"{path} does not exist yet", "It is made at the first start.")
        return
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        yield Finding(
            "secret key", "problem", f"others may read {path} (mode {mode:03o})", f"Run: chmod 600 {path}"
        )
    else:
        yield Finding("secret key", "ok", f"{path}, readable by its owner only")


def _embedded(settings: Environment) -> Iterator[Finding]:
    """Report on the server Rapport brings, unless the person has one of their own."""
    if settings.database_url or settings.database_url_file:
        return
    try:
        status = EmbeddedServer(settings.data_dir).status()
    except EmbeddedDatabaseError as error:
        yield Finding("database server", "problem", str(error))
        return
    where = f"PostgreSQL {status.version}" + (f" in {status.cluster}" if status.cluster else "")
    if status.state == "running":
        who = f", process {status.pid}, user {status.system_user}"
        yield Finding("database server", "ok", f"{where} runs{who}")
    else:
        advice = f"Start Rapport: rapport serve. The server's log is in {status.log or settings.data_dir}."
        yield Finding("database server", "problem", f"{where} is {status.state}", advice)


def _database(settings: Environment) -> Iterator[Finding]:
    url = database_url(settings)
    if url is None:
        yield Finding("database", "problem", "none was made yet", "Start Rapport once: rapport serve.")
        return
    try:
        with psycopg.connect(url, connect_timeout=5) as connection:
            number = connection.info.server_version
            before = datetime.now(UTC)
            row = connection.execute(
                "SELECT clock_timestamp(), pg_size_pretty(pg_database_size(current_database()))"
            )
            there, size = row.fetchone() or (before, "?")
            after = datetime.now(UTC)
    except psycopg.Error as error:
        yield Finding(
            "database",
            "problem",
            f"no connection: {str(error).strip().splitlines()[0]}",
            "Start the database (rapport serve starts its own), or correct DATABASE_URL.",
        )
        return
    yield from _database_version(number, size)
    yield _clocks(there, before + (after - before) / 2)


def _database_version(number: int, size: str) -> Iterator[Finding]:
    spelled = f"PostgreSQL {number // 10_000}.{number % 10_000}"
    if number < _OLDEST_POSTGRESQL:
        yield Finding("database", "problem", f"{spelled} is too old", "Upgrade it to PostgreSQL 15 or newer.")
    else:
        yield Finding("database", "ok", f"{spelled} answers, {size}")


def _clocks(there: datetime, here: datetime) -> Finding:
    apart = abs((there - here).total_seconds())
    if apart > _CLOCKS_APART_SECONDS:
        advice = (
            "Have both machines keep their clocks by NTP (timedatectl set-ntp true); due times depend on it."
        )
        return Finding("clock", "problem", f"{apart:.0f} s apart from the database's", advice)
    return Finding("clock", "ok", f"{apart:.2f} s apart from the database's")


def _tried(what: str, check: Callable[[], Finding]) -> Iterator[Finding]:
    from django.db import DatabaseError

    try:
        yield check()
    except DatabaseError as error:
        detail = str(error).strip().splitlines()[0]
        yield Finding(what, "problem", f"cannot be read: {detail}", "Run: rapport migrate")


def _tables() -> Finding:
    from rapport.kernel.migrating import pending_migrations

    pending = pending_migrations()
    if pending:
        return Finding("tables", "problem", f"{len(pending)} changes are not applied", "Run: rapport migrate")
    return Finding("tables", "ok", "as this version needs them")


def _worker() -> Finding:
    from django.utils import timezone

    from rapport.kernel.models import WorkerHeartbeat

    now = timezone.now()
    alive = list(WorkerHeartbeat.objects.filter(seen_at__gte=now - _SILENT_AFTER))
    if not alive:
        last = WorkerHeartbeat.objects.order_by("-seen_at").first()
        seen = f"last seen {last.seen_at:%Y-%m-%d %H:%M} UTC" if last else "none was ever seen"
        return Finding(
            "worker", "problem", f"no worker runs; {seen}", "Start one: rapport serve, or rapport worker."
        )
    ours = version("rapport-cx")
    others = sorted({worker.version for worker in alive} - {ours})
    if others:
        detail = f"{len(alive)} run, some of version {', '.join(others)}"
        return Finding("worker", "warning", detail, f"Restart them, so that all are of version {ours}.")
    age = min((now - worker.seen_at).total_seconds() for worker in alive)
    return Finding("worker", "ok", f"{len(alive)} run, last sign of life {max(age, 0):.0f} s ago")


def _failed_jobs() -> Finding:
    from procrastinate.contrib.django.models import ProcrastinateJob

    failed = ProcrastinateJob.objects.filter(status="failed").count()
    if failed:
        return Finding(
            "jobs", "warning", f"{failed} failed for good", "Look at them under Administration, Jobs."
        )
    return Finding("jobs", "ok", "none failed for good")


def _mail(settings: Environment) -> Iterator[Finding]:
    parts = urlsplit(settings.read_secret("mail_url") or "")
    if parts.scheme == "console":
        yield Finding(
            "mail",
            "warning",
            "is printed on the console, not sent",
            "Set RAPPORT_MAIL_URL to your mail server, such as smtp+starttls://user:password@host:587.",
        )
    elif parts.scheme == "anymail":
        yield Finding("mail", "ok", f"leaves through {parts.hostname} (not tried, to send nothing)")
    else:
        yield _smtp(settings)


def _smtp(settings: Environment) -> Finding:
    """Say hello to the mail server, sign in where that is set, and send nothing."""
    mail = mail_settings(settings)
    where = f"{mail.host}:{mail.port}"
    try:
        with _smtp_connection(mail.host, mail.port, tls=mail.tls) as server:
            if mail.starttls:
                server.starttls(context=ssl.create_default_context())
            if mail.user:
                server.login(mail.user, mail.password)
            server.noop()
    except (OSError, smtplib.SMTPException, socket.gaierror) as error:
        return Finding(
            "mail", "problem", f"{where}: {error}", "Correct RAPPORT_MAIL_URL, or ask who runs that server."
        )
    return Finding("mail", "ok", f"{where} answers")


def _smtp_connection(host: str, port: int, *, tls: bool) -> smtplib.SMTP:
    if tls:
        return smtplib.SMTP_SSL(host, port, timeout=10, context=ssl.create_default_context())
    return smtplib.SMTP(host, port, timeout=10)
