"""A place for a cluster that the database's system user can reach, and servers that end with the test."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.kernel.embedded_server import end_at_once, reachable_folder

from rapport.kernel.embedded import EmbeddedServer
from rapport.kernel.embedded.folders import existing_folders

# Small, but as durable as in real life.
SMALL = {"shared_buffers": "64MB", "max_connections": "60"}
Start = Callable[..., EmbeddedServer]


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder others may pass through, removed with whatever server still runs in it."""
    folder = reachable_folder("rapport-embedded-")
    yield folder
    for control in folder.rglob("postgresql"):
        folders = existing_folders(control.parent)
        if folders is not None:
            end_at_once(folders.cluster)
            if folders.home != folders.control:
                shutil.rmtree(folders.home)
    shutil.rmtree(folder)


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
