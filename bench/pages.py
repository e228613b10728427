"""How fast pages are with 20,000 accounts, 200,000 people and 1,000,000 signals: median and p95, beside bare SQL.

Everything is made set-based in SQL into an embedded server of its own, with durability on. Requests go through
Django's test client in this process: every middleware, view and template, but no socket. Kept figures are thrown
away before each request, so each one is worked out anew. The floor is the time the page's own SQL took in the
same requests. `--keep FOLDER` keeps the data and uses it again; `--scale 0.05` makes less of everything.
"""

import argparse
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from psycopg import sql

from bench.line import Line

MEDIAN_GOAL, P95_GOAL = 200.0, 500.0
ROUNDS = 25
DONE = "filled"


@dataclass(frozen=True)
class Size:
    """How much of everything."""

    groups: int
    accounts: int
    contacts: int
    signals: int

    @classmethod
    def scaled(cls, scale: float) -> "Size":
        """Return the full size, or a part of it."""
        return cls(*(max(1, int(full * scale)) for full in (2_000, 20_000, 200_000, 1_000_000)))


def fill(size: Size) -> None:
    """Make the data, set by set."""
    from django.db import connection, transaction

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET maintenance_work_mem = '512MB'")
        cursor.execute("DROP INDEX IF EXISTS comment_words")
        _let_the_database_fill_in(cursor)
        people()
        rule()
        for name, statement in _statements(size):
            began = time.perf_counter()
            cursor.execute(statement)
            sys.stderr.write(f"{name}: {cursor.rowcount} in {time.perf_counter() - began:.1f} s\n")
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(
            "CREATE INDEX comment_words ON signals_comment USING gin (to_tsvector('simple'::regconfig, COALESCE(text, '')))"
        )
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def _let_the_database_fill_in(cursor: Any) -> None:
    """Give columns the defaults their models have, so that a column more does not break these statements."""
    from django.apps import apps

    for model in (one for one in apps.get_models() if one._meta.managed):
        for field in model._meta.local_concrete_fields:
            default = field.default if field.has_default() else "" if field.empty_strings_allowed else None
            plain = isinstance(default, str | int | float) and not (field.null or field.generated)
            if plain and field.column:
                statement = sql.SQL("ALTER TABLE {} ALTER {} SET DEFAULT {}")
                table, column = sql.Identifier(model._meta.db_table), sql.Identifier(field.column)
                cursor.execute(statement.format(table, column, sql.Literal(default)))


def _statements(size: Size) -> Iterator[tuple[str, str]]:
    series = "generate_series"
    yield (
        "regions",
        f"""INSERT INTO catalog_region (key, name, position, retired, time_zone)
        SELECT 'region-' || i, 'Region ' || i, i, false, 'UTC' FROM {series}(1, 6) i""",
    )
    yield (
        "stages",
        f"""INSERT INTO catalog_stage (key, name, position, retired)
        SELECT 'stage-' || i, 'Stage ' || i, i, false FROM {series}(1, 5) i""",
    )
    yield (
        "touchpoints",
        f"""INSERT INTO catalog_touchpoint (key, name, position, retired, stage_id)
        SELECT 'touchpoint-' || i, 'Touchpoint ' || i, i, false, 'stage-' || (1 + i % 5) FROM {series}(1, 12) i""",
    )
    yield (
        "products",
        f"""INSERT INTO catalog_product (key, name, position, retired)
        SELECT 'product-' || i, 'Product ' || i, i, false FROM {series}(1, 20) i""",
    )
    yield (
        "partners",
        f"""INSERT INTO catalog_partner (key, name, position, retired)
        SELECT 'partner-' || i, 'Partner ' || i, i, false FROM {series}(1, 30) i""",
    )
    yield (
        "metrics",
        """INSERT INTO catalog_metric
        (key, name, position, retired, kind, scale_low, scale_high, higher_is_better)
        VALUES ('nps', 'Likely to recommend', 1, false, 'nps', 0, 10, true),
               ('csat', 'Satisfaction', 2, false, 'csat', 1, 5, true),
               ('ces', 'Ease', 3, false, 'ces', 1, 7, true)
        ON CONFLICT (key) DO NOTHING""",
    )
    yield (
        "teams",
        f"""INSERT INTO kernel_team (key, name) SELECT 'team-' || i, 'Team ' || i FROM {series}(1, 60) i""",
    )
    names = """(ARRAY['Velden','Tarn','Kestrel','Lind','Aurel','Ash','Mari','North','Torv','Delac','Sandv','Brook'])[1 + i % 12]
        || (ARRAY['holm','huis','ford','berg','wick','stad','more','field'])[1 + (i / 12) % 8] || ' '
        || (ARRAY['Dairy','Chemicals','Foods','Works','Mining','Paper','Sugar','Water','Energy'])[1 + (i / 7) % 9]
        || ' ' || i"""
    common = (
        "sector, currency, street, postal_code, city, country, domain, life_cycle, created_at, updated_at"
    )
    values = """(ARRAY['Food','Chemicals','Water','Mining','Energy','Paper','Pharma','Metals'])[1 + i % 8], 'EUR', '',
        '', (ARRAY['Meppel','Gent','Aarhus','Lyon','Ulm'])[1 + i % 5], 'NL', 'c' || i || '.example', 'customer', now(), now()"""
    place = """(ARRAY['A','B','B','C','C','C'])[1 + g % 6], 'region-' || (1 + g % 6), 'team-' || (1 + g % 60),
        CASE WHEN g % 7 = 0 THEN 'partner-' || (1 + g % 30) END"""
    yield (
        "groups",
        f"""INSERT INTO accounts_account
        (id, name, kind, parent_id, path, tier, region_id, team_id, partner_id, {common})
        SELECT i, {names}, 'group', NULL, '', {place}, {values}
        FROM (SELECT i, i AS g FROM {series}(1, {size.groups}) i) x""",
    )
    yield (
        "sites",
        f"""INSERT INTO accounts_account
        (id, name, kind, parent_id, path, tier, region_id, team_id, partner_id, {common})
        SELECT i, {names}, 'site', g, '', {place}, {values}
        FROM (SELECT i, 1 + i % {size.groups} AS g FROM {series}({size.groups + 1}, {size.accounts}) i) x""",
    )
    yield (
        "contacts",
        f"""INSERT INTO accounts_contact (id, account_id, name, title, seniority, language, time_zone,
          email, phone, preferences, consent, consent_source, street, postal_code, city, created_at,
          updated_at)
        SELECT i, 1 + i % {size.accounts},
          (ARRAY['Joost','Eva','Renate','Pieter','Elin','Bram','Ilse','Chiara','Jan','Karin'])[1 + i % 10] || ' ' ||
          (ARRAY['Brandsma','Hoekstra','Adler','Berg','Falk','Moretti','Claes','Maes'])[1 + (i / 10) % 8] || ' ' || i,
          'Manager', 'lead', 'en', 'UTC', 'p' || i || '@c.example', '', '', 'unknown', '', '', '', '', now(), now()
        FROM {series}(1, {size.contacts}) i""",
    )
    yield (
        "buying roles",
        f"""INSERT INTO accounts_buyingrole
        (contact_id, role, veto, weight, expectations, source)
        SELECT i, (ARRAY['initiator','user','influencer','decision_maker','approver','buyer','gatekeeper'])[1 + (i / 2) % 7],
          i % 40 = 0, 1 + i % 20, '', 'bench' FROM {series}(2, {size.contacts}, 2) i""",
    )
    yield (
        "contracts",
        f"""INSERT INTO accounts_contract (account_id, source, external_id, number, name, starts_on,
          ends_on, renewal_on, annual_value, currency, status, end_reason)
        SELECT i, 'bench', 'c' || i, 'C-' || i, 'Service', current_date - 400, current_date + (i % 700),
          current_date + (i % 600), 1000 + (i * 7919) % 200000, 'EUR', 'active', ''
        FROM {series}(1, {size.accounts}) i""",
    )
    yield (
        "orders",
        f"""INSERT INTO accounts_order (account_id, source, external_id, number, ordered_on, promised_on,
          delivered_on, amount, currency, status)
        SELECT 1 + i % {size.accounts}, 'bench', 'o' || i, 'O-' || i, current_date - i % 900, current_date - i % 900 + 10,
          current_date - i % 900 + 12, 500 + i % 9000, 'EUR', 'delivered' FROM {series}(1, {size.accounts * 4}) i""",
    )
    yield (
        "service requests",
        f"""INSERT INTO accounts_servicerequest (account_id, source, external_id, number, subject,
          priority, status, opened_at)
        SELECT 1 + i % {size.accounts}, 'bench', 's' || i, 'S-' || i, 'Seal kit', 'high', 'open',
          now() - (i % 900) * interval '1 day' FROM {series}(1, {size.accounts * 2}) i""",
    )
    yield (
        "signals",
        f"""INSERT INTO signals_signal (id, occurred_at, recorded_at, kind, source, external_reference,
          account_id, contact_id, account_hint, contact_hint, buying_role, touchpoint_id, product_id, region_id,
          partner_id, emotions, anonymous, block, superseded)
        SELECT gen_random_uuid(), at, at, kind, source, 'b' || i, account, contact,
          CASE WHEN unknown THEN 'Unknown ' || i % 400 ELSE '' END, '',
          CASE WHEN contact IS NULL OR contact % 2 = 1 THEN ''
            ELSE (ARRAY['initiator','user','influencer','decision_maker','approver','buyer','gatekeeper'])[1 + (contact / 2) % 7] END,
          CASE WHEN NOT nameless THEN 'touchpoint-' || (1 + i % 12) END,
          CASE WHEN NOT nameless AND i % 3 = 0 THEN 'product-' || (1 + i % 20) END,
          'region-' || (1 + g % 6), CASE WHEN NOT nameless AND g % 7 = 0 THEN 'partner-' || (1 + g % 30) END,
          ARRAY[]::varchar[], nameless,
          CASE WHEN nameless THEN to_char(at, 'YYYY-MM') || '|region-' || (1 + g % 6) || '|' || kind || '|' || source || '|' || i % 3
            ELSE '' END, false
        FROM (
          SELECT i, nameless, unknown, CASE WHEN nameless OR unknown THEN NULL ELSE contact END AS contact,
            CASE WHEN nameless OR unknown THEN NULL ELSE account END AS account,
            CASE WHEN account <= {size.groups} THEN account ELSE 1 + account % {size.groups} END AS g,
            CASE WHEN nameless THEN date_trunc('month', at AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' ELSE at END AS at,
            (ARRAY['survey','survey','survey','ticket','remark','interview','review'])[1 + i % 7] AS kind,
            (ARRAY['relationship','transaction','help-desk','capture'])[1 + i % 4] AS source
          FROM (
            SELECT i, i % 33 = 0 AS nameless, i % 67 = 0 AND i % 33 <> 0 AS unknown,
              now() - ((i::bigint * 7919) % (3 * 365 * 86400)) * interval '1 second' AS at,
              1 + (i::bigint * 31 % {size.contacts})::int AS contact,
              1 + ((1 + (i::bigint * 31 % {size.contacts})::int) % {size.accounts}) AS account
            FROM {series}(1, {size.signals}) i) a) b""",
    )
    yield (
        "scores",
        """INSERT INTO signals_score (signal_id, metric_id, value, scale_low, scale_high)
        SELECT id, metric, CASE metric WHEN 'nps' THEN least(10, (r * 14)::int % 11 + CASE WHEN r > 0.6 THEN 3 ELSE 0 END)
            WHEN 'csat' THEN 1 + (r * 4.99)::int % 5 ELSE 1 + (r * 6.99)::int % 7 END,
          CASE metric WHEN 'nps' THEN 0 ELSE 1 END, CASE metric WHEN 'nps' THEN 10 WHEN 'csat' THEN 5 ELSE 7 END
        FROM (SELECT id, random() AS r,
            (ARRAY['nps','nps','nps','csat','ces'])[1 + substr(external_reference, 2)::int % 5] AS metric
          FROM signals_signal) s""",
    )
    yield (
        "comments",
        """INSERT INTO signals_comment (signal_id, text, language, question_key)
        SELECT id,
          (ARRAY['The seal kits came late again','Nobody rang us about the delay','Your engineer was on time',
                 'The invoice carried a wrong order number','Start-up went smoothly','We wait for spare parts',
                 'Good advice before the order','The tracking link did not work'])[1 + n % 8] || ', ' ||
          (ARRAY['and the line stood still','but the colleague helped','so we shall ask other suppliers',
                 'as agreed in the contract','which costs us a shift','and we told you before'])[1 + (n / 8) % 6] ||
          (ARRAY['.','. Please call Monday.','. Thank you.','. Pump ' || n % 5000 || ' is affected.'])[1 + (n / 48) % 4],
          (ARRAY['en','de','nl','fr'])[1 + n % 4], ''
        FROM (SELECT id, abs(hashint4(substr(external_reference, 2)::int)) AS n FROM signals_signal) s""",
    )
    yield (
        "cases",
        """INSERT INTO action_case (title, account_id, contact_id, region_id, partner_id, rule_id, rule_version,
          rule_sentence, state, owner_id, opened_at, due_at, time_zone, due_hours, told_how, told_words,
          resolution, reopened, created_at, customer_told_at, closed_at)
        SELECT 'Gave us ' || v.value || ' of 10', s.account_id, s.contact_id, s.region_id, s.partner_id, r.id, 1,
          'Unhappy answers', CASE WHEN n % 10 = 0 THEN 'open' ELSE 'closed' END,
          CASE WHEN n % 20 = 0 THEN m.id WHEN a.team_id = 'team-7' THEN k.id END,
          s.occurred_at, s.occurred_at + interval '1 day', 'UTC', 8, 'telephone', 'Rang and explained.', 'Sent parts.',
          0, s.occurred_at, s.occurred_at + interval '20 hours', s.occurred_at + interval '22 hours'
        FROM (SELECT *, substr(external_reference, 2)::int / 8 AS n FROM signals_signal
            WHERE account_id IS NOT NULL AND substr(external_reference, 2)::int % 8 = 3) s
          JOIN accounts_account a ON a.id = s.account_id
          JOIN signals_score v ON v.signal_id = s.id AND v.metric_id = 'nps' AND v.value <= 6
          CROSS JOIN action_rule r
          JOIN kernel_user m ON m.role = 'cx_manager' JOIN kernel_user k ON k.role = 'account_manager'""",
    )
    yield (
        "causes",
        """INSERT INTO action_casecause (case_id, signal_id, rule_id, rule_version, rule_sentence, noted_at)
        SELECT c.id, s.id, c.rule_id, 1, 'Unhappy answers', c.opened_at FROM action_case c
          JOIN signals_signal s ON s.account_id = c.account_id AND s.contact_id IS NOT DISTINCT FROM c.contact_id
            AND s.occurred_at = c.opened_at""",
    )
    yield (
        "what happened to cases",
        """INSERT INTO action_caseevent (case_id, kind, at, words)
        SELECT c.id, k.kind, c.opened_at + k.hours * interval '1 hour', '' FROM action_case c
          JOIN (VALUES ('opened', 0), ('acknowledged', 2), ('told', 20), ('closed', 22)) k (kind, hours)
            ON c.state = 'closed' OR k.kind = 'opened'""",
    )
    yield (
        "pages seen",
        f"""INSERT INTO kernel_sighting (seen_at, user_id, kind, object_code, label, way, request_id)
        SELECT now() - i * interval '1 minute', u.id, 'account', 'A-' || i, 'Account ' || i, 'page', ''
        FROM {series}(1, {size.contacts}) i JOIN kernel_user u ON u.role = 'cx_manager'""",
    )
    for table in ("accounts_account", "accounts_contact"):
        yield (
            f"{table} numbers",
            f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))",
        )


@contextmanager
def database(folder: Path, size: Size) -> Iterator[None]:
    """Start a server of our own, migrate and fill it unless it was filled before, and set Django up on it."""
    from rapport.kernel.embedded import EmbeddedServer

    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)
    server = EmbeddedServer(folder)
    os.environ["DATABASE_URL"] = server.start().url
    os.environ["RAPPORT_DATA_DIR"] = str(folder / "data")
    os.environ.setdefault("RAPPORT_MAIL_URL", "console://")
    os.environ["DJANGO_SETTINGS_MODULE"] = "rapport.config.settings"
    try:
        import django

        django.setup()
        _silence()
        from django.core.management import call_command

        marker = folder / DONE
        call_command("migrate", verbosity=0)
        if not marker.exists() or marker.read_text() != repr(size):
            fill(size)
            marker.write_text(repr(size))
        yield
    finally:
        from django.db import connection

        connection.close()
        server.stop()


def _silence() -> None:
    import logging
    import warnings

    import structlog

    logging.disable(logging.CRITICAL)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    warnings.filterwarnings("ignore", message="No directory at")


def people() -> dict[str, Any]:
    """Return who looks: one who sees everything, one who sees the accounts of a team, one who administers."""
    from rapport.kernel.models import Grant, User
    from rapport.kernel.roles import Role

    made = {}
    for name, role, reach in (
        ("cx manager", Role.CX_MANAGER, "everything"),
        ("account manager", Role.ACCOUNT_MANAGER, "granted"),
        ("administrator", Role.ADMINISTRATOR, "everything"),
    ):
        email = f"{role.value}@bench.example"
        user = User.objects.filter(email=email).first()
        user = user or User.objects.create_user(email, None, name=name.title(), role=role, reach=reach)
        if reach == "granted":
            Grant.objects.get_or_create(user=user, kind="team", key="team-7")
        made[name] = user
    return made


def rule() -> None:
    """Make the rule the cases come from."""
    from rapport.kernel.models import User
    from rapport.rooms.action.models import Rule

    Rule.objects.get_or_create(name="Unhappy", fallback=User.objects.get(role="cx_manager"))


Address = Callable[[random.Random], str]


def pages(user: Any) -> dict[str, Address]:
    """Return the pages to open, each as a maker of addresses, so that no two requests ask for the same."""
    from rapport.rooms.accounts.models import Account, Contact
    from rapport.rooms.action.models import Case
    from rapport.rooms.signals.models import Signal

    groups = list(
        Account.objects.visible_to(user)
        .filter(parent=None)
        .order_by("pk")
        .values_list("code", flat=True)[:500]
    )
    persons = list(Contact.objects.visible_to(user).order_by("pk").values_list("code", flat=True)[:2000])
    words = [
        "velden dairy",
        "tarnhuis",
        "kestrel",
        "lindberg minig",
        "aurelford",
        "sandvwick",
        "northmore water",
    ]
    persons_called = ["joost brandsma", "renate", "hoekstra", "chiara moreti", "elin falk"]
    signals = Signal.objects.visible_to(user).filter(anonymous=False).order_by("-occurred_at")
    said_by = list(signals.values_list("pk", flat=True)[:500])
    cases = list(Case.objects.visible_to(user).order_by("-opened_at").values_list("code", flat=True)[:500])
    said = ["invoice", "late", "engineer smooth", "pump 4711", "spare parts", "tracking", "contract shift"]
    return {
        "home": lambda r: "/",
        "account list": lambda r: "/customers/",
        "account list, search": lambda r: f"/customers/?q={r.choice(words)}",
        "account list, filtered": lambda r: (
            f"/customers/?tier={r.choice('ABC')}&region=region-{r.randint(1, 6)}"
        ),
        "account page": lambda r: f"/customers/{r.choice(groups)}/",
        **{
            f"account page, {tab}": lambda r, tab=tab: f"/customers/{r.choice(groups)}/{tab}/"
            for tab in ("timeline", "people", "sites", "answers", "cases", "orders", "contracts")
        },
        "people list": lambda r: "/customers/people/",
        "people list, search": lambda r: f"/customers/people/?q={r.choice(persons_called)}",
        "duplicates": lambda r: "/customers/duplicates/",
        "contact page": lambda r: f"/customers/people/{r.choice(persons)}/",
        "feedback list": lambda r: "/listen/",
        "feedback list, filtered": lambda r: (
            f"/listen/?region=region-{r.randint(1, 6)}&metric=nps&band=det&period=12m"
        ),
        "feedback list, rare filter": lambda r: (
            f"/listen/?kind=review&tier=A&product=product-{r.randint(1, 20)}&period=90d"
        ),
        "feedback list, text search": lambda r: f"/listen/?q={r.choice(said)}",
        "feedback, one": lambda r: f"/listen/feedback/{r.choice(said_by)}/",
        "matching list": lambda r: "/listen/matching/",
        "capture": lambda r: "/listen/capture/",
        "dashboard": lambda r: "/understand/",
        "dashboard, filtered": lambda r: (
            f"/understand/?region=region-{r.randint(1, 6)}&tier={r.choice('ABC')}"
        ),
        "cases, mine": lambda r: "/act/",
        "cases, team": lambda r: "/act/team/",
        "cases, all": lambda r: "/act/cases/",
        "case page": lambda r: f"/act/cases/{r.choice(cases)}/",
        "rules": lambda r: "/act/rules/",
        "catalogue": lambda r: "/catalog/",
        "catalogue, products": lambda r: "/catalog/products/",
        "imports": lambda r: "/imports/",
        "exports": lambda r: "/exports/",
        "profile": lambda r: "/profile/",
    }


def administration() -> dict[str, Address]:
    """Return the pages only administrators open."""
    return {
        "administration": lambda r: "/admin/",
        "audit, seen": lambda r: "/admin/audit/",
        "audit, changes": lambda r: "/admin/audit/changes/",
        "users": lambda r: "/admin/users/",
        "jobs": lambda r: "/admin/jobs/",
        "mail": lambda r: "/admin/mail/",
        "teams": lambda r: "/admin/teams/",
    }


@dataclass(frozen=True)
class Measured:
    """What opening a page many times took, in milliseconds."""

    took: list[float]
    in_sql: list[float]
    queries: list[int]
    cpu: float
    """Milliseconds of CPU a request took on average, ours and the database's; other work changes it less."""

    def p95(self) -> float:
        """Return the 95th percentile."""
        return statistics.quantiles(self.took, n=20, method="inclusive")[-1]


def measure(client: Any, address: Address, rounds: int, rng: random.Random) -> Measured | None:
    """Open a page many times, then some more with its queries watched; None when the person may not open it."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    if client.get(address(rng)).status_code == 403:
        return None
    before = _cpu()
    took = [_open(client, address(rng)) for _round in range(rounds)]
    cpu = (_cpu() - before) * 1000 / rounds
    in_sql, queries = [], []
    for _round in range(max(3, rounds // 3)):
        with CaptureQueriesContext(connection) as captured:
            _open(client, address(rng))
        in_sql.append(sum(float(query["time"]) for query in captured.captured_queries) * 1000)
        queries.append(len(captured))
    return Measured(took, in_sql, queries, cpu)


def _cpu() -> float:
    """Return the CPU seconds this process and its database connection have used."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        backend = psutil.Process(cursor.fetchone()[0]).cpu_times()
    return time.process_time() + float(backend.user + backend.system)


def _open(client: Any, url: str) -> float:
    """Open a page with nothing kept and return how many milliseconds it took."""
    from django.core.cache import cache

    cache.clear()
    began = time.perf_counter()
    response = client.get(url)
    elapsed = (time.perf_counter() - began) * 1000
    if response.status_code != 200:
        raise RuntimeError(f"{url} answered {response.status_code}")
    return elapsed


def report(name: str, found: Measured) -> None:
    """Print the lines of one page."""
    floor = round(statistics.median(found.in_sql), 1)
    load = os.getloadavg()[0] / (os.cpu_count() or 1)
    note = f"test client, {len(found.took)} requests, load a core {load:.1f}; floor: the page's own SQL"
    median = round(statistics.median(found.took), 1)
    Line(f"pages/{name}/median", median, "ms", floor=floor, goal=MEDIAN_GOAL, note=note).show()
    Line(f"pages/{name}/p95", round(found.p95(), 1), "ms", floor=floor, goal=P95_GOAL, note=note).show()
    Line(f"pages/{name}/cpu", round(found.cpu, 1), "ms", note="mean of ours and the database's").show()
    Line(f"pages/{name}/queries", max(found.queries), "queries", note="most of any request").show()


def main(arguments: list[str]) -> int:
    """Make the data, open every page as both people, print the lines."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keep", type=Path, help="folder in which the data stays")
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--only", default="", help="pages whose name holds this")
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="rapport-bench-") as scratch:
        folder = asked.keep or Path(scratch)
        with database(folder, Size.scaled(asked.scale)):
            _measure_all(asked.rounds, asked.only)
    return 0


def _measure_all(rounds: int, only: str) -> None:
    from django.test import Client

    for who, user in people().items():
        client = Client(SERVER_NAME="127.0.0.1")
        client.force_login(user)
        opened = administration() if who == "administrator" else pages(user)
        for name, address in opened.items():
            if only in name:
                found = measure(client, address, rounds, random.Random(f"{who} {name}"))
                if found:
                    report(f"{name}/{who}", found)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
