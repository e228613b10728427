"""Which file of the embedded database lies where, and how folders are made without opening any to others."""

import hashlib
import os
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from rapport.kernel.embedded.errors import FolderClosedError
from rapport.kernel.embedded.system_user import SystemUser

SHARED = Path("/var/lib/rapport")
PORT = 5432
# sockaddr_un holds 108 bytes on Linux and 104 elsewhere, the last one a zero.
_LONGEST_SOCKET = 107 if os.uname().sysname == "Linux" else 103


@dataclass(frozen=True)
class Folders:
    """The places of one embedded database.

    `control` lies in the data folder and belongs to whoever starts Rapport (password, locks, own settings);
    `home` holds what the server's user must reach, and is the same folder unless the data folder is closed to
    that user.
    """

    control: Path
    home: Path

    @property
    def cluster(self) -> Path:
        """The folder PostgreSQL calls its data directory."""
        return self.home / "cluster"

    @property
    def cluster_draft(self) -> Path:
        """Where a new cluster is made before it takes its name, so that a half-made one is never used."""
        return self.home / "cluster.new"

    @property
    def log(self) -> Path:
        """The folder of the server's logs, one file per day of the week."""
        return self.home / "log"

    @property
    def start_log(self) -> Path:
        """What the server said before it opened its own log."""
        return self.log / "start.log"

    @property
    def configuration(self) -> Path:
        """The settings written at every start."""
        return self.home / "rapport.conf"

    @property
    def user_configuration(self) -> Path:
        """The settings a person may write; they win over ours."""
        return self.control / "postgresql.user.conf"

    @property
    def password(self) -> Path:
        """The file with the application's password."""
        return self.control / "password"

    @property
    def administrator_password(self) -> Path:
        """The file with the password of the database's superuser, which Rapport itself never uses."""
        return self.control / "administrator-password"

    @property
    def socket_note(self) -> Path:
        """The file that says where the socket lies, for whoever comes later with another environment."""
        return self.control / "socket-folder"

    @property
    def starting_lock(self) -> Path:
        """Held while a server is being started or stopped."""
        return self.control / "starting.lock"

    @property
    def using_lock(self) -> Path:
        """Held, shared, by every process that uses the server; the last to leave stops it."""
        return self.control / "using.lock"


def existing_folders(data_dir: Path) -> Folders | None:
    """Return the places of the database in `data_dir`, or None when none was made yet; change nothing."""
    control = data_dir.resolve() / "postgresql"
    try:
        note = control / "location"
        home = Path(note.read_text(encoding="utf-8").strip()) if note.exists() else control
        folders = Folders(control, home)
        return folders if folders.cluster.is_dir() else None
    except OSError:
        return None


def control_folder(data_dir: Path) -> Path:
    """Make and return the folder of this database inside the data folder.

    Raises FolderClosedError when it cannot be made or belongs to another user.
    """
    control = data_dir.resolve() / "postgresql"
    # Others may pass through what root makes, so that the server's user reaches its own folder.
    mode = 0o711 if os.geteuid() == 0 else 0o700
    try:
        data_dir.mkdir(mode=mode, parents=True, exist_ok=True)
        control.mkdir(mode=mode, exist_ok=True)
    except OSError as error:
        raise FolderClosedError(
            f"The data folder {data_dir} cannot be used ({error.strerror}). Choose another with "
            "RAPPORT_DATA_DIR, or let this user write there."
        ) from error
    if os.geteuid() not in (0, control.stat().st_uid):
        raise FolderClosedError(
            f"The database in {control} belongs to another user of this machine (user id "
            f"{control.stat().st_uid}). Start Rapport as that user, or choose another data folder with "
            "RAPPORT_DATA_DIR."
        )
    return control


def find_home(control: Path, user: SystemUser) -> Path:
    """Return where the cluster lies or shall lie: beside the controls, or below SHARED if they are closed."""
    note = control / "location"
    if note.exists():
        return Path(note.read_text(encoding="utf-8").strip())
    if not user.is_other or (control / "cluster").exists() or user.can_enter(control):
        return control
    home = SHARED / hashlib.sha256(os.fsencode(control.resolve())).hexdigest()[:16]
    home.mkdir(mode=0o711, parents=True, exist_ok=True)
    write_whole(note, f"{home}\n", mode=0o600)
    return home


def own_folder(path: Path, user: SystemUser) -> None:
    """Make `path` a folder that belongs to the server's user and is closed to all others.

    Raises FolderClosedError when something else is in its place.
    """
    try:
        path.mkdir(mode=0o700)
        user.own(path)
    except FileExistsError:
        found = path.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != user.uid or stat.S_IMODE(found.st_mode) & 0o077:
            raise FolderClosedError(
                f"{path} should be a folder of the database's user (user id {user.uid}), closed to all "
                "others, and is not. Look at what is there, move it away, and start again."
            ) from None


def socket_folder(home: Path, user: SystemUser) -> Path:
    """Return the folder for the socket: in `home`, or a short private one if that path will not do."""
    folder = home / "socket"
    # A comma separates hosts for libpq, and cannot be written in any other way.
    if len(os.fsencode(folder / f".s.PGSQL.{PORT}")) <= _LONGEST_SOCKET and "," not in str(folder):
        return folder
    name = f"rapport-{user.uid}-{hashlib.sha256(os.fsencode(home)).hexdigest()[:12]}"
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    if runtime and not user.is_other and len(runtime) < 40 and os.access(runtime, os.W_OK | os.X_OK):
        return Path(runtime, name)
    # Not tempfile.gettempdir(): TMPDIR may be as long as what we flee. `own_folder` makes it safe.
    return Path("/tmp", name)  # noqa: S108


def write_whole(path: Path, text: str, *, mode: int) -> None:
    """Write a small file whole or not at all, on disk when this returns."""
    handle, draft = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        os.replace(draft, path)
    except BaseException:
        os.unlink(draft)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Put the folder's list of names on disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
