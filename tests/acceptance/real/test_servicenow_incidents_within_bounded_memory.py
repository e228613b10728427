"""ServiceNow: 141,712 updates of 24,918 incidents, through the command and within bounded memory."""

import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import pytest

from rapport.connectors.files import open_table
from rapport.connectors.imports.models import ImportProblem, ImportRun
from rapport.rooms.accounts.models import ServiceRequest
from tests.acceptance.real.importing import (
    MAPPINGS,
    assert_nothing_lost,
    data,
    each_row,
    fates,
    land,
    write_rows,
)

pytestmark = [pytest.mark.real, pytest.mark.xdist_group("servicenow")]
ROWS, INCIDENTS = 141_712, 24_918
MOST_MEMORY_MB = 600
# The process tells its own peak: what the parent could ask for holds the parent's memory too.
MEASURED = """
import atexit, pathlib, sys
peak = pathlib.Path(sys.argv.pop(1))
atexit.register(lambda: peak.write_bytes(pathlib.Path("/proc/self/status").read_bytes()))
from rapport.cli import main
main()
"""


@dataclass(frozen=True)
class Incidents:
    """The log, its import by the command with the peak of its memory, and a second import."""

    path: Path
    first: ImportRun
    peak_mb: float
    again: ImportRun


@pytest.fixture(scope="module")
def incidents(own_database: str, tmp_path_factory: pytest.TempPathFactory) -> Incidents:
    path = data("servicenow-incidents") / "incident_event_log.csv.gz"
    if not Path("/proc/self/status").exists():
        pytest.skip("This system does not tell how much memory a process took.")
    scratch = tmp_path_factory.mktemp("servicenow")
    land(list_of_sites(path, scratch / "sites.csv"), "servicenow-sites")
    peak = rapport_import(own_database, path, "servicenow-incidents", scratch)
    first = ImportRun.objects.get(target="service_requests")
    return Incidents(path, first, peak, land(path, "servicenow-incidents"))


def list_of_sites(path: Path, to: Path) -> Path:
    """List the places that call, once each; those not known are one of their own."""
    places = dict.fromkeys(row["location"] for row in each_row(path))
    return write_rows(to, [
        {"location": "none", "name": "Site unknown"} if place == "?" else
        {"location": place, "name": f"Site {place}"}
        for place in places
    ])  # fmt: skip


def rapport_import(database: str, path: Path, mapping: str, scratch: Path) -> float:
    """Run the command as a process of its own; return its peak of memory in megabytes."""
    status = scratch / "status"
    told = subprocess.run(
        [sys.executable, "-c", MEASURED, status, "import", path, "--mapping", MAPPINGS / f"{mapping}.toml"],
        env=os.environ | {"DATABASE_URL": database},
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stdout + told.stderr
    peak = re.search(r"VmHWM:\s+(\d+) kB", status.read_text())
    assert peak is not None
    return int(peak[1]) / 1024


def test_the_last_row_of_an_incident_counts_and_no_row_is_lost(incidents: Incidents) -> None:
    assert fates(incidents.first) == {"created": INCIDENTS, "repeated": ROWS - INCIDENTS}
    assert_nothing_lost(incidents.first, incidents.path)
    assert not ImportProblem.objects.filter(run=incidents.first).exists()
    assert ServiceRequest.objects.count() == INCIDENTS


def test_importing_the_same_log_again_changes_nothing(incidents: Incidents) -> None:
    assert fates(incidents.again) == {"unchanged": INCIDENTS, "repeated": ROWS - INCIDENTS}


def test_memory_stays_bounded(incidents: Incidents, tell_figure: Callable[[str, object], None]) -> None:
    tell_figure("peak_mb", round(incidents.peak_mb))
    assert incidents.peak_mb < MOST_MEMORY_MB


def test_kept_agreements_and_reopenings_meet_their_control_sums(incidents: Incidents) -> None:
    status = Counter(ServiceRequest.objects.values_list("status", flat=True))
    assert status.keys() == {
        "Closed in time",
        "Closed late",
        "Reopened, closed in time",
        "Reopened, closed late",
    }
    in_time = status["Closed in time"] + status["Reopened, closed in time"]
    assert round(100 * in_time / INCIDENTS, 2) == 63.42
    assert status["Reopened, closed in time"] + status["Reopened, closed late"] == 275


def test_the_time_to_close_meets_its_control_sum_so_days_were_read_first(incidents: Incidents) -> None:
    times = ServiceRequest.objects.values_list("opened_at", "closed_at")
    assert round(median((closed - opened).total_seconds() for opened, closed in times) / 86_400, 2) == 6.08
    first = ServiceRequest.objects.order_by("opened_at").first()
    last = ServiceRequest.objects.order_by("opened_at").last()
    assert first is not None
    assert last is not None
    assert (str(first.opened_at.date()), str(last.opened_at.date())) == ("2016-02-29", "2017-02-16")


def test_a_question_mark_is_nothing_and_two_columns_of_one_name_are_two(incidents: Incidents) -> None:
    assert not ServiceRequest.objects.filter(subject__contains="?").exists()
    assert ServiceRequest.objects.get(number="0000045").subject == "55 / 170 / 72"
    assert ServiceRequest.objects.filter(account__name="Site unknown").count() == 6


def test_the_states_of_all_updates_are_read_as_the_readme_counts_them(incidents: Incidents) -> None:
    states = Counter[object]()
    for batch in open_table(incidents.path).batches(only=["ident_state"]):
        states.update(batch.values["ident_state"])
    assert states.most_common(5) == [
        ("Active", 38_716),
        ("New", 36_407),
        ("Resolved", 25_751),
        ("Closed", 24_985),
        ("Awaiting User Info", 14_642),
    ]
    assert (states["-100"], sum(states.values())) == (5, ROWS)
