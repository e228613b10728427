"""Migrating also brings the triggers up to date that keep the history."""

import pytest
from django.db import connection

from rapport.kernel.migrating import migrate, outdated_triggers


@pytest.mark.django_db(transaction=True)
def test_a_trigger_that_is_missing_comes_back_with_the_next_migrate() -> None:
    assert outdated_triggers() == []
    with connection.cursor() as cursor:
        cursor.execute("SELECT tgname FROM pg_trigger WHERE tgrelid = 'accounts_account'::regclass")
        ours = [name for (name,) in cursor.fetchall() if name.startswith("pgtrigger_update")]
        cursor.execute(f'DROP TRIGGER "{ours[0]}" ON accounts_account')
    assert len(outdated_triggers()) == 1
    assert migrate(lambda done, count, name: None) == 0
    assert outdated_triggers() == []
