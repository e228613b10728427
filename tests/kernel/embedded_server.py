"""A real server for a test session: fast, its own, and swept up when the session was killed."""

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from rapport.kernel.embedded import ConnectionInfo, EmbeddedServer
from rapport.kernel.embedded.folders import existing_folders
from rapport.kernel.embedded.locks import SharedLock
from rapport.kernel.embedded.postmaster import find_postmaster, wait_until_gone

FAST = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "shared_buffers": "128MB",
    "max_connections": "60",
}
_PREFIX = f"rapport-db-tests-{os.geteuid()}-"


@contextmanager
def start_for_tests() -> Iterator[ConnectionInfo]:
    """Run a server in a folder that also the database's system user can reach; remove both at the end."""
    sweep()
    folder = reachable_folder(_PREFIX)
    try:
        server = EmbeddedServer(folder, settings=FAST)
        with server:
            yield server.start()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def reachable_folder(prefix: str) -> Path:
    """Make a folder that other users may pass through; pytest's own are closed to them."""
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir="/tmp"))
    folder.chmod(0o711)
    return folder


def sweep() -> None:
    """End servers and remove folders of sessions that were killed; leave living sessions alone."""
    for folder in Path("/tmp").glob(f"{_PREFIX}*"):
        folders = existing_folders(folder)
        if folders is None or not folders.using_lock.exists():
            continue
        using = SharedLock(folders.using_lock)
        try:
            if not using.is_last():
                continue
            end_at_once(folders.cluster)
            shutil.rmtree(folder, ignore_errors=True)
        finally:
            using.release()


def end_at_once(cluster: Path) -> None:
    """End a server whose data nobody will miss."""
    postmaster = find_postmaster(cluster)
    if postmaster is not None:
        with suppress(ProcessLookupError):
            postmaster.send_signal(signal.SIGQUIT)
        wait_until_gone(postmaster, 10)
