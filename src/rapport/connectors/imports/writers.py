"""Landing batches beside reading them: a few threads, each with a connection of its own."""

from collections.abc import Callable
from queue import Queue
from threading import Thread
from types import TracebackType
from typing import Generic, TypeVar

from django.db import connection

B = TypeVar("B")
# Small files are landed as they are read; threads pay off only after that.
_INLINE = 4


class Writers(Generic[B]):
    """Hands batches to threads that land them; the first error stops all and is raised to the giver.

    `open_door` is called in each thread and returns the function that lands one batch. Inside an open
    transaction everything stays in it, on the caller's own connection.
    """

    def __init__(self, open_door: Callable[[], Callable[[B], None]], threads: int = 2) -> None:
        self._open_door = open_door
        self._threads = [Thread(target=self._work, daemon=True) for _ in range(threads)]
        self._queue: Queue[B | None] = Queue(maxsize=threads)
        self._inline: Callable[[B], None] | None = None
        self._given = 0
        self._started = False
        self._error: BaseException | None = None

    def give(self, batch: B) -> None:
        """Have a batch landed; wait while the threads are busy."""
        self._given += 1
        if connection.in_atomic_block or self._given <= _INLINE:
            self._inline = self._inline or self._open_door()
            self._inline(batch)
            return
        if not self._started:
            self._started = True
            for thread in self._threads:
                thread.start()
        self._queue.put(batch)
        if self._error:
            raise self._error

    def __enter__(self) -> "Writers[B]":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._started:
            return
        if error is not None:
            self._error = self._error or error
        for _ in self._threads:
            self._queue.put(None)
        for thread in self._threads:
            thread.join()
        if error is None and self._error:
            raise self._error

    def _work(self) -> None:
        try:
            land = self._open_door()
            while (batch := self._queue.get()) is not None:
                if self._error is None:
                    land(batch)
        except BaseException as error:  # noqa: BLE001 - raised again where batches are given
            self._error = self._error or error
            while self._queue.get() is not None:
                continue
        finally:
            connection.close()
