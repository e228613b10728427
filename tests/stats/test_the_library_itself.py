"""The library stands alone, its examples are true, and its public names are documented."""

import doctest
import importlib
import inspect
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

from rapport import stats

SOURCE = Path(stats.__file__).resolve().parents[2]
MODULES = [f"rapport.stats.{module.name}" for module in pkgutil.iter_modules(stats.__path__)]
PUBLIC = [name for name in stats.__all__ if callable(getattr(stats, name))]
FUNCTIONS = [name for name in PUBLIC if inspect.isfunction(getattr(stats, name))]

ALONE = """
import sys

def is_standard(top):
    return top in sys.stdlib_module_names or top.startswith("_sysconfigdata")

class Closed:
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        if top not in allowed and not is_standard(top):
            raise ModuleNotFoundError(f"closed for this test: {name}", name=name)
        if name.startswith("rapport.") and not name.startswith("rapport.stats"):
            raise ModuleNotFoundError(f"another part of the product: {name}", name=name)
        return None

allowed = {"rapport", "numpy", "scipy"}
sys.meta_path.insert(0, Closed())
from rapport import stats
print(stats.nps([9, 10, 3]).n)
"""


def test_the_library_imports_with_numpy_and_scipy_alone():
    run = subprocess.run(
        [sys.executable, "-c", ALONE],
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(SOURCE), "PATH": ""},
        check=False,
    )
    assert run.stderr == ""
    assert run.stdout == "3\n"


@pytest.mark.parametrize("name", MODULES)
def test_every_example_is_true(name):
    found = doctest.testmod(importlib.import_module(name))
    assert found.failed == 0


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_public_function_says_what_it_takes_gives_and_shows(name):
    text = inspect.getdoc(getattr(stats, name)) or ""
    for heading in ("Parameters\n---", "Returns\n---", "Examples\n---"):
        assert heading in text, f"{name} lacks {heading.splitlines()[0]}"


def test_every_module_says_what_belongs_there():
    for name in MODULES:
        assert importlib.import_module(name).__doc__, name
