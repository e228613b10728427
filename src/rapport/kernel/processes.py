"""Runs the processes of one Rapport as one: started together, watched, restarted, and ended together."""

import ctypes
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from types import FrameType

Say = Callable[[str], None]

HEALTHY_AFTER = 10.0
TICK_SECONDS = 0.5
FAILURES_BEFORE_GIVING_UP = 6
_LONGEST_PAUSE = 10.0
_LONGEST_PAUSE_AFTER_A_KILL = 2.0
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Child:
    """A process to keep running; `name` is what the person reads, such as "web"."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass
class _Running:
    child: Child
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    failures: int = 0
    start_again_at: float = 0.0


def supervise(
    children: Sequence[Child],
    *,
    grace: float = 30.0,
    say: Say | None = None,
    tick: Callable[[], None] | None = None,
) -> int:
    """Run the children until this process is asked to end, and return its exit status.

    A child that ends by itself is started again after a growing pause; one that never stays up ends
    everything (status 1). SIGINT (130), SIGTERM and SIGHUP (0) are passed on once as SIGTERM; after `grace`
    seconds, or at a second signal, what is left is killed. `tick` is called about twice a second. Call it
    in the main thread.
    """
    return _Supervisor(children, grace, say or _to_standard_error, tick).run()


def end_with_parent(parent: int) -> None:
    """On Linux, have this process asked to end (SIGTERM) as soon as its parent is gone, however that died."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


class _Supervisor:
    def __init__(
        self, children: Sequence[Child], grace: float, say: Say, tick: Callable[[], None] | None
    ) -> None:
        self._running = [_Running(child) for child in children]
        self._grace = grace
        self._say = say
        self._tick = tick
        self._asked: list[tuple[int, float]] = []

    def run(self) -> int:
        with _wakeups(self._note) as wakeups:
            try:
                status = self._watch(wakeups)
            finally:
                self._end(wakeups)
        return status

    def _note(self, number: int, frame: FrameType | None) -> None:
        self._asked.append((number, time.monotonic()))

    def _watch(self, wakeups: socket.socket) -> int:
        next_tick = 0.0
        while not self._asked:
            for running in self._running:
                if running.process is None and time.monotonic() >= running.start_again_at:
                    self._start(running)
                elif running.process is not None and running.process.poll() is not None:
                    self._mourn(running)
                if running.failures >= FAILURES_BEFORE_GIVING_UP:
                    self._say(
                        f"The {running.child.name} process does not stay up; giving up. Its own messages "
                        "are above."
                    )
                    return 1
            if self._tick and time.monotonic() >= next_tick:
                self._tick()
                next_tick = time.monotonic() + TICK_SECONDS
            _wait(wakeups, 0.2)
        return 130 if self._asked[0][0] == signal.SIGINT else 0

    def _start(self, running: _Running) -> None:
        parent = os.getpid()
        running.process = subprocess.Popen(
            running.child.command,
            stdin=subprocess.DEVNULL,
            env={**os.environ, **running.child.environment},
            # A session of its own: the terminal's Ctrl-C comes to us alone, and is passed on once.
            start_new_session=True,
            preexec_fn=lambda: end_with_parent(parent),
        )
        running.started_at = time.monotonic()

    def _mourn(self, running: _Running) -> None:
        """Clear away what a dead child left behind, and set when to start it again."""
        process = running.process
        assert process is not None
        _kill_group(process.pid)
        stayed = time.monotonic() - running.started_at
        if stayed >= HEALTHY_AFTER:
            running.failures = 0
        killed = process.returncode < 0
        # Being killed from outside says nothing about the child, so it never makes us give up.
        running.failures = min(running.failures + 1, FAILURES_BEFORE_GIVING_UP - (1 if killed else 0))
        longest = _LONGEST_PAUSE_AFTER_A_KILL if killed else _LONGEST_PAUSE
        pause = min(longest, 0.25 * 2 ** (running.failures - 1))
        running.process, running.start_again_at = None, time.monotonic() + pause
        how = f"signal {-process.returncode}" if killed else f"status {process.returncode}"
        if running.failures < FAILURES_BEFORE_GIVING_UP:
            self._say(f"The {running.child.name} process ended ({how}); starting it again in {pause:g} s.")

    def _end(self, wakeups: socket.socket) -> None:
        """Ask every child to end, wait, and kill what is left, with whatever it started itself."""
        alive = [running.process for running in self._running if running.process is not None]
        for process in alive:
            # SIGTERM also for Ctrl-C: a child still importing would print a traceback at SIGINT.
            process.terminate()
        deadline = time.monotonic() + self._grace
        while any(process.poll() is None for process in alive) and time.monotonic() < deadline:
            if self._is_urgent():
                self._say("Ending at once.")
                break
            _wait(wakeups, 0.1)
        for process in alive:
            _kill_group(process.pid)
            process.wait()

    def _is_urgent(self) -> bool:
        """Say whether a second signal came, later than one that merely reached us twice."""
        return len(self._asked) > 1 and self._asked[-1][1] - self._asked[0][1] > 0.5


@contextmanager
def _wakeups(note: Callable[[int, FrameType | None], None]) -> Iterator[socket.socket]:
    """Take over the signals, and give a socket that becomes readable when one arrives."""
    reader, writer = socket.socketpair()
    reader.setblocking(False)
    writer.setblocking(False)
    before = {number: signal.signal(number, note) for number in _SIGNALS}
    before[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, lambda number, frame: None)
    old_descriptor = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
    try:
        yield reader
    finally:
        signal.set_wakeup_fd(old_descriptor)
        for number, handler in before.items():
            signal.signal(number, handler)
        reader.close()
        writer.close()


def _wait(wakeups: socket.socket, seconds: float) -> None:
    ready, _, _ = select.select([wakeups], [], [], seconds)
    if ready:
        with suppress(BlockingIOError):
            wakeups.recv(4096)


def _kill_group(group: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def _to_standard_error(message: str) -> None:
    with suppress(OSError):
        sys.stderr.write(f"{message}\n")
        sys.stderr.flush()
