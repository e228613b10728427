"""Places for a cluster that the database's system user can reach, and servers that end with the test."""

import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from rapport.kernel.embedded import EmbeddedServer
from rapport.kernel.embedded.folders import existing_folders
from rapport.kernel.embedded.postmaster import find_postmaster, wait_until_gone

Start = Callable[..., EmbeddedServer]
# Small, but as durable as in real life.
SMALL = {"shared_buffers": "64MB", "max_connections": "60"}


def reachable_folder() -> Path:
    """Make a folder that other users may pass through; pytest's own are closed to them."""
    folder = Path(tempfile.mkdtemp(prefix="rapport-embedded-", dir="/tmp"))
    folder.chmod(0o711)
    return folder


@pytest.fixture(scope="session")
def made_before() -> Iterator[Path]:
    """A data folder with an empty database, to copy: making one anew takes a second."""
    folder = reachable_folder()
    with EmbeddedServer(folder, settings=SMALL):
        pass
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def empty_place() -> Iterator[Path]:
    """An empty data folder, removed with whatever server still runs below it."""
    folder = reachable_folder()
    yield folder
    for control in folder.rglob("postgresql"):
        folders = existing_folders(control.parent)
        if folders is not None:
            end_at_once(folders.cluster)
            if folders.home != folders.control:
                shutil.rmtree(folders.home)
    shutil.rmtree(folder)


@pytest.fixture
def place(empty_place: Path, made_before: Path) -> Path:
    """A data folder with an empty database that was stopped cleanly."""
    control = empty_place / "postgresql"
    control.mkdir(mode=0o711)
    for name in ("cluster", "password", "administrator-password"):
        subprocess.run(["cp", "-a", str(made_before / "postgresql" / name), str(control)], check=True)
    return empty_place


@pytest.fixture
def server_in() -> Iterator[Start]:
    """Make servers that are left when the test ends."""
    made: list[EmbeddedServer] = []

    def make(data_dir: Path, **options: object) -> EmbeddedServer:
        server = EmbeddedServer(data_dir, **{"settings": SMALL, **options})  # type: ignore[arg-type]
        made.append(server)
        return server

    yield make
    for server in made:
        server.stop()


def end_at_once(cluster: Path) -> None:
    """End a server whose data nobody will miss."""
    postmaster = find_postmaster(cluster)
    if postmaster is not None:
        with suppress(ProcessLookupError):
            postmaster.send_signal(signal.SIGQUIT)
        wait_until_gone(postmaster, 10)
