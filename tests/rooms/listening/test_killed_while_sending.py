"""A sender killed at any moment neither loses nor doubles a message; the whole drill is `make drill-mail`."""

import os
import random
import signal
import time
from collections import Counter
from typing import Any

import pytest
from django.db import connection
from tests.rooms.listening.asking import NOW, people, programme

from rapport.kernel.models import OutgoingMail
from rapport.rooms.listening.channels.sending import send_due
from rapport.rooms.listening.models import Invitation
from rapport.rooms.listening.programmes.plan import Mailing, Plan, Reminders
from rapport.rooms.listening.sampling.draws import draw_sample

pytestmark = pytest.mark.django_db(transaction=True)
KILLS = 12
kept_open: list[Any] = []


def send_in_a_child() -> int:
    """Start a process that sends until it is killed; return its id."""
    pid = os.fork()
    if pid == 0:
        # The parent's connection is not the child's to close.
        kept_open.append(connection.connection)
        connection.connection = None
        try:
            while True:
                send_due(now=NOW)
        finally:
            os._exit(1)
    return pid


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_killing_the_sender_again_and_again_loses_and_doubles_nothing(world: Any, cast: Any) -> None:
    people(world.tarnhelm, {"user": 120})
    plan = Plan(mail=Mailing(most_an_hour=10**6), reminders=Reminders(most=0))
    draw_sample(programme(cast("cx_manager"), plan=plan), now=NOW, seed=1)
    rng = random.Random(5)
    for _kill in range(KILLS):
        pid = send_in_a_child()
        time.sleep(rng.uniform(0.01, 0.15))
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    send_due(now=NOW)
    send_due(now=NOW)
    drawn = Counter(Invitation.objects.values_list("contact__email", flat=True))
    assert Counter(OutgoingMail.objects.values_list("to", flat=True)) == drawn
    assert len(drawn) == 123
    assert set(Invitation.objects.values_list("state", flat=True)) == {"sent"}
