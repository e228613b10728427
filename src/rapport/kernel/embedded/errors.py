"""What can go wrong with the embedded database, each as a message for the person who must mend it."""


class EmbeddedDatabaseError(Exception):
    """The embedded database cannot be used; the message says why and what to do."""


class BinariesMissingError(EmbeddedDatabaseError):
    """The PostgreSQL programs are not installed."""


class DiskFullError(EmbeddedDatabaseError):
    """The disk that holds the database has no room left."""


class FolderClosedError(EmbeddedDatabaseError):
    """A folder the server needs cannot be reached, or belongs to somebody else."""


class NoSystemUserError(EmbeddedDatabaseError):
    """Started by root, and there is no other user to run the server as."""


class PasswordMissingError(EmbeddedDatabaseError):
    """The database exists but the file with its password does not, or it holds another password."""


class StartFailedError(EmbeddedDatabaseError):
    """The server ended before it was ready."""


class StillHeldError(EmbeddedDatabaseError):
    """A process that belongs to an earlier server will not go away."""


class VersionMismatchError(EmbeddedDatabaseError):
    """The data were written by another major version of PostgreSQL."""
