"""Bringing the database's tables up to this version, one process at a time."""

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pgtrigger
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

Progress = Callable[[int, int, str], None]

_LOCK = 7_202
_APPLYING = "Applying "


def pending_migrations() -> list[str]:
    """Return the names of migrations that are not applied yet, in their order."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _ in plan]


def migrate(progress: Progress) -> int:
    """Apply what is pending and return how many migrations that were; others who try meanwhile wait for us.

    `progress` gets the number done, the number of all, and the name of the one being applied.
    """
    with _alone():
        count = len(pending_migrations())
        if count:
            call_command(
                "migrate", verbosity=1, interactive=False, no_color=True, stdout=_Listener(count, progress)
            )
        elif outdated_triggers():
            pgtrigger.install()
        return count


def outdated_triggers() -> list[str]:
    """Return the triggers that are missing or worded differently, as when a library was upgraded."""
    found = []
    for model, trigger in pgtrigger.registered():
        status, _switched_on = trigger.get_installation_status(model)
        if status != pgtrigger.core.INSTALLED:
            found.append(trigger.get_uri(model))
    return found


class _Listener(io.StringIO):
    """Hears what Django's own command says while it works, and tells how far it is."""

    def __init__(self, count: int, progress: Progress) -> None:
        super().__init__()
        self._done, self._count, self._progress = 0, count, progress

    def write(self, text: str) -> int:
        if text.strip().startswith(_APPLYING):
            name = text.strip().removeprefix(_APPLYING).rstrip(".")
            self._progress(self._done, self._count, name)
            self._done += 1
        return len(text)


@contextmanager
def _alone() -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])
