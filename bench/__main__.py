"""Run all benchmarks, or the one named: `python -m bench [NAME]`; the status says only whether they ran."""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
NOT_BENCHMARKS = {"__init__", "__main__", "line"}


def names() -> list[str]:
    """Return the benchmarks there are; drills have targets of their own."""
    files = {path.stem for path in HERE.glob("*.py")}
    found = files | {path.parent.name for path in HERE.glob("*/__main__.py")}
    return sorted(name for name in found - NOT_BENCHMARKS if not name.startswith("drill_"))


def main(wanted: list[str]) -> int:
    """Run each benchmark in a process of its own and pass its lines on."""
    unknown = sorted(set(wanted) - set(names()))
    if unknown:
        sys.stderr.write(f"There is no benchmark {', '.join(unknown)}. There are: {', '.join(names())}.\n")
        return 2
    status = 0
    for name in wanted or names():
        done = subprocess.run([sys.executable, "-m", f"bench.{name}"], cwd=HERE.parent, check=False)
        status = status or done.returncode
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
