"""What can go wrong with the embedded database, each as a message for the person who must mend it."""


class EmbeddedDatabaseError(Exception):
    """The embedded database cannot be used; the message says why and what to do."""


class BinariesMissing(EmbeddedDatabaseError):
    """The PostgreSQL programs are not installed."""


class DiskFull(EmbeddedDatabaseError):
    """The disk that holds the database has no room left."""


class FolderClosed(EmbeddedDatabaseError):
    """A folder the server needs cannot be reached, or belongs to somebody else."""


class NoSystemUser(EmbeddedDatabaseError):
    """Started by root, and there is no other user to run the server as."""


class PasswordMissing(EmbeddedDatabaseError):
    """The database exists but the file with its password does not, or it holds another password."""


class StartFailed(EmbeddedDatabaseError):
    """The server ended before it was ready."""


class StillHeld(EmbeddedDatabaseError):
    """A process that belongs to an earlier server will not go away."""


class VersionMismatch(EmbeddedDatabaseError):
    """The data were written by another major version of PostgreSQL."""
