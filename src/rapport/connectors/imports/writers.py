"""Landing batches beside reading them: a few threads, each with a connection of its own."""

from collections.abc import Callable
from queue import Queue
from threading import Condition, Thread
from types import TracebackType
from typing import Generic, TypeVar

from django.db import connection

B = TypeVar("B")
# Small files are landed as they are read; threads pay off only after that.
_INLINE = 4


class Writers(Generic[B]):
    """Hands batches to threads that land them; the first error stops all and is raised to the giver.

    `open_door` is called in each thread and returns the function that lands one batch. Batches that share
    one of the keys `keys_of` names land one after the other, in the order given: of two rows for the same
    thing the first always wins, and two threads never wait for each other. Inside an open transaction
    everything stays in it, on the caller's own connection.
    """

    def __init__(
        self,
        open_door: Callable[[], Callable[[B], None]],
        keys_of: Callable[[B], frozenset[str]],
        threads: int = 2,
    ) -> None:
        self._open_door, self._keys_of = open_door, keys_of
        self._threads = [Thread(target=self._work, daemon=True) for _ in range(threads)]
        self._queue: Queue[tuple[int, B] | None] = Queue(maxsize=threads)
        self._under_way: dict[int, frozenset[str]] = {}
        self._landed = Condition()
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
        self._start()
        self._announce(self._given, self._keys_of(batch))
        self._queue.put((self._given, batch))
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

    def _start(self) -> None:
        if not self._started:
            self._started = True
            for thread in self._threads:
                thread.start()

    def _announce(self, number: int, keys: frozenset[str]) -> None:
        """Note what the batch holds, once nothing of it is being landed."""
        with self._landed:
            self._landed.wait_for(lambda: self._error or not self._is_under_way(keys))
            self._under_way[number] = keys

    def _is_under_way(self, keys: frozenset[str]) -> bool:
        return not all(keys.isdisjoint(others) for others in self._under_way.values())

    def _work(self) -> None:
        try:
            land = self._open_door()
            while (given := self._queue.get()) is not None:
                number, batch = given
                if self._error is None:
                    land(batch)
                self._finish(number)
        except BaseException as error:  # noqa: BLE001 - raised again where batches are given
            self._fail(error)
            while self._queue.get() is not None:
                continue
        finally:
            connection.close()

    def _finish(self, number: int) -> None:
        with self._landed:
            del self._under_way[number]
            self._landed.notify_all()

    def _fail(self, error: BaseException) -> None:
        with self._landed:
            self._error = self._error or error
            self._landed.notify_all()
