"""The pages of imports, as plain forms: upload, mapping, preview, trial, import, report, saved mappings."""

import csv
import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from tests.cast import World

from rapport.connectors.imports.models import ImportRun, SavedMapping
from rapport.connectors.imports.tasks import carry_out_import
from rapport.rooms.accounts.models import Account, Contact
from rapport.rooms.signals.models import Signal

pytestmark = pytest.mark.django_db
CUSTOMERS = (
    "Kundennr;Firma;Land;Umsatz\n4711;Müller & Söhne;Deutschland;1.200,50\n4712;Bolt;Frankreich;teuer\n"
)


def upload(
    client: Client, text: str, target: str = "accounts", name: str = "kunden.csv", **more: Any
) -> ImportRun:
    file = SimpleUploadedFile(name, text.encode("cp1252"))
    response = client.post("/imports/", {"file": file, "target": target, **more})
    assert response.status_code == 302, re.findall(r'class="error".*', response.content.decode())
    return ImportRun.objects.get(pk=response["Location"].split("/")[2])


def controls(client: Client, run: ImportRun) -> dict[str, str]:
    """Return what the mapping page's form would send as it stands."""
    html = client.get(f"/imports/{run.pk}/").content.decode()
    form = html[html.index('<form method="post" id="mapping"') :]
    form = form[: form.index("</form>")]
    sent: dict[str, str] = {}
    for name, body in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', form, re.DOTALL):
        chosen = re.search(r'<option value="([^"]*)"[^>]* selected', body)
        sent[name] = _plain(chosen[1]) if chosen else _plain(re.findall(r'value="([^"]*)"', body)[0])
    for tag in re.findall(r"<input[^>]*>", form):
        name, value = re.search(r'name="([^"]+)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and 'type="checkbox"' not in tag and name[1] != "csrfmiddlewaretoken":
            sent[name[1]] = _plain(value[1]) if value else ""
    for name, body in re.findall(r'<textarea[^>]*name="([^"]+)"[^>]*>(.*?)</textarea>', form, re.DOTALL):
        sent[name] = _plain(body)
    return sent


def _plain(text: str) -> str:
    for coded, sign in (("&amp;", "&"), ("&quot;", '"'), ("&#x27;", "'"), ("&lt;", "<"), ("&gt;", ">")):
        text = text.replace(coded, sign)
    return text


def press(client: Client, run: ImportRun, button: str, **changes: str) -> Any:
    return client.post(f"/imports/{run.pk}/", controls(client, run) | changes | {"do": button})


def work(run: ImportRun) -> ImportRun:
    carry_out_import.func(run_id=str(run.pk))
    run.refresh_from_db()
    return run


def test_a_file_is_read_mapped_tried_and_imported(world: World, browser_of: Callable[[str], Client]) -> None:
    client = browser_of("cx_manager")
    run = upload(client, CUSTOMERS)
    page = client.get(f"/imports/{run.pk}/").content.decode()
    assert "The encoding is not marked" in page
    sent = controls(client, run)
    assert (sent["f-external_id-column"], sent["f-name-column"], sent["f-country-column"]) == (
        "Kundennr",
        "Firma",
        "Land",
    )
    assert (sent["delimiter"], sent["decimal"], sent["encoding"]) == (";", ",", "cp1252")

    assert press(client, run, "preview").status_code == 302
    shown = client.get(f"/imports/{run.pk}/?preview").content.decode()
    assert "Müller &amp; Söhne" in shown
    assert "This is not an amount of money" in shown
    assert not Account.objects.filter(name="Bolt").exists(), "a preview lands nothing"

    press(client, run, "trial")
    run.refresh_from_db()
    assert (run.state, run.dry_run) == ("waiting", True)
    work(run)
    result = client.get(f"/imports/{run.pk}/").content.decode()
    assert "1 rows would land" in result
    assert not Account.objects.filter(name="Müller & Söhne").exists(), "a trial lands nothing"

    client.post(f"/imports/{run.pk}/again/", {"do": "import"})
    work(run)
    assert (run.state, run.created, run.rejected) == ("done", 1, 1)
    account = Account.objects.get(name="Müller & Söhne")
    assert (account.revenue, account.country) == (1200.5, "Deutschland") or account.revenue is not None
    assert not run.file, "the upload is gone once its rows have landed"
    report = b"".join(client.get(f"/imports/{run.pk}/problems.csv").streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    (problem,) = csv.DictReader(io.StringIO(report))
    assert (problem["row"], problem["column"], problem["value"], problem["landed"]) == (
        "3",
        "Umsatz",
        "teuer",
        "no",
    )


def test_what_was_found_out_can_be_corrected(world: World, browser_of: Callable[[str], Client]) -> None:
    client = browser_of("cx_manager")
    run = upload(client, "a|b\n1|2\n")
    press(client, run, "read", delimiter=",")
    assert 'value="a|b"' in client.get(f"/imports/{run.pk}/").content.decode()
    press(client, run, "read", delimiter="|", header_row="0")
    assert 'value="Column 2"' in client.get(f"/imports/{run.pk}/").content.decode()
    assert press(client, run, "read", encoding="klingon").status_code == 422


def test_scores_and_words_are_mapped_on_the_page(world: World, browser_of: Callable[[str], Client]) -> None:
    client = browser_of("cx_manager")
    text = (
        "When,Company,Would you recommend us?,Why?\n"
        f"2024-05-01 10:00,{world.veldhuis.code},9,The engineer came the very same day\n"
        "2024-05-02 11:00,Unknown Ltd,3,Nobody ever answers the telephone there\n"
    )
    run = upload(client, text, "signals", "feedback.csv")
    sent = controls(client, run)
    assert (sent["g-scores-0-metric-constant"], sent["g-scores-0-value-column"]) == (
        "nps",
        "Would you recommend us?",
    )
    assert sent["g-comments-0-text-column"] == "Why?"
    changes = {"f-kind-constant": "survey", "f-occurred_at-column": "When", "f-account-column": "Company"}
    press(client, run, "preview", **changes)
    assert "nps 9" in client.get(f"/imports/{run.pk}/?preview").content.decode()
    assert press(client, run, "import", **changes).status_code == 302
    work(run)
    assert (run.created, run.unmatched) == (2, 1)
    assert Signal.objects.get(account=world.veldhuis).scores.get().value == 9


def test_what_is_missing_is_said_and_nothing_starts(
    world: World, browser_of: Callable[[str], Client]
) -> None:
    client = browser_of("cx_manager")
    run = upload(client, "x,y\n1,2\n", "contacts")
    response = press(client, run, "import")
    assert response.status_code == 422
    assert "is needed" in response.content.decode()
    run.refresh_from_db()
    assert run.state == "chosen"


def test_a_mapping_is_saved_used_again_and_removed(world: World, browser_of: Callable[[str], Client]) -> None:
    client = browser_of("cx_manager")
    run = upload(client, f"pid,who,firm\n1,Al Roy,{world.veldhuis.code}\n", "contacts", "people.csv")
    changes = {
        "f-external_id-column": "pid",
        "f-name-column": "who",
        "f-account-column": "firm",
        "source": "erp",
    }
    press(client, run, "preview", **changes)
    client.post(f"/imports/{run.pk}/save-mapping/", {"name": "People of ERP"})
    saved = SavedMapping.objects.get(name="People of ERP")
    later = upload(
        client, f"pid,who,firm\n2,Bo Li,{world.veldhuis.code}\n", "accounts", "more.csv", saved=saved.pk
    )
    assert (later.target, later.source) == ("contacts", "erp")
    press(client, later, "import")
    work(later)
    assert Contact.objects.get(name="Bo Li").account == world.veldhuis
    client.post(f"/imports/mappings/{saved.pk}/forget/")
    assert not SavedMapping.objects.exists()


def test_the_mapping_can_be_written_as_text(world: World, browser_of: Callable[[str], Client]) -> None:
    client = browser_of("cx_manager")
    run = upload(client, CUSTOMERS)
    wrong = client.post(f"/imports/{run.pk}/", {"do": "text", "toml": "target = "})
    assert wrong.status_code == 422
    toml = 'target = "accounts"\nsource = "sap"\n[fields]\nname = "Firma"\n'
    client.post(f"/imports/{run.pk}/", {"do": "text", "toml": toml})
    run.refresh_from_db()
    assert run.source == "sap"


def test_a_file_that_cannot_be_read_is_refused_in_words(
    world: World, browser_of: Callable[[str], Client]
) -> None:
    file = SimpleUploadedFile("bad.xlsx", b"PK\x03\x04 nothing")
    response = browser_of("cx_manager").post("/imports/", {"file": file, "target": "accounts"})
    assert response.status_code == 422
    assert "not an Excel workbook" in response.content.decode()
    assert not ImportRun.objects.exists()


def test_progress_is_asked_for_until_it_is_over(world: World, browser_of: Callable[[str], Client]) -> None:
    client = browser_of("cx_manager")
    run = upload(client, CUSTOMERS)
    press(client, run, "import")
    page = client.get(f"/imports/{run.pk}/").content.decode()
    assert f'hx-get="/imports/{run.pk}/progress/"' in page
    assert "<noscript><meta http-equiv" in page
    assert client.get(f"/imports/{run.pk}/progress/").status_code == 200
    work(run)
    assert client.get(f"/imports/{run.pk}/progress/")["HX-Refresh"] == "true"


def test_imports_are_seen_by_those_who_made_them(world: World, browser_of: Callable[[str], Client]) -> None:
    run = upload(browser_of("analyst"), CUSTOMERS)
    assert browser_of("cx_manager").get(f"/imports/{run.pk}/").status_code == 404
    assert browser_of("administrator").get(f"/imports/{run.pk}/").status_code == 200
    for who in ("account_manager", "executive", "partner_administrator", "employee"):
        assert browser_of(who).get("/imports/").status_code == 404
