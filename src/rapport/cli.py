"""The `rapport` command: a thin door to what the rooms do, quick to open and clean to leave."""

import json
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from enum import StrEnum
from functools import wraps
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

if TYPE_CHECKING:
    from rich.status import Status

    from rapport.kernel.embedded import EmbeddedServer
    from rapport.kernel.processes import Child

app = typer.Typer(
    name="rapport",
    help="Run Rapport, the open system for business-to-business customer experience.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
user_app = typer.Typer(help="Users and their roles.", no_args_is_help=True)
app.add_typer(user_app, name="user")
mail_app = typer.Typer(help="Mail that comes in.", no_args_is_help=True)
app.add_typer(mail_app, name="mail")
survey_app = typer.Typer(help="Survey files of other systems, in and out.", no_args_is_help=True)
app.add_typer(survey_app, name="survey")

analytics_app = typer.Typer(help="The columnar facts that figures are made of.", no_args_is_help=True)
app.add_typer(analytics_app, name="analytics")

INTERRUPTED = 130
_CPUS = min(4, os.cpu_count() or 1)
# A little more than web and worker take to finish what they are at.
_GRACE = 40.0
_WSGI = "rapport.config.wsgi:application"
# Commands whose rooms bring the function: its arguments become the command's; it runs with Django ready.
_FROM_ROOMS = {
    "import": ("rapport.connectors.imports.command", "import_file"),
    "export": ("rapport.connectors.exports.command", "export"),
    "bounces": ("rapport.rooms.listening.channels.command", "read_bounces"),
}

# Commands under `mail`.
_ABOUT_MAIL = {"take": ("rapport.rooms.action.command", "take")}

# Commands under `survey`; the last word says whether they need a database.
_ABOUT_SURVEYS = {
    "check": ("rapport.connectors.surveys.command", "check", False),
    "import": ("rapport.connectors.surveys.command", "bring_in", True),
    "export": ("rapport.connectors.surveys.command", "write_out", True),
}

out = Console(highlight=False)
notes = Console(stderr=True, highlight=False)


class RoleName(StrEnum):
    """The roles, spelled here so that help needs no Django; a test compares them with `kernel.roles`."""

    ADMINISTRATOR = "administrator"
    CX_MANAGER = "cx_manager"
    ANALYST = "analyst"
    ACCOUNT_MANAGER = "account_manager"
    SERVICE_LEAD = "service_lead"
    MARKETER = "marketer"
    EXECUTIVE = "executive"
    CHAMPION = "champion"
    EMPLOYEE = "employee"
    PARTNER_ADMINISTRATOR = "partner_administrator"
    PARTNER_USER = "partner_user"


class ReachName(StrEnum):
    """How far a user may see."""

    EVERYTHING = "everything"
    GRANTED = "granted"
    CAPTURE = "capture"


_SEES_EVERYTHING = {
    RoleName.ADMINISTRATOR,
    RoleName.CX_MANAGER,
    RoleName.ANALYST,
    RoleName.MARKETER,
    RoleName.EXECUTIVE,
}


class Refused(Exception):
    """A command cannot be done as things are; the message says what to do."""


def main() -> None:
    """Run the command; messages for the person go to standard error, Ctrl-C ends with status 130."""
    signal.signal(signal.SIGTERM, _end)
    try:
        app()
    except SystemExit as ending:
        if ending.code == INTERRUPTED:
            _tell("Stopped.")
        raise
    except Refused as refusal:
        _tell(str(refusal))
    except _expected_errors() as error:
        _tell(str(error))
    sys.exit(1)


def _end(number: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


def _expected_errors() -> tuple[type[Exception], ...]:
    """Return the errors whose message is all the person needs; looked up only after something went wrong."""
    from rapport.kernel.embedded import EmbeddedDatabaseError
    from rapport.kernel.environment import SettingsError

    return (EmbeddedDatabaseError, SettingsError)


def _tell(message: str) -> None:
    """Write to standard error, plainly: rich would end the program when nobody reads it any more."""
    with suppress(OSError):
        sys.stderr.write(f"{message}\n")
        sys.stderr.flush()


class _Teller:
    """Shows what is going on: one moving line on a terminal, a line for each new thing elsewhere."""

    def __init__(self) -> None:
        self._status: Status | None = notes.status("") if notes.is_terminal else None
        self._last = ""

    def __enter__(self) -> "_Teller":
        return self

    def __exit__(self, *_: object) -> None:
        if self._status:
            self._status.stop()

    def __call__(self, message: str) -> None:
        if self._status:
            self._status.start()
            self._status.update(message)
        elif (without_numbers := re.sub(r"\d+", "", message)) != self._last:
            self._last = without_numbers
            _tell(message)


@contextmanager
def database() -> Iterator["EmbeddedServer | None"]:
    """Have a database for the block: the person's own, or the embedded one, started if need be."""
    from rapport.kernel.environment import environment

    settings = environment()
    if settings.database_url or settings.database_url_file:
        yield None
        return
    from rapport.kernel.embedded import EmbeddedServer

    with _Teller() as teller:
        server = EmbeddedServer(settings.data_dir, progress=teller)
        with server:
            teller.__exit__()
            yield server


@contextmanager
def django_ready() -> Iterator[None]:
    """Have a database and Django for the time of the block; say so when tables wait for `rapport migrate`."""
    with database():
        _set_up_django()
        from rapport.kernel.migrating import pending_migrations

        if pending_migrations():
            raise Refused("The database is not up to date. Run: rapport migrate")
        from rapport.kernel.history.acting import acting_as_command

        with acting_as_command("rapport " + (sys.argv[1] if len(sys.argv) > 1 else "")):
            yield


def _set_up_django() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rapport.config.settings")
    import django

    django.setup()


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 for all.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8000,
    workers: Annotated[int, typer.Option(min=1, help="Processes that serve pages.")] = _CPUS,
    jobs: Annotated[int, typer.Option(min=1, help="Jobs the worker runs at the same time.")] = 4,
) -> None:
    """Run everything: the database (unless DATABASE_URL names yours), the pages and the worker."""
    with serving(host, port, "migrate", "--quiet", "--hint") as run:
        status = run(workers, jobs, "")
    raise typer.Exit(status)


@app.command()
def demo(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8000,
) -> None:
    """Run everything with a fictional company to look around in, until Ctrl-C."""
    os.environ.setdefault("RAPPORT_DATA_DIR", "data/demo")
    os.environ.setdefault("RAPPORT_COMPANY", "Halden Flow (fictional)")
    os.environ.setdefault("RAPPORT_LOG_LEVEL", "warning")
    os.environ.setdefault("RAPPORT_MAIL_URL", "folder://")
    with serving(host, port, "load-demo") as run:
        status = run(_CPUS, 2, _demo_note().read_text(encoding="utf-8"))
    raise typer.Exit(status)


@app.command(hidden=True)
def load_demo() -> None:
    """Bring the database up to date, write the fictional company into it, and keep its sign-in."""
    from datetime import UTC, datetime

    with database():
        _set_up_django()
        _migrate()
        from rapport.demo.company import COLLEAGUES
        from rapport.demo.load import is_loaded, load_company

        note = _demo_note()
        if is_loaded() and note.exists():
            return
        password = _speakable()
        with _Teller() as teller:
            load_company(password=password, now=datetime.now(UTC), progress=teller)
        lines = [f"  {person.email:<32} {person.name}, {person.role}" for person in COLLEAGUES]
        text = "\n".join([f"Sign in with the password {password} as one of", *lines])
        note.touch(mode=0o600)
        note.write_text(text, encoding="utf-8")


def _speakable() -> str:
    """Draw a password that can be read aloud and pasted anywhere: 80 random bits, no letters like others."""
    letters = "abcdefghijkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(letters) for _ in range(4)) for _ in range(4))


def _demo_note() -> Path:
    """The file that keeps the sign-in of the demo, readable by its owner only."""
    from rapport.kernel.environment import environment

    return environment().data_dir / "demo-sign-in"


@contextmanager
def serving(host: str, port: int, *prepare: str) -> Iterator[Callable[[int, int, str], int]]:
    """Have a database, prepared by the command `prepare`, and give a function that serves."""
    _check_port(host, port)
    os.environ.setdefault("RAPPORT_BASE_URL", _address(host, port))
    with database() as server:
        _run_apart(*prepare)

        def run(workers: int, jobs: int, greeting: str) -> int:
            from rapport.kernel.processes import supervise

            children = _children(host, port, workers, jobs)
            return supervise(children, grace=_GRACE, say=_tell, tick=_Tick(host, port, server, greeting))

        yield run


def _children(host: str, port: int, workers: int, jobs: int) -> list["Child"]:
    from rapport.kernel.processes import Child

    web = [*_ourselves(), "web", "--host", host, "--port", str(port), "--workers", str(workers)]
    return [Child("web", web), Child("worker", [*_ourselves(), "worker", "--jobs", str(jobs)])]


def _ourselves() -> list[str]:
    return [sys.executable, "-m", "rapport.cli"]


def _run_apart(*command: str) -> None:
    """Run one of our commands in a process of its own, so that this one, which only watches, stays small."""
    finished = subprocess.run([*_ourselves(), *command], check=False)
    if finished.returncode == INTERRUPTED or finished.returncode == -signal.SIGINT:
        raise KeyboardInterrupt
    if finished.returncode != 0:
        raise typer.Exit(1)


class _Tick:
    """What is looked after meanwhile: the database lives, and the person learns when pages are served."""

    def __init__(self, host: str, port: int, server: "EmbeddedServer | None", greeting: str) -> None:
        self._address, self._server = _address(host, port), server
        self._greeting = f"Rapport runs at {self._address} (Ctrl-C ends it)\n{greeting}".rstrip()
        self._knock: _Knock | None = _Knock(_reachable(host), port)
        self._complaint = ""

    def __call__(self) -> None:
        if self._server:
            self._keep_database(self._server)
        if self._knock and self._knock.is_answered():
            self._knock = None
            _tell(self._greeting)

    def _keep_database(self, server: "EmbeddedServer") -> None:
        from rapport.kernel.embedded import EmbeddedDatabaseError

        try:
            server.keep_running()
            self._complaint = ""
        except EmbeddedDatabaseError as error:
            # Tried again at every tick, told once.
            if str(error) != self._complaint:
                self._complaint = str(error)
                _tell(self._complaint)


class _Knock:
    """One request for a page, never waited for: an open port is there long before pages are."""

    def __init__(self, host: str, port: int) -> None:
        self._where = (host, port)
        self._line: socket.socket | None = None

    def is_answered(self) -> bool:
        """Say whether any answer has come by now; knock (again) if nobody is asked."""
        try:
            if self._line is None:
                self._line = socket.create_connection(self._where, timeout=0.2)
                self._line.sendall(
                    f"HEAD / HTTP/1.1\r\nHost: {self._where[0]}\r\nConnection: close\r\n\r\n".encode()
                )
                self._line.setblocking(False)
            answered = bool(self._line.recv(1))
        except BlockingIOError:
            return False
        except OSError:
            answered = False
        if self._line:
            self._line.close()
            self._line = None
        return answered


def _reachable(host: str) -> str:
    return {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)  # noqa: S104 - never listened on


def _address(host: str, port: int) -> str:
    name = _reachable(host)
    return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"


def _check_port(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise Refused(
                f"Port {port} on {host} cannot be used ({error.strerror}). "
                "If something else runs there, end it, or choose another port with --port."
            ) from error


@app.command(hidden=True)
def web(host: str = "127.0.0.1", port: int = 8000, workers: int = 1) -> None:
    """Serve pages only; the database must be there already."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rapport.config.settings")
    from rapport.kernel.web import serve_web

    serve_web(_WSGI, host=host, port=port, workers=workers)


@app.command()
def worker(
    jobs: Annotated[int, typer.Option(min=1, help="Jobs to run at the same time.")] = 4,
) -> None:
    """Run a worker only: for more of them beside `rapport serve`, or on other machines."""
    with django_ready():
        from rapport.kernel.jobs.worker import run_worker

        run_worker(concurrency=jobs)


@app.command()
def migrate(
    quiet: Annotated[bool, typer.Option("--quiet", help="Say nothing when there is nothing to do.")] = False,
    hint: Annotated[bool, typer.Option("--hint", hidden=True)] = False,
) -> None:
    """Bring the database up to this version of Rapport."""
    with database():
        _set_up_django()
        done = _migrate()
        if done or not quiet:
            _tell(f"{done} changes applied to the database." if done else "The database is up to date.")
        if hint:
            _hint_at_first_user()


def _migrate() -> int:
    from rapport.kernel.migrating import migrate as apply

    return _with_bar("Bringing the database up to date", apply)


def _with_bar(title: str, work: Callable[[Callable[[int, int, str], None]], int]) -> int:
    """Do some work that tells how far it is, and draw a bar for it on a terminal."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[name]}"),
    )
    with Progress(*columns, console=notes, transient=True, disable=not notes.is_terminal) as progress:
        task = progress.add_task(title, total=None, name="")
        return work(lambda done, total, name: progress.update(task, completed=done, total=total, name=name))


def _hint_at_first_user() -> None:
    from rapport.kernel.models import User

    if not User.objects.exists():
        _tell("There is no user yet. Make one: rapport user add you@example.com --role administrator")


@app.command()
def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
) -> None:
    """Check everything Rapport needs and say what to do; status 1 if something is wrong."""
    from rapport.kernel.embedded import recorded_connection
    from rapport.kernel.environment import environment

    settings = environment()
    if settings.database_url or settings.database_url_file or recorded_connection(settings.data_dir):
        _set_up_django()
    from rapport.kernel.doctor import examine

    findings = examine(settings)
    if as_json:
        out.print_json(json.dumps([vars(finding) for finding in findings]))
    else:
        _print_findings(findings)
    if any(finding.state == "problem" for finding in findings):
        raise typer.Exit(1)


def _print_findings(findings: list[Any]) -> None:
    from rich.text import Text

    marks = {"ok": ("ok", "green"), "warning": ("look", "yellow"), "problem": ("WRONG", "red bold")}
    width = max(len(finding.what) for finding in findings)
    for finding in findings:
        mark, style = marks[finding.state]
        out.print(Text.assemble(f"{finding.what:<{width}}  ", (f"{mark:<5}", style), f"  {finding.detail}"))
        if finding.advice:
            out.print(Text(f"{'':<{width}}         -> {finding.advice}"))


@user_app.command("add")
def add_user(
    email: Annotated[str, typer.Argument(help="The e-mail address to sign in with.")],
    name: Annotated[str, typer.Option(help="Name, as the person writes it.")] = "",
    role: Annotated[RoleName, typer.Option(help="What the person comes to Rapport for.")] = RoleName.EMPLOYEE,
    region: Annotated[list[str] | None, typer.Option(help="Key of a region to see; may be repeated.")] = None,
    team: Annotated[
        list[str] | None, typer.Option(help="Key of a team whose accounts to see; may be repeated.")
    ] = None,
    partner: Annotated[str | None, typer.Option(help="Key of the partner this person works for.")] = None,
    reach: Annotated[
        ReachName | None, typer.Option(help="How far to see; by default as the role needs.")
    ] = None,
    link: Annotated[
        bool, typer.Option("--link", help="Print a link to set a password instead of a password.")
    ] = False,
) -> None:
    """Add a user, and print a password once (or a link to set one)."""
    grants = [("region", key) for key in region or []] + [("team", key) for key in team or []]
    grants += [("partner", partner)] if partner else []
    chosen = reach or _usual_reach(role, granted=bool(grants))
    _check_reach(role, chosen, partner, granted=bool(grants))
    with django_ready():
        password = None if link else _speakable()
        made = _create_user(email, name, role, chosen, grants, password)
        out.print(f"{made.email} can sign in as {role.value}.", markup=False)
        if link:
            out.print(f"Set a password at: {_password_link(made)}", markup=False, soft_wrap=True)
        else:
            out.print(f"Password (shown only now): {password}", markup=False)


def _usual_reach(role: RoleName, *, granted: bool) -> ReachName:
    if role is RoleName.EMPLOYEE and not granted:
        return ReachName.CAPTURE
    return ReachName.EVERYTHING if role in _SEES_EVERYTHING and not granted else ReachName.GRANTED


def _check_reach(role: RoleName, reach: ReachName, partner: str | None, *, granted: bool) -> None:
    is_partner = role.value.startswith("partner_")
    if is_partner and not partner:
        raise typer.BadParameter(f"A {role.value} needs --partner.")
    if partner and not is_partner:
        raise typer.BadParameter("--partner is for the roles partner_administrator and partner_user.")
    if granted and reach is not ReachName.GRANTED:
        raise typer.BadParameter(
            f"--reach {reach.value} and grants (--region, --team, --partner) exclude each other."
        )


def _create_user(
    email: str,
    name: str,
    role: RoleName,
    reach: ReachName,
    grants: list[tuple[str, str]],
    password: str | None,
) -> Any:
    from django.core.exceptions import ValidationError
    from django.db import transaction

    from rapport.kernel.models import Grant, Team, User

    unknown = [key for kind, key in grants if kind == "team" and not Team.objects.filter(key=key).exists()]
    if unknown:
        known = ", ".join(Team.objects.values_list("key", flat=True)) or "none yet"
        raise Refused(f"There is no team {unknown[0]}. Known teams: {known}.")
    try:
        with transaction.atomic():
            user = User.objects.create_user(
                email, password, name=name or email.split("@")[0], role=role.value, reach=reach.value
            )
            Grant.objects.bulk_create(Grant(user=user, kind=kind, key=key) for kind, key in grants)
    except ValidationError as error:
        raise Refused(" ".join(error.messages)) from error
    return user


def _password_link(user: Any) -> str:
    from allauth.account.forms import default_token_generator
    from allauth.account.utils import user_pk_to_url_str
    from django.urls import reverse

    from rapport.kernel.environment import environment

    key = f"{user_pk_to_url_str(user)}-{default_token_generator.make_token(user)}"
    uid, _, token = key.partition("-")
    path = reverse("account_reset_password_from_key", kwargs={"uidb36": uid, "key": token})
    return f"{environment().base_url}{path}"


def _add_commands_of_rooms() -> None:
    for door, commands in ((app, _FROM_ROOMS), (mail_app, _ABOUT_MAIL)):
        for command, (module, function) in commands.items():
            with suppress(ModuleNotFoundError):
                if find_spec(module):
                    door.command(command)(_in_django(getattr(import_module(module), function)))


def _add_commands_of_surveys() -> None:
    for command, (module, function, needs_django) in _ABOUT_SURVEYS.items():
        with suppress(ModuleNotFoundError):
            if find_spec(module):
                found = getattr(import_module(module), function)
                survey_app.command(command)(_in_django(found) if needs_django else found)


def _in_django(function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def wrapped(*arguments: Any, **options: Any) -> Any:
        with django_ready():
            return function(*arguments, **options)

    return wrapped


@analytics_app.command("rebuild")
def rebuild_facts() -> None:
    """Make all facts anew from the ledger while the system runs; the old ones serve until then."""
    with django_ready():
        from rapport.analytics.refresh import rebuild

        out.print(f"{rebuild():,} facts are made anew.", markup=False)


_add_commands_of_rooms()
_add_commands_of_surveys()

if __name__ == "__main__":
    main()
