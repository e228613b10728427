"""Files given as answers: looked at, kept in Django's storage, or refused with the reason."""

from typing import Any
from uuid import UUID

from rapport.rooms.listening.definition import FileQuestion, Upload
from rapport.rooms.listening.models import Upload as KeptUpload
from rapport.rooms.signals.api import SignalRefused, read_upload


def keep_upload(file: Any, question: FileQuestion, invitation_id: UUID) -> Upload:
    """Keep a posted file if it is small enough and truly of a kind the question allows."""
    if file.size > question.most_megabytes * 2**20:
        return Upload(too_big=True)
    try:
        read = read_upload(file)
    except SignalRefused:
        return Upload(wrong_kind=True)
    if read.content_type not in question.kinds:
        return Upload(wrong_kind=True)
    kept = KeptUpload.objects.create(
        invitation_id=invitation_id,
        file=read.file,
        name=read.name,
        content_type=read.content_type,
        size=file.size,
    )
    return Upload(id=str(kept.id))
