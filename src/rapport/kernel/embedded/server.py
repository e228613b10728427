"""The embedded server from start to stop, shared by all processes that use the same data folder."""

import errno
import pwd
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType, TracebackType
from typing import Literal, Self
from urllib.parse import quote

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.pq import PGconn, Ping

from rapport.kernel.embedded.binaries import Binaries, find_binaries, reachable_binaries
from rapport.kernel.embedded.cluster import (
    DATABASE,
    ROLE,
    check_cluster,
    create_cluster,
    disk_full,
    is_disk_full,
)
from rapport.kernel.embedded.configuration import configuration_text
from rapport.kernel.embedded.errors import (
    EmbeddedDatabaseError,
    FolderClosedError,
    PasswordMissingError,
    StartFailedError,
)
from rapport.kernel.embedded.folders import (
    PORT,
    SHARED,
    Folders,
    control_folder,
    existing_folders,
    find_home,
    own_folder,
    socket_folder,
    write_whole,
)
from rapport.kernel.embedded.locks import SharedLock, exclusive
from rapport.kernel.embedded.postmaster import clear_remains, find_postmaster, state_of, wait_until_gone
from rapport.kernel.embedded.system_user import SystemUser, server_user

Progress = Callable[[str], None]

# pg_ctl wants a limit; recovery has none, so this is four months.
_NO_LIMIT = "10000000"
_PAUSE = 0.05
_SOCKET_LOST_AFTER = 10.0


@dataclass(frozen=True)
class ConnectionInfo:
    """How to reach the server: the folder of its socket, and who to be."""

    host: str
    user: str
    password: str
    dbname: str
    port: int = PORT

    @property
    def url(self) -> str:
        """The address as libpq, psycopg and Django read it."""
        return (
            ""
            f"postgresql://{_encoded(self.user)}:{_encoded(self.password)}@/{_encoded(self.dbname)}"
            f"?host={_encoded(self.host)}&port={self.port}"
        )

    def __repr__(self) -> str:
        """Leave the password out of logs and tracebacks."""
        return f"ConnectionInfo(host={self.host!r}, user={self.user!r}, dbname={self.dbname!r})"


@dataclass(frozen=True)
class ServerStatus:
    """What `rapport doctor` wants to know; nothing was changed to find it."""

    state: Literal["absent", "stopped", "starting", "running", "stopping"]
    version: str
    pid: int | None
    cluster: Path | None
    log: Path | None
    socket: Path | None
    system_user: str | None
    free_bytes: int


def recorded_connection(data_dir: Path) -> ConnectionInfo | None:
    """Return how to reach the database of `data_dir`, running or not, or None when none was made yet."""
    folders = existing_folders(data_dir)
    try:
        return _connection(folders) if folders else None
    except EmbeddedDatabaseError:
        return None


class EmbeddedServer:
    """A PostgreSQL server in the data folder.

    Any number of processes may start it at once: the first starts the server, the others join it, and the
    last to leave stops it. A process that dies without leaving counts as gone, and the next one takes over
    what it left.
    """

    def __init__(
        self, data_dir: Path, *, settings: Mapping[str, str] | None = None, progress: Progress | None = None
    ) -> None:
        self._data_dir = data_dir
        self._settings = dict(settings or {})
        self._progress = progress
        self._using: SharedLock | None = None
        self._previous_handler: signal.Handlers | None = None

    def start(self) -> ConnectionInfo:
        """Start or join the server and return how to reach it, once it accepts connections.

        Recovery may take long, and is waited for. Raises EmbeddedDatabaseError in one of its kinds, each with
        a message for the person.
        """
        control = control_folder(self._data_dir)
        try:
            return self._start_or_join(control)
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise disk_full(control) from error
            raise

    def _start_or_join(self, control: Path) -> ConnectionInfo:
        with exclusive(control / "starting.lock", self._another_starts):
            folders, user = _place(control)
            using = self._using or SharedLock(folders.using_lock)
            try:
                self._ensure_running(folders, user)
                connection = _connection(folders)
                _check_password(connection, folders)
            except BaseException:
                if self._using is None:
                    using.release()
                raise
            self._using = using
        return connection

    def stop(self) -> None:
        """Leave the server, and stop it cleanly unless another process still uses it."""
        using, self._using = self._using, None
        if using is None:
            return
        try:
            folders = existing_folders(self._data_dir)
            if folders is None:
                return
            with exclusive(folders.starting_lock, lambda seconds: None):
                if using.is_last():
                    self._stop_server(folders)
        finally:
            using.release()

    def keep_running(self) -> None:
        """Start the server again if it died under us; made to be called every few seconds."""
        folders = existing_folders(self._data_dir)
        if self._using is not None and folders is not None and find_postmaster(folders.cluster) is None:
            self._say("The database server ended unexpectedly; starting it again.")
            self.start()

    def is_running(self) -> bool:
        """Say whether the server accepts connections, whoever started it."""
        folders = existing_folders(self._data_dir)
        return folders is not None and _ping(folders) == Ping.OK

    def status(self) -> ServerStatus:
        """Look at everything and change nothing."""
        version = find_binaries().version
        folders = existing_folders(self._data_dir)
        if folders is None:
            free = shutil.disk_usage(_nearest_existing(self._data_dir.resolve())).free
            return ServerStatus("absent", version, None, None, None, None, None, free)
        postmaster = find_postmaster(folders.cluster)
        answer = _ping(folders)
        state: Literal["absent", "stopped", "starting", "running", "stopping"]
        if answer == Ping.OK:
            state = "running"
        elif state_of(folders.cluster) == "stopping":
            state = "stopping"
        else:
            state = "starting" if postmaster or answer == Ping.REJECT else "stopped"
        return ServerStatus(
            state=state,
            version=version,
            pid=postmaster.pid if postmaster else None,
            cluster=folders.cluster,
            log=folders.log,
            socket=_recorded_socket(folders),
            system_user=_user_name(folders.cluster.stat().st_uid),
            free_bytes=shutil.disk_usage(folders.cluster).free,
        )

    def __enter__(self) -> Self:
        """Start, and see to it that SIGTERM ends this process through `stop`, as Ctrl-C does."""
        in_main_thread = threading.current_thread() is threading.main_thread()
        if in_main_thread and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
            signal.signal(signal.SIGTERM, _leave)
            self._previous_handler = signal.SIG_DFL
        try:
            self.start()
        except BaseException:
            self._restore_handler()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.stop()
        finally:
            self._restore_handler()

    def _restore_handler(self) -> None:
        if self._previous_handler is not None:
            signal.signal(signal.SIGTERM, self._previous_handler)
            self._previous_handler = None

    def _say(self, message: str) -> None:
        """Tell the person; a terminal that has gone away must not keep the server from being stopped."""
        if self._progress is not None:
            with suppress(OSError):
                self._progress(message)

    def _another_starts(self, seconds: float) -> None:
        if seconds > 1:
            self._say(f"Another process is starting or stopping the database ({seconds:.0f} s)")

    def _ensure_running(self, folders: Folders, user: SystemUser) -> None:
        if self._join(folders, user):
            return
        binaries = reachable_binaries(user, SHARED)
        if not check_cluster(folders, binaries):
            self._say("Making the database")
            create_cluster(folders, binaries, user)
        elif not folders.password.exists():
            raise PasswordMissingError(
                f"The database in {folders.cluster} is there, but the file with its password is not: "
                f"{folders.password}. Restore that file from your backup."
            )
        self._start_server(folders, binaries, user)

    def _join(self, folders: Folders, user: SystemUser) -> bool:
        """Wait for a server that is already there; return False when there is none, or it went away."""
        began = time.monotonic()
        while True:
            answer = _ping(folders)
            if answer == Ping.OK:
                return True
            postmaster = find_postmaster(folders.cluster)
            if postmaster is None and answer == Ping.NO_RESPONSE:
                return False
            waited = time.monotonic() - began
            if postmaster and waited > _SOCKET_LOST_AFTER and state_of(folders.cluster) == "ready":
                # Ready, and yet out of reach: something swept its socket away. A restart brings it back.
                self._stop_server(folders)
                return False
            self._say_waiting(waited)
            time.sleep(_PAUSE)

    def _start_server(self, folders: Folders, binaries: Binaries, user: SystemUser) -> None:
        socket_dir = socket_folder(folders.home, user)
        for folder in (socket_dir, folders.log):
            own_folder(folder, user)
        clear_remains(folders.cluster, socket_dir)
        folders.start_log.unlink(missing_ok=True)
        configuration = configuration_text(folders, socket_dir, self._settings)
        write_whole(folders.configuration, configuration, mode=0o644)
        write_whole(folders.socket_note, f"{socket_dir}\n", mode=0o644)
        self._say("Starting the database")
        command: list[str | Path] = [binaries.program("pg_ctl"), "start", "-s", "-w", "-t", _NO_LIMIT]
        # Relative paths and PGDATA, because pg_ctl hands what it is told to a shell.
        command += ["-l", folders.start_log.relative_to(folders.home)]
        command += ["-o", f"-c config_file={folders.configuration.relative_to(folders.home)}"]
        self._wait_for(user, folders, command)

    def _wait_for(self, user: SystemUser, folders: Folders, command: list[str | Path]) -> None:
        with tempfile.TemporaryFile() as output:
            process = user.start(
                command, output, folder=folders.home, variables={"PGDATA": str(folders.cluster)}
            )
            began = time.monotonic()
            try:
                while process.poll() is None:
                    self._say_waiting(time.monotonic() - began)
                    time.sleep(_PAUSE)
            except BaseException:
                _abandon(process, folders)
                raise
            output.seek(0)
            said = output.read().decode(errors="replace")
        if process.returncode != 0:
            raise _start_failure(folders, said)

    def _say_waiting(self, seconds: float) -> None:
        if seconds > 2:
            self._say(f"The database is putting itself in order after an unclean end ({seconds:.0f} s)")

    def _stop_server(self, folders: Folders) -> None:
        """Ask for a fast shutdown (open transactions roll back) and wait for its last checkpoint."""
        postmaster = find_postmaster(folders.cluster)
        if postmaster is None:
            return
        postmaster.send_signal(signal.SIGINT)
        self._say("Stopping the database")
        began = time.monotonic()
        while not wait_until_gone(postmaster, 1):
            self._say(
                f"The database is writing what it still holds in memory ({time.monotonic() - began:.0f} s)"
            )


def _encoded(part: str) -> str:
    return quote(part, safe="")


def _leave(number: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


def _place(control: Path) -> tuple[Folders, SystemUser]:
    """Return where the database lies and who runs it."""
    note = control / "location"
    known_home = Path(note.read_text(encoding="utf-8").strip()) if note.exists() else control
    user = server_user(Folders(control, known_home).cluster)
    folders = Folders(control, find_home(control, user))
    if not user.can_enter(folders.home):
        raise FolderClosedError(
            f"The user that runs the database ({_user_name(user.uid)}) cannot reach {folders.home}. Let it "
            "pass through the folders above (chmod o+x on each), as they were when the database was made."
        )
    return folders, user


def _connection(folders: Folders) -> ConnectionInfo:
    try:
        password = folders.password.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise PasswordMissingError(
            f"The file with the database's password, {folders.password}, cannot be read ({error.strerror})."
        ) from error
    return ConnectionInfo(str(_recorded_socket(folders)), ROLE, password, DATABASE)


def _recorded_socket(folders: Folders) -> Path:
    try:
        return Path(folders.socket_note.read_text(encoding="utf-8").strip())
    except OSError:
        return folders.home / "socket"


def _ping(folders: Folders) -> Ping:
    """Ask the socket, which also answers for a server in another container on the same folder."""
    where = make_conninfo(
        host=str(_recorded_socket(folders)), port=PORT, user=ROLE, dbname=DATABASE, connect_timeout=5
    )
    return Ping(PGconn.ping(where.encode()))


def _check_password(connection: ConnectionInfo, folders: Folders) -> None:
    try:
        psycopg.connect(connection.url).close()
    except psycopg.OperationalError as error:
        if "password authentication failed" not in str(error):
            raise StartFailedError(f"The database runs but refuses a connection: {error}") from error
        raise PasswordMissingError(
            f"The database in {folders.cluster} does not accept the password in {folders.password}. Restore "
            "that file from the same backup as the database."
        ) from error


def _abandon(process: subprocess.Popen[bytes], folders: Folders) -> None:
    """End a start we no longer wait for, and the server it began."""
    process.send_signal(signal.SIGINT)
    process.wait()
    postmaster = find_postmaster(folders.cluster)
    if postmaster is not None:
        postmaster.send_signal(signal.SIGINT)
        wait_until_gone(postmaster, 60)


def _start_failure(folders: Folders, said: str) -> EmbeddedDatabaseError:
    lines = _last_lines(folders)
    if is_disk_full(folders.home, said + lines):
        return disk_full(folders.home)
    return StartFailedError(
        "The database did not start. Its last words:\n"
        f"{lines or said.strip() or '(none)'}\n"
        f"The whole log is in {folders.log}. If you changed {folders.user_configuration}, look there first."
    )


def _last_lines(folders: Folders, count: int = 15) -> str:
    """Return the end of what the server said in this start, from both of its logs."""
    newest = sorted(folders.log.glob("server-*.log"), key=lambda path: path.stat().st_mtime)[-1:]
    lines: list[str] = []
    for path in [folders.start_log, *newest]:
        try:
            lines += path.read_text(encoding="utf-8", errors="replace").splitlines()[-count:]
        except OSError:
            continue
    return "\n".join(lines[-count:])


def _nearest_existing(path: Path) -> Path:
    return path if path.exists() else _nearest_existing(path.parent)


def _user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
