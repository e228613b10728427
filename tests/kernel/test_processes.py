"""Children are started together, restarted when they die, and ended together."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

SOURCE = Path(__file__).resolve().parents[2] / "src"

SUPERVISOR = """
import sys
from rapport.kernel.processes import Child, supervise
children = [Child(str(number), [sys.executable, "-c", code]) for number, code in enumerate(sys.argv[2:])]
sys.exit(supervise(children, grace=float(sys.argv[1]), say=lambda message: print(message, flush=True)))
"""
SLEEPER = "import time; print('up', flush=True); time.sleep(600)"
STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SLEEPER}"
COUNTING = """
import signal, sys, time
def leave(number, frame):
    print("asked", flush=True)
    time.sleep(0.7)
    sys.exit(0)
signal.signal(signal.SIGTERM, leave)
print("up", flush=True)
time.sleep(600)
"""
PARENT = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {SLEEPER!r}]).wait()"


def start(*codes: str, grace: float = 20) -> subprocess.Popen[str]:
    """Start a supervisor with one child per piece of code."""
    return subprocess.Popen(
        [sys.executable, "-c", SUPERVISOR, str(grace), *codes],
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def read_until(process: subprocess.Popen[str], wanted: str, times: int = 1) -> str:
    """Read lines until `wanted` was seen `times` times."""
    assert process.stdout is not None
    seen = ""
    for line in process.stdout:
        seen += line
        if seen.count(wanted) >= times:
            return seen
    raise AssertionError(f"{wanted!r} never came; this did:\n{seen}")


def finish(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Wait for the end and return the status and the rest of what was said."""
    said, _ = process.communicate(timeout=60)
    return process.returncode, said


def descendants(process: subprocess.Popen[str]) -> list[psutil.Process]:
    return psutil.Process(process.pid).children(recursive=True)


def assert_gone(processes: list[psutil.Process]) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if all(not one.is_running() or one.status() == psutil.STATUS_ZOMBIE for one in processes):
            return
        time.sleep(0.02)
    raise AssertionError(f"still running: {processes}")


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 0), (signal.SIGHUP, 0)]
)
def test_a_signal_ends_all_children_and_the_status_tells_which(number: int, status: int) -> None:
    supervisor = start(SLEEPER, SLEEPER)
    read_until(supervisor, "up", 2)
    children = descendants(supervisor)
    supervisor.send_signal(number)
    assert finish(supervisor)[0] == status
    assert_gone(children)


def test_children_are_asked_once_even_when_the_signal_reaches_us_twice() -> None:
    supervisor = start(COUNTING)
    read_until(supervisor, "up")
    supervisor.send_signal(signal.SIGINT)
    supervisor.send_signal(signal.SIGINT)
    status, said = finish(supervisor)
    assert (status, said.count("asked")) == (130, 1)


def test_the_terminals_ctrl_c_does_not_reach_the_children() -> None:
    supervisor = start(SLEEPER)
    read_until(supervisor, "up")
    (child,) = descendants(supervisor)
    assert os.getpgid(child.pid) != os.getpgid(supervisor.pid)
    supervisor.terminate()
    finish(supervisor)


def test_a_child_that_does_not_listen_is_killed_after_the_grace() -> None:
    supervisor = start(STUBBORN, grace=0.3)
    read_until(supervisor, "up")
    children = descendants(supervisor)
    supervisor.terminate()
    assert finish(supervisor)[0] == 0
    assert_gone(children)


def test_a_second_signal_ends_at_once() -> None:
    supervisor = start(STUBBORN, grace=600)
    read_until(supervisor, "up")
    supervisor.send_signal(signal.SIGINT)
    time.sleep(0.8)
    supervisor.send_signal(signal.SIGINT)
    status, said = finish(supervisor)
    assert status == 130
    assert "Ending at once" in said


def test_a_killed_child_is_started_again_and_the_person_told() -> None:
    supervisor = start(SLEEPER)
    read_until(supervisor, "up")
    for _ in range(3):
        (child,) = descendants(supervisor)
        child.kill()
        said = read_until(supervisor, "up")
        assert "ended (signal 9); starting it again" in said
    supervisor.terminate()
    assert finish(supervisor)[0] == 0


def test_what_a_killed_child_started_itself_does_not_stay_behind() -> None:
    supervisor = start(PARENT)
    read_until(supervisor, "up")
    parent, grandchild = sorted(descendants(supervisor), key=lambda one: one.ppid() != supervisor.pid)
    parent.kill()
    assert_gone([grandchild])
    read_until(supervisor, "up")
    supervisor.terminate()
    finish(supervisor)


def test_a_child_that_never_stays_up_ends_everything_with_status_1() -> None:
    supervisor = start(SLEEPER, "import sys; sys.exit(3)")
    status, said = finish(supervisor)
    assert status == 1
    assert "ended (status 3)" in said
    assert "does not stay up; giving up" in said


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children of their parent's death")
def test_children_do_not_outlive_a_killed_supervisor() -> None:
    supervisor = start(SLEEPER, SLEEPER)
    read_until(supervisor, "up", 2)
    children = descendants(supervisor)
    supervisor.kill()
    finish(supervisor)
    assert_gone(children)
