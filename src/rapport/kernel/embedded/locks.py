"""Locks between processes that end with the process, however it dies."""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def exclusive(path: Path, waiting: Callable[[float], None]) -> Iterator[None]:
    """Hold the lock at `path` alone; call `waiting` with the seconds waited while another holds it."""
    handle = _open(path)
    try:
        began = time.monotonic()
        while not _try(handle, fcntl.LOCK_EX):
            waiting(time.monotonic() - began)
            time.sleep(0.05)
        yield
    finally:
        os.close(handle)


class SharedLock:
    """A lock many processes hold together, which tells the last of them that it is the last."""

    def __init__(self, path: Path) -> None:
        self._handle = _open(path)
        fcntl.flock(self._handle, fcntl.LOCK_SH)

    def is_last(self) -> bool:
        """Say whether nobody else holds the lock; ask where no new holder can come (see `exclusive`)."""
        alone = _try(self._handle, fcntl.LOCK_EX)
        fcntl.flock(self._handle, fcntl.LOCK_SH)
        return alone

    def release(self) -> None:
        """Let go."""
        os.close(self._handle)


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)


def _try(handle: int, kind: int) -> bool:
    try:
        fcntl.flock(handle, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
