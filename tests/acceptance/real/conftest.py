"""A data set is imported once a module; its tests look at it, and the module's end takes it back."""

import os
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from django.db import connection, transaction
from psycopg import sql

from tests.conftest import _template_name


@pytest.fixture
def tell_figure(request: pytest.FixtureRequest) -> Callable[[str, object], None]:
    """Put a measured figure beside the test's result, where a JUnit report shows it."""
    return lambda name, value: request.node.user_properties.append((name, value))


@pytest.fixture(scope="module")
def taken_back(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Let a module write; what it wrote is rolled back at its end."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def own_database(django_db_setup: None, django_db_blocker: Any) -> Iterator[str]:
    """Give a module a database that other processes can write to; return its address."""
    name, usual = f"rapport_real_{os.getpid()}", connection.settings_dict["NAME"]
    server_url = os.environ["DATABASE_URL"]
    copy = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
    drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
    with psycopg.connect(server_url, autocommit=True) as server:
        server.execute("SELECT pg_advisory_lock(7203)")
        server.execute(copy.format(sql.Identifier(name), sql.Identifier(_template_name())))
    with django_db_blocker.unblock():
        connection.close()
        connection.settings_dict["NAME"] = name
        yield urlsplit(server_url)._replace(path=f"/{name}").geturl()
        connection.close()
        connection.settings_dict["NAME"] = usual
    with psycopg.connect(server_url, autocommit=True) as server:
        server.execute(drop)
