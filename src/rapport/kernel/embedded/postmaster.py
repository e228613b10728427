"""Which processes belong to a cluster: its postmaster, and what a dead one left behind."""

import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from rapport.kernel.embedded.errors import StillHeldError
from rapport.kernel.embedded.folders import PORT

_PATIENCE = 10.0


def find_postmaster(cluster: Path) -> psutil.Process | None:
    """Return the live postmaster of `cluster`, or None; a process that merely has its number is none."""
    pid = _first_number(cluster / "postmaster.pid")
    return _process_of(pid, cluster) if pid else None


def state_of(cluster: Path) -> str:
    """Return what the postmaster says of itself: starting, ready, stopping, or nothing when it is gone."""
    try:
        lines = (cluster / "postmaster.pid").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    return lines[7].strip() if len(lines) > 7 and find_postmaster(cluster) else ""


def clear_remains(cluster: Path, socket_dir: Path) -> None:
    """Make way for a new postmaster after one that was killed, or a machine that was switched off.

    PostgreSQL itself sees that a dead process no longer holds its lock files; it does not see when the number
    in them has since gone to another process, so those files are removed. Backends that outlived their
    postmaster must be gone before a new one starts. Raises StillHeldError when they do not go.
    """
    _end_orphans(cluster)
    for lock in (cluster / "postmaster.pid", socket_dir / f".s.PGSQL.{PORT}.lock"):
        pid = _first_number(lock)
        if pid and psutil.pid_exists(pid) and _process_of(pid, cluster) is None:
            lock.unlink(missing_ok=True)


def _end_orphans(cluster: Path) -> None:
    """Wait for backends without a postmaster to notice and leave; end those that do not."""
    orphans = list(_processes_in(cluster))
    if not orphans:
        return
    _, alive = psutil.wait_procs(orphans, timeout=_PATIENCE)
    for process in alive:
        # Safe: their shared memory dies with them, and the new server replays the log.
        process.kill()
    _, alive = psutil.wait_procs(alive, timeout=_PATIENCE)
    if alive:
        numbers = ", ".join(str(process.pid) for process in alive)
        raise StillHeldError(
            f"Processes of an earlier database server will not end (process ids {numbers}), often because a "
            "disk does not answer. Restart the machine, then start Rapport again."
        )


def wait_until_gone(process: psutil.Process, seconds: float) -> bool:
    """Wait for a process that is not our child; say whether it ended in time."""
    end = time.monotonic() + seconds
    while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def _processes_in(cluster: Path) -> Iterator[psutil.Process]:
    for process in psutil.process_iter():
        if _belongs(process, cluster):
            yield process


def _process_of(pid: int, cluster: Path) -> psutil.Process | None:
    try:
        process = psutil.Process(pid)
    except psutil.Error:
        return None
    return process if _belongs(process, cluster) else None


def _belongs(process: psutil.Process, cluster: Path) -> bool:
    """Say whether the process is PostgreSQL's and works in `cluster` (all of them change to it)."""
    try:
        return process.name().startswith("postgres") and Path(process.cwd()) == cluster
    except (psutil.Error, OSError):
        return False


def _first_number(path: Path) -> int | None:
    try:
        first = path.read_text(encoding="utf-8", errors="replace").split("\n", 1)[0].strip()
    except OSError:
        return None
    # A socket's lock file may carry a minus sign: a stand-alone server wrote it.
    return abs(int(first)) or None if first.lstrip("-").isdigit() else None
