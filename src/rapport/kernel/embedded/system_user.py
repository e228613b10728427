"""Who runs the server: ourselves, or a dedicated system user if root started it (PostgreSQL refuses root)."""

import os
import pwd
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from rapport.kernel.embedded.errors import NoSystemUserError

USER_NAME = "rapport-db"
_SAFE_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True)
class SystemUser:
    """A user of the operating system, and whether we must change to it."""

    uid: int
    gid: int
    is_other: bool

    def start(
        self,
        command: Sequence[str | Path],
        output: IO[bytes],
        *,
        text: IO[bytes] | None = None,
        folder: Path = Path("/"),
        variables: Mapping[str, str] | None = None,
    ) -> subprocess.Popen[bytes]:
        """Start `command` as this user, in a session of its own that the terminal's Ctrl-C does not reach."""
        return subprocess.Popen(
            [str(part) for part in command],
            stdin=text or subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=folder,
            env={"PATH": _SAFE_PATH, "LC_ALL": "C", "TZ": "UTC", **(variables or {})},
            start_new_session=True,
            umask=0o077,
            user=self.uid if self.is_other else None,
            group=self.gid if self.is_other else None,
            extra_groups=[] if self.is_other else None,
        )

    def can_run(self, command: Sequence[str | Path]) -> bool:
        """Say whether this user can run `command` and it succeeds; the kernel's own answer, ACLs included."""
        with open(os.devnull, "wb") as nowhere:
            try:
                return self.start(command, nowhere).wait() == 0
            except OSError:
                return False

    def can_enter(self, folder: Path) -> bool:
        """Say whether this user can enter `folder`."""
        return self.can_run(["/bin/sh", "-c", 'cd -- "$1"', "sh", folder])

    def own(self, path: Path) -> None:
        """Give `path` to this user."""
        if self.is_other:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)


def server_user(cluster: Path) -> SystemUser:
    """Return who runs the server: the owner of an existing cluster, else ourselves, else a dedicated user.

    Raises NoSystemUserError when root started us and no dedicated user can be made.
    """
    if os.geteuid() != 0:
        return SystemUser(os.geteuid(), os.getegid(), is_other=False)
    if cluster.is_dir() and (owner := cluster.stat()).st_uid != 0:
        return SystemUser(owner.st_uid, owner.st_gid, is_other=True)
    entry = _dedicated_user()
    return SystemUser(entry.pw_uid, entry.pw_gid, is_other=True)


def _dedicated_user() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(USER_NAME)
    except KeyError:
        pass
    useradd = shutil.which("useradd", path=_SAFE_PATH)
    if useradd is None:
        raise NoSystemUserError(
            f"PostgreSQL does not run as root, and there is no system user '{USER_NAME}' nor a 'useradd' "
            f"command to create it. Create that user yourself (for example: adduser -S {USER_NAME}), start "
            "Rapport as an ordinary user, or give your own server in DATABASE_URL."
        )
    command = [useradd, "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent"]
    made = subprocess.run(
        [*command, "--shell", "/usr/sbin/nologin", USER_NAME],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    try:
        return pwd.getpwnam(USER_NAME)
    except KeyError:
        raise NoSystemUserError(
            f"PostgreSQL does not run as root, and the system user '{USER_NAME}' could not be created: "
            f"{made.stderr.strip() or 'useradd gave no reason'}. Create it yourself, or start Rapport as an "
            "ordinary user."
        ) from None
