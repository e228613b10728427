"""Which files may come with a signal: pictures, voices and documents that are what they say they are."""

from dataclasses import dataclass
from typing import Any

from rapport.rooms.signals.services.record import NewAttachment, SignalRefused

LARGEST = 20 * 2**20
MOST = 5


@dataclass(frozen=True)
class Known:
    """A kind of file we take: type, first bytes and where they stand, and whether a browser may show it."""

    content_type: str
    beginning: bytes
    at: int = 0
    shown: bool = True


KNOWN = (
    Known("image/jpeg", b"\xff\xd8\xff"),
    Known("image/png", b"\x89PNG\r\n\x1a\n"),
    Known("image/gif", b"GIF8"),
    Known("image/webp", b"WEBP", 8),
    Known("image/heic", b"ftyphei", 4, shown=False),
    Known("audio/mpeg", b"ID3"),
    Known("audio/mpeg", b"\xff\xfb"),
    Known("audio/mpeg", b"\xff\xf3"),
    Known("audio/wav", b"WAVE", 8),
    Known("audio/ogg", b"OggS"),
    Known("audio/webm", b"\x1aE\xdf\xa3"),
    Known("audio/mp4", b"ftypM4A", 4),
    Known("audio/mp4", b"ftyp", 4),
    Known("audio/flac", b"fLaC"),
    Known("application/pdf", b"%PDF-", shown=False),
)
SHOWN = frozenset(known.content_type for known in KNOWN if known.shown)


def read_upload(upload: Any, field: str = "files") -> NewAttachment:
    """Return an upload as an attachment; raise SignalRefused when it is too large or of another kind."""
    name = str(upload.name or "file").replace("\0", "")[-200:]
    if upload.size > LARGEST:
        raise SignalRefused(field, f"{name} has {upload.size / 2**20:.0f} MB; at most 20 MB can be kept.")
    content_type = _type_of(upload)
    if content_type is None:
        raise SignalRefused(field, f"{name} is no picture, sound or PDF that we know; it was not kept.")
    return NewAttachment(file=upload, name=name, content_type=content_type)


def _type_of(upload: Any) -> str | None:
    upload.seek(0)
    head = upload.read(64)
    upload.seek(0)
    for known in KNOWN:
        if head[known.at :].startswith(known.beginning):
            return known.content_type
    return None
