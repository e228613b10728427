"""Writing the demo company into an empty Rapport, in one go."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from django.db import connection, transaction

from rapport.demo.company import found_company, hire_colleagues
from rapport.demo.customers import settle_customers, settle_people
from rapport.demo.dealings import deal
from rapport.demo.feedback import speak
from rapport.demo.listening import start_listening
from rapport.demo.loops import close_loops
from rapport.demo.ratings import rate
from rapport.demo.story import Calendar
from rapport.rooms.accounts.models import Account, Contact
from rapport.rooms.signals.models import Signal

SEED = 20_260_917
Progress = Callable[[str], None]


class NotEmpty(Exception):
    """There are accounts already; the demo must not mix with somebody's own."""


@dataclass(frozen=True)
class Loaded:
    """How much was written."""

    accounts: int
    people: int
    signals: int


def is_loaded() -> bool:
    """Say whether there is a company in this Rapport already."""
    return Account.objects.exists()


def load_company(
    *, password: str, now: datetime, seed: int = SEED, progress: Progress = lambda _step: None
) -> Loaded:
    """Write the company, whole or not at all; the same seed and day give the same company.

    Raises NotEmpty when there are accounts already.
    """
    if is_loaded():
        raise NotEmpty("There are customers in this database. The demo company only moves into an empty one.")
    rng = np.random.default_rng(seed)
    calendar = Calendar(now.date())
    with transaction.atomic():
        progress("Founding Halden Flow")
        found_company(calendar)
        colleagues = hire_colleagues(password)
        progress("Settling 400 customers and 2,500 people")
        accounts = settle_customers(rng, colleagues)
        people = settle_people(rng, accounts, now)
        progress("Two years of orders, contracts, requests and projects")
        deal(rng, accounts, calendar)
        progress("30,000 pieces of feedback")
        speak(rng, people, calendar)
        _learn_sizes()
        progress("Rules, the cases of the last weeks, and what was changed for good")
        close_loops(rng, colleagues, calendar, now)
        progress("Three programmes, and the sample that is answering")
        start_listening(rng, colleagues, now)
        progress("What each role is moved by")
        rate(np.random.default_rng([seed, 4]))
    _learn_sizes()
    return Loaded(Account.objects.count(), Contact.objects.count(), Signal.objects.count())


def _learn_sizes() -> None:
    """Let the database see what was written; without that it expects empty tables and plans for them."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
