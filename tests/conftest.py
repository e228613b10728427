"""One real PostgreSQL for the whole run, a database copied from a migrated template, and the cast."""

import hashlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

SCRATCH = Path(os.environ.get("RAPPORT_TEST_SCRATCH") or tempfile.mkdtemp(prefix="rapport-tests-"))
SOURCE = Path(__file__).parent.parent / "src" / "rapport"
_started: list[Any] = []


def _server_url() -> str:
    """Use the server given in RAPPORT_TEST_DATABASE_URL, or start the embedded one without durability."""
    given = os.environ.get("RAPPORT_TEST_DATABASE_URL")
    if given:
        return given
    from rapport.kernel.embedded import EmbeddedServer

    fast = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
    server = EmbeddedServer(SCRATCH / "server", settings=fast)
    url = server.start().url
    _started.append(server)
    os.environ["RAPPORT_TEST_DATABASE_URL"] = url
    return url


SCRATCH.chmod(0o755)
(SCRATCH / "data" / "static").mkdir(parents=True, exist_ok=True)
os.environ["RAPPORT_TEST_SCRATCH"] = str(SCRATCH)
os.environ["RAPPORT_DATA_DIR"] = str(SCRATCH / "data")
os.environ["RAPPORT_MAIL_URL"] = "console://"
os.environ["RAPPORT_COMPANY"] = "Halden Flow (fictional)"
os.environ["DATABASE_URL"] = _server_url()
os.environ["DJANGO_SETTINGS_MODULE"] = "rapport.config.settings"

import django  # noqa: E402  (settings read the environment set above)

django.setup()

pytest_plugins = ["tests.cast", "tests.browser"]


def pytest_unconfigure() -> None:
    """Stop the server this run started."""
    for server in _started:
        server.stop()


def _template_name() -> str:
    """Name the template after the migrations it holds, so that a changed migration makes a new one."""
    digest = hashlib.sha256()
    for path in sorted(SOURCE.rglob("migrations/*.py")):
        digest.update(path.read_bytes())
    return f"rapport_template_{digest.hexdigest()[:12]}"


def _make_template(name: str) -> None:
    """Migrate an empty database once a set of migrations; other runs wait for it and copy it."""
    from django.core.management import call_command
    from django.db import connection

    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as server:
        server.execute("SELECT pg_advisory_lock(7203)")
        if server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            return
        making = f"{name}_making"
        server.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(making)))
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(making)))
        connection.settings_dict["NAME"] = making
        call_command("migrate", verbosity=0)
        connection.close()
        server.execute(
            sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(making), sql.Identifier(name))
        )


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker: Any) -> Iterator[None]:
    """Give this process a database of its own, copied from the template."""
    from django.conf import settings
    from django.db import connection

    template = _template_name()
    own = f"rapport_test_{os.getpid()}"
    with django_db_blocker.unblock():
        _make_template(template)
        with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as server:
            copy = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
            server.execute("SELECT pg_advisory_lock(7203)")
            server.execute(copy.format(sql.Identifier(own), sql.Identifier(template)))
        connection.settings_dict["NAME"] = own
    # Facts belong to a database: each process's own.
    settings.FACTS_ROOT = SCRATCH / "data" / f"facts-{os.getpid()}"
    yield
    with django_db_blocker.unblock():
        connection.close()
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as server:
        server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(own)))
