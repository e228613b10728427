"""One command runs everything, and ends everything: database, pages and worker."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from rapport.kernel.embedded import recorded_connection

COMMAND = [sys.executable, "-m", "rapport.cli"]
PORT = 20_000 + os.getpid() % 20_000


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """A data folder that the database's system user can reach."""
    folder = Path(tempfile.mkdtemp(prefix="rapport-serve-", dir="/tmp"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


def start(*arguments: str, data_dir: Path) -> subprocess.Popen[str]:
    environment = {**os.environ, "RAPPORT_DATA_DIR": str(data_dir), "PYTHONWARNINGS": "ignore"}
    environment.pop("DATABASE_URL", None)
    return subprocess.Popen(
        [*COMMAND, *arguments],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def read_until(process: subprocess.Popen[str], wanted: str) -> None:
    assert process.stdout is not None
    seen = ""
    for line in process.stdout:
        seen += line
        if wanted in line:
            return
    raise AssertionError(f"{wanted!r} never came; this did:\n{seen}")


def interrupt(process: subprocess.Popen[str], number: int) -> int:
    """Send a signal to the whole group, as a terminal does, and return the status."""
    os.killpg(process.pid, number)
    process.communicate(timeout=90)
    return process.returncode


def processes_in(folder: Path) -> list[psutil.Process]:
    """Return the live processes whose settings or working folder name this data folder."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.status() == psutil.STATUS_ZOMBIE:
                continue
            if process.environ().get("RAPPORT_DATA_DIR") == str(folder) or str(folder) in process.cwd():
                found.append(process)
        except psutil.Error:
            continue
    return found


def tables(data_dir: Path) -> int:
    connection = recorded_connection(data_dir)
    assert connection is not None
    with psycopg.connect(connection.url) as database:
        row = database.execute("SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'")
        return int(row.fetchone()[0])  # type: ignore[index]


def test_serve_makes_runs_repairs_and_ends_everything(data_dir: Path) -> None:
    interrupted = start("serve", "--port", str(PORT), "--workers", "1", data_dir=data_dir)
    read_until(interrupted, "Making the database")
    assert interrupt(interrupted, signal.SIGINT) == 130
    assert processes_in(data_dir) == []

    serving = start("serve", "--port", str(PORT), "--workers", "1", data_dir=data_dir)
    read_until(serving, "Rapport runs at")
    assert tables(data_dir) > 10

    taken = start("serve", "--port", str(PORT), data_dir=data_dir)
    assert "cannot be used" in taken.communicate(timeout=60)[0]
    assert taken.returncode == 1

    looked = start("doctor", data_dir=data_dir)
    said, _ = looked.communicate(timeout=60)
    assert looked.returncode == 0, said

    for name in ("web", "worker"):
        child = next(one for one in psutil.Process(serving.pid).children() if name in one.cmdline())
        child.kill()
        read_until(serving, f"The {name} process ended (signal 9); starting it again")
    read_until_answered(data_dir)

    assert interrupt(serving, signal.SIGINT) == 130
    assert processes_in(data_dir) == []

    again = start("serve", "--port", str(PORT), "--workers", "1", data_dir=data_dir)
    read_until(again, "Rapport runs at")
    again.kill()
    again.communicate(timeout=60)
    deadline = time.monotonic() + 90
    while processes_in(data_dir) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert processes_in(data_dir) == []


def read_until_answered(data_dir: Path) -> None:
    """Wait until the doctor finds a worker alive again."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        looked = start("doctor", data_dir=data_dir)
        looked.communicate(timeout=60)
        if looked.returncode == 0:
            return
    raise AssertionError("the doctor stayed discontent")


def test_two_migrations_at_once_do_the_work_once(data_dir: Path) -> None:
    both = [start("migrate", data_dir=data_dir) for _ in range(2)]
    said = [one.communicate(timeout=300)[0] for one in both]
    assert [one.returncode for one in both] == [0, 0], said
    assert sum("changes applied" in one for one in said) == 1
    assert sum("is up to date" in one for one in said) == 1

    unread = start("migrate", data_dir=data_dir)
    assert unread.stdout is not None
    unread.stdout.close()
    unread.wait(timeout=120)
    assert processes_in(data_dir) == []
