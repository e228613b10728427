"""The house keeps its order: imports, foreign keys, names, doors and what each folder says about itself."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.db import models

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "rapport"
ORDER = [
    "stats", "text", "kernel", "analytics", "ui",
    "catalog", "accounts", "signals", "listening", "insight", "action", "journeys",
    "engagement", "partners", "community", "governance", "reporting",
    "connectors", "config", "demo",
]  # fmt: skip
ROOMS = ORDER[5:17]
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "common", "manager", "managers", "misc", "base"}
FOLDERS = [
    SOURCE / name
    for name in ("stats", "text", "analytics", "kernel", "ui", "connectors", "config", "demo", "rooms")
] + [SOURCE / "rooms" / room for room in ROOMS]


def modules() -> Iterator[Path]:
    yield from (path for path in SOURCE.rglob("*.py") if "__pycache__" not in path.parts)


def place(model: type[models.Model]) -> str:
    """Return the part of the house a model lives in."""
    parts = model.__module__.split(".")
    return parts[2] if parts[1] == "rooms" else parts[1]


def test_imports_keep_the_contracts() -> None:
    lint = Path(sys.executable).parent / "lint-imports"
    done = subprocess.run([lint, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_foreign_keys_point_downwards_only() -> None:
    wrong = []
    for model in apps.get_models():
        if not model.__module__.startswith("rapport."):
            continue
        for field in model._meta.get_fields():
            target = field.related_model if field.concrete and field.is_relation else None
            ours = isinstance(target, type) and target.__module__.startswith("rapport.")
            if ours and ORDER.index(place(model)) < ORDER.index(place(target)):
                wrong.append(f"{model._meta.label}.{field.name} -> {target._meta.label}")
    assert not wrong


def test_rooms_reach_each_other_by_their_doors_only() -> None:
    """A room's `api`, models, events and `panels` (what others add to its pages) may be imported, no more."""
    doors = {"api", "models", "events", "panels"}
    wrong = []
    for path in (SOURCE / "rooms").rglob("*.py"):
        own = path.relative_to(SOURCE / "rooms").parts[0]
        for name in _imported(path):
            parts = name.split(".")
            if (
                parts[:2] == ["rapport", "rooms"]
                and len(parts) > 3
                and parts[2] != own
                and parts[3] not in doors
            ):
                wrong.append(f"{path.relative_to(SOURCE)}: {name}")
    assert not wrong


def _imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
def test_every_folder_says_in_about_ten_lines_what_lives_there_and_what_does_not(folder: Path) -> None:
    told = (folder / "readme.md").read_text(encoding="utf-8")
    assert re.match(rf"# {folder.name}(: |\n)", told)
    if folder.name != "ui":  # the style guide's table of tags is longer
        assert 5 <= len(told.splitlines()) <= 30
        others = {*ORDER, "kernel", "files"} - {folder.name}
        assert any(re.search(rf"\b{other}\b", told) for other in others), "say where the rest lives"


def test_no_module_has_a_name_that_means_nothing() -> None:
    assert [str(path) for path in modules() if path.stem in FORBIDDEN_NAMES] == []


def test_every_module_begins_with_what_belongs_there() -> None:
    silent = []
    for path in modules():
        if "migrations" in path.parts and path.name[:4] != "0001":
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        if tree.body and "migrations" not in path.parts and not ast.get_docstring(tree):
            silent.append(str(path.relative_to(SOURCE)))
    assert not silent


@pytest.mark.parametrize("part", ["text", *["journeys", "engagement", "partners"]])
def test_rooms_to_come_hold_only_their_name(part: str) -> None:
    folder = SOURCE / part if (SOURCE / part).is_dir() else SOURCE / "rooms" / part
    found = {path.name for path in folder.iterdir() if path.name != "__pycache__"}
    assert found == {"__init__.py", "readme.md"}


def test_whatever_is_shown_by_scope_says_who_may_see_it() -> None:
    """Every table with customers' or users' rows begins its reads at `visible_to`."""
    # Reached only through the row they hang on, or by administrators alone.
    without = {
        "kernel.team", "kernel.user", "kernel.grant", "kernel.sighting", "kernel.outgoingmail",
        "kernel.workerheartbeat", "kernel.jobfailure", "catalog.holiday",
        # Company-wide, or pairs whose two sides are each looked up by scope.
        "action.rule", "action.ruleturn", "action.responsibility", "action.absence",
        "action.escalationlevel", "action.lettertemplate", "action.lettertext", "action.promoterletter",
        "action.askinglimits", "action.complaintcategory", "action.complaintterm", "listening.bankquestion",
        "accounts.duplicatecandidate", "accounts.merge",
        "listening.houserest", "listening.bounce", "listening.quotafill",
    }  # fmt: skip
    missing = []
    for model in apps.get_models():
        label = model._meta.label_lower
        if (
            not model.__module__.startswith("rapport.")
            or hasattr(model, "pgh_tracked_model")
            or label in without
        ):
            continue
        if not hasattr(model._default_manager, "visible_to") and not _hangs_on_visible(model):
            missing.append(label)
    assert not missing


def _hangs_on_visible(model: type[models.Model]) -> bool:
    """Say whether a row belongs, without choice, to one that says who may see it, or to one that does."""
    for field in model._meta.fields:
        target = field.related_model
        belongs = isinstance(field, models.ForeignKey) and not field.null and isinstance(target, type)
        if belongs and (hasattr(target._default_manager, "visible_to") or _hangs_on_visible(target)):
            return True
    return False


# Mail programs read no stylesheet: what is sent as mail, and only that, carries its looks inline.
TEMPLATES = sorted(path for path in SOURCE.rglob("templates/**/*.html") if path.parent.name != "mail")
FORBIDDEN_IN_TEMPLATES = {
    "an inline style": re.compile(r"\sstyle\s*=", re.IGNORECASE),
    "a style element": re.compile(r"<style\b", re.IGNORECASE),
    "an inline script": re.compile(r"<script\b(?![^>]*\b(?:src=|type=[\"']application/json))", re.IGNORECASE),
    "an event handler": re.compile(r"\son[a-z]{3,}\s*=", re.IGNORECASE),
    "script in an address": re.compile(r"javascript:", re.IGNORECASE),
    "something from elsewhere": re.compile(r"(?:src|href)=[\"']https?://", re.IGNORECASE),
}


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_no_template_holds_what_the_content_policy_refuses(path: Path) -> None:
    text = re.sub(r"\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}", " ", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert [what for what, pattern in FORBIDDEN_IN_TEMPLATES.items() if pattern.search(text)] == []


@pytest.mark.parametrize("part", ["stats", "text"])
def test_statistics_and_text_stand_alone(part: str, tmp_path: Path) -> None:
    """Only NumPy and SciPy may be there, and nothing else of ours."""
    script = (
        "import sys, importlib, pkgutil\n"
        "class Wall:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        top = name.split('.')[0]\n"
        f"        ours = top == 'rapport' and name != 'rapport' and not name.startswith('rapport.{part}')\n"
        "        if ours or top in ('django', 'psycopg', 'ninja', 'pydantic', 'procrastinate'):\n"
        "            raise ImportError(name)\n"
        "sys.meta_path.insert(0, Wall())\n"
        f"import rapport.{part} as part\n"
        "for found in pkgutil.walk_packages(part.__path__, part.__name__ + '.'):\n"
        "    importlib.import_module(found.name)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.django_db
def test_tables_and_migrations_agree() -> None:
    from django.core.management import call_command

    call_command("makemigrations", check=True, dry_run=True, verbosity=0)
