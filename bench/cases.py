"""How fast the room's lists and figures are with 100,000 cases: the median, beside the SQL they ran.

The data is made in an embedded server of its own, with durability on. Requests go through Django's test client in
this process. The floor is the time the page's own SQL took in the same requests. `--cases 10000` makes less.
"""

import argparse
import os
import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from bench.line import Line

GOAL = 200.0
ROUNDS = 9
PAGES = ("", "team/", "cases/", "cases/?state=open&overdue=yes", "follow-up/", "escalations/", "promises/")
BATCH = 5_000


def prepare(url: str, data: Path) -> None:
    """Create the tables."""
    os.environ |= {
        "DATABASE_URL": url,
        "RAPPORT_DATA_DIR": str(data),
        "RAPPORT_MAIL_URL": "console://",
        "RAPPORT_LOG_LEVEL": "error",
        "DJANGO_SETTINGS_MODULE": "rapport.config.settings",
    }
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)


def fill(cases: int) -> Any:
    """Make teams, customers, colleagues and cases over two years; return who looks."""
    from django.db import connection
    from django.utils import timezone

    from rapport.kernel.models import Team, User
    from rapport.rooms.accounts.models import Account
    from rapport.rooms.action.models import Case

    rng, now = random.Random(5), timezone.now()
    teams = [Team.objects.create(key=f"team-{n}", name=f"Team {n}") for n in range(12)]
    people = [
        User.objects.create_user(
            f"p{n}@bench.example", None, name=f"P {n}", role="cx_manager", reach="everything"
        )
        for n in range(40)
    ]
    accounts = Account.objects.bulk_create(
        Account(name=f"Customer {n}", owner=people[n % 40], team=teams[n % 12], tier="ABC"[n % 3])
        for n in range(5_000)
    )
    for start in range(0, cases, BATCH):
        Case.objects.bulk_create(
            _case(rng, now, accounts, people) for _number in range(min(BATCH, cases - start))
        )
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    return people[0]


def _case(rng: random.Random, now: Any, accounts: list[Any], people: list[Any]) -> Any:
    from rapport.rooms.action.models import Case

    account, opened = rng.choice(accounts), now - timedelta(minutes=rng.randrange(730 * 1440))
    closed = (now - opened).days > 20 or rng.random() < 0.5
    due = opened + timedelta(days=2)
    told = opened + timedelta(hours=rng.randrange(1, 96)) if closed else None
    return Case(
        title=f"Late again {rng.random()}",
        account=account,
        team_id=account.team_id,
        owner=rng.choice(people),
        opened_at=opened,
        due_at=due,
        time_zone="UTC",
        due_hours=16,
        state="closed" if closed else rng.choice(["open", "acknowledged", "fixed"]),
        first_contact_at=told,
        contact_minutes=rng.randrange(1, 900) if closed else None,
        customer_told_at=told,
        closed_at=told,
        told_how="email" if closed else "",
        reopened=rng.random() < 0.05,
        handed_on=rng.choice([0, 0, 0, 1, 2]),
        confirmed_at=told if closed and rng.random() < 0.6 else None,
    )


@contextmanager
def database() -> Iterator[tuple[str, Path]]:
    """Start an embedded server in a folder of its own."""
    from rapport.kernel.embedded import EmbeddedServer

    with tempfile.TemporaryDirectory(prefix="rapport-cases-", dir="/tmp") as folder:
        path = Path(folder)
        path.chmod(0o711)
        server = EmbeddedServer(path / "server")
        try:
            yield server.start().url, path
        finally:
            server.stop()


def measure(user: Any, cases: int) -> None:
    """Ask for each page a few times and report its median."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(user)
    for page in PAGES:
        whole, sql = [], []
        for _round in range(ROUNDS):
            with CaptureQueriesContext(connection) as captured:
                began = time.perf_counter()
                answer = client.get(f"/act/{page}")
                whole.append(1000 * (time.perf_counter() - began))
            assert answer.status_code == 200, page
            sql.append(1000 * sum(float(query["time"]) for query in captured))
        Line(
            f"cases./act/{page}",
            round(statistics.median(whole[1:]), 1),
            "ms",
            floor=round(statistics.median(sql[1:]), 1),
            goal=GOAL,
            note=f"{cases} cases",
        ).show()


def main() -> None:
    """Fill and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=100_000)
    given = parser.parse_args()
    with database() as (url, path):
        prepare(url, path)
        measure(fill(given.cases), given.cases)


if __name__ == "__main__":
    main()
