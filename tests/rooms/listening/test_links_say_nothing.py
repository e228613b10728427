"""Links: unguessable, the same again for a reminder, kept only as a hash."""

import hashlib

from django.test import override_settings
from tests.rooms.listening.conftest import Asking

from rapport.rooms.listening.definition import Definition, Page, TextQuestion
from rapport.rooms.listening.models import Invitation
from rapport.rooms.listening.services.inviting import link_of, prepare_invitation

SHORT = Definition(
    title={"en": "Orders"},
    pages=(Page(key="p", questions=(TextQuestion(type="text", key="q", text={"en": "What happened?"}),)),),
)


def test_a_link_has_160_bits_and_only_its_hash_is_kept(asking: Asking) -> None:
    made, path = asking.invite(SHORT)
    secret = path.removeprefix("/r/")
    assert len(secret) == 27
    assert bytes(made.secret_hash) == hashlib.sha256(secret.encode()).digest()
    held = Invitation.objects.filter(pk=made.pk).values().get()
    assert secret not in str(held)
    assert len({prepare_invitation(version=made.version)[1] for _ in range(50)}) == 50


def test_a_reminder_shows_the_same_link_and_a_new_key_a_new_one(asking: Asking) -> None:
    made, path = asking.invite(SHORT)
    assert link_of(Invitation.objects.get(pk=made.pk)).endswith(path)
    with override_settings(SECRET_KEY="another key of this installation, long enough"):
        again = link_of(Invitation.objects.get(pk=made.pk))
        assert not again.endswith(path)
        assert link_of(Invitation.objects.get(pk=made.pk)) == again
