"""Kill the sender and the workers at random moments while invitations go out, and count the damage.

Everything is real: an embedded database with durability on, the sender and the workers as processes of their
own, and a mail server on loopback that counts what it accepts. The processes are forked from one that has
loaded Rapport already, so that most kills meet work and not a start. At the end everybody drawn must have one
invitation queued and no more, every message must have arrived once, and whatever was cut off between hand-over
and reply must wait for a person. `DRILL_KILLS` says how often to kill (200).
"""

import multiprocessing
import os
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path

from bench.drill_crash import PostOffice, free_port, post_office, prepare
from bench.line import Line

KILLS = int(os.environ.get("DRILL_KILLS", "200"))
PEOPLE = int(os.environ.get("DRILL_PEOPLE", "8000"))
SEED = int(os.environ.get("DRILL_SEED", "0")) or random.SystemRandom().randrange(1, 10**6)
WORKERS = 2
SETTLE_SECONDS = 600
LONGEST_WAIT = 2.5
HERE = Path(__file__).parent.parent


# -- Rapport's own processes ----------------------------------------------------


def send() -> None:
    """Queue what is due, over and over."""
    from django.db import OperationalError, connection
    from django.utils import timezone

    from rapport.rooms.listening.channels.sending import send_due

    while True:
        try:
            send_due(now=timezone.now())
        except OperationalError:
            connection.close()
        time.sleep(0.05)


def work() -> None:
    """Carry out jobs, as `rapport worker` does."""
    from rapport.kernel.jobs.worker import run_worker

    run_worker(4)


@dataclass
class Process:
    """One of Rapport's processes; started again as soon as it is gone."""

    name: str
    target: Callable[[], None]
    context: ForkServerContext
    running: ForkServerProcess | None = None

    def keep_running(self) -> None:
        """Start it if it is not there."""
        if self.running is None or not self.running.is_alive():
            self.running = self.context.Process(target=self.target, daemon=True)
            self.running.start()

    def kill(self) -> str:
        """Kill it and return its name."""
        if self.running is None or not self.running.is_alive():
            return "nothing"
        self.running.kill()
        self.running.join()
        return self.name

    def stop(self) -> None:
        """End it."""
        if self.running is not None:
            self.running.kill()
            self.running.join()


# -- The drill ------------------------------------------------------------------


def draw_people() -> int:
    """Draw a sample from a frame of its own; everybody's morning is now."""
    from django.utils import timezone

    from rapport.kernel.models import User
    from rapport.rooms.accounts.models import Account, Contact
    from rapport.rooms.listening.models import Invitation, Programme, Survey, SurveyVersion
    from rapport.rooms.listening.programmes.plan import Mailing, Plan, Reminders, stored
    from rapport.rooms.listening.sampling.draws import draw_sample

    now = timezone.now()
    question = {"key": "nps", "type": "nps", "text": {"en": "How likely are you to recommend us?"}}
    document = {"title": {"en": "Drill"}, "pages": [{"key": "one", "questions": [question]}]}
    survey = Survey.objects.create(name="Drill", draft=document)
    SurveyVersion.objects.create(survey=survey, number=1, document=document)
    owner = User.objects.create_user(
        "drill-mail@halden.example", None, name="Drill", role="cx_manager", reach="everything"
    )
    accounts = [Account.objects.create(name=f"Customer {number}") for number in range(20)]
    Contact.objects.bulk_create(
        Contact(account=accounts[number % 20], name=f"Person {number}", email=f"p{number}@drill.example")
        for number in range(PEOPLE)
    )
    anytime = Mailing(send_from=0, send_until=23, weekdays_only=False, most_an_hour=10**6)
    plan = Plan(mail=anytime, reminders=Reminders(most=0))
    programme = Programme.objects.create(
        name="Drill", kind="periodic", state="running", survey=survey, owner=owner, plan=stored(plan)
    )
    drawn = draw_sample(programme, now=now, seed=SEED).invitations.count()
    Invitation.objects.update(send_at=now)
    return drawn


def kill_while_sending(processes: list[Process], rng: random.Random) -> "Counter[str]":
    """Kill one process after another, each started again at once."""
    killed: Counter[str] = Counter()
    while sum(killed.values()) < KILLS:
        _keep(processes, rng.uniform(0.05, LONGEST_WAIT))
        what = rng.choice(processes).kill()
        if what != "nothing":
            killed[what] += 1
    return killed


def _keep(processes: list[Process], seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for process in processes:
            process.keep_running()
        time.sleep(0.05)


def settle(processes: list[Process]) -> bool:
    """Wait until nothing is due and no mail is under way; return whether that came to be."""
    from rapport.kernel.models import OutgoingMail
    from rapport.rooms.listening.models import Invitation

    end = time.monotonic() + SETTLE_SECONDS
    while time.monotonic() < end:
        _keep(processes, 0.5)
        under_way = OutgoingMail.objects.filter(state__in=["queued", "sending", "handing"]).exists()
        if not under_way and not Invitation.objects.filter(send_at__isnull=False).exists():
            return True
    return False


@dataclass(frozen=True)
class Damage:
    """What was lost, doubled, or is held back for a person."""

    not_queued: int
    never_arrived: int
    doubled: int
    held: int
    held_but_arrived: int
    arrived: int


def count_damage(office: PostOffice) -> Damage:
    """Compare who was drawn with what was queued, and that with what arrived."""
    from rapport.kernel.mail.queue import message_id
    from rapport.kernel.models import OutgoingMail
    from rapport.rooms.listening.channels.mail import key_of
    from rapport.rooms.listening.models import Invitation

    states = dict(OutgoingMail.objects.values_list("dedupe_key", "state"))
    drawn = {key_of(pk, 0) for pk in Invitation.objects.values_list("pk", flat=True)}
    came = {key: office.received[message_id(key)] for key in states}
    held = [key for key, state in states.items() if state == "doubtful"]
    return Damage(
        not_queued=len(drawn - states.keys()),
        never_arrived=sum(1 for key, state in states.items() if not came[key] and state != "doubtful"),
        doubled=sum(max(0, times - 1) for times in came.values()) + len(states.keys() - drawn),
        held=len(held),
        held_but_arrived=sum(1 for key in held if came[key]),
        arrived=sum(1 for times in came.values() if times),
    )


def report(damage: Damage, drawn: int, killed: "Counter[str]", seconds: float, quiet: bool) -> None:
    """Print the lines."""
    what = ", ".join(f"{count} {name}" for name, count in sorted(killed.items()))
    note = f"seed {SEED}; {drawn} people drawn, {damage.arrived} messages arrived; killed in {seconds:.0f} s: {what}"
    if not quiet:
        note += f"; work was still waiting after {SETTLE_SECONDS} s"
    lost = damage.not_queued + damage.never_arrived
    split = f"not queued {damage.not_queued}, never arrived {damage.never_arrived}"
    Line("drill-mail lost", lost, "messages", goal=0, note=f"{split}; {note}").show()
    Line("drill-mail doubled", damage.doubled, "messages", goal=0, note=note).show()
    held = f"{damage.held_but_arrived} of them had arrived; none is sent again without a person"
    Line("drill-mail held", damage.held, "messages", note=held).show()
    Line("drill-mail kills", sum(killed.values()), "kills", note=what).show()


def drill(folder: Path) -> int:
    """Run the drill in a folder of its own and return the exit status."""
    from rapport.kernel.embedded import EmbeddedServer

    rng = random.Random(SEED)
    mail_port = free_port()
    with EmbeddedServer(folder / "data") as server, post_office(rng, mail_port) as office:
        prepare(mail_port, folder / "data", server.start().url, free_port())
        drawn = draw_people()
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["bench.drill_mail_loaded"])
        processes = [
            Process("sender", send, context),
            *(Process(f"worker {n}", work, context) for n in range(WORKERS)),
        ]
        try:
            _keep(processes, 5)
            began = time.monotonic()
            killed = kill_while_sending(processes, rng)
            seconds = time.monotonic() - began
            quiet = settle(processes)
            damage = count_damage(office)
        finally:
            for process in processes:
                process.stop()
        report(damage, drawn, killed, seconds, quiet)
    return 0


def main() -> int:
    """Run the drill in a temporary folder, or in the one that `DRILL_FOLDER` names."""
    os.chdir(HERE)
    if kept := os.environ.get("DRILL_FOLDER"):
        return drill(Path(kept))
    with tempfile.TemporaryDirectory(prefix="rapport-drill-") as folder:
        return drill(Path(folder))


if __name__ == "__main__":
    sys.exit(main())
