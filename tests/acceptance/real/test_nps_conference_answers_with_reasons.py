"""A conference's feedback form: recommendations with reasons, food rated in phrases, open questions."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from rapport.connectors.files import Source, load_mapping
from rapport.connectors.imports.engine import run_import
from rapport.connectors.imports.models import ImportRun
from rapport.rooms.catalog.models import Metric
from rapport.rooms.signals.models import Comment, Score, Signal
from rapport.stats import nps
from tests.acceptance.real.importing import MAPPINGS, NOW, assert_nothing_lost, data, fates, land

pytestmark = [pytest.mark.real, pytest.mark.django_db, pytest.mark.xdist_group("nps")]
METRICS = {
    "nps": ("Likely to recommend", "nps", 0, 10),
    "opening-keynote": ("Opening keynote", "index", 0, 10),
    "closing-keynote": ("Closing keynote", "index", 0, 10),
    "breakfast": ("Breakfast", "csat", 1, 5),
    "lunch": ("Lunch", "csat", 1, 5),
    "dinner": ("Dinner", "csat", 1, 5),
}


@pytest.fixture(scope="module")
def answers() -> Path:
    return data("nps-conference") / "conference_nps.csv"


@pytest.fixture(scope="module")
def conference(taken_back: None, answers: Path) -> ImportRun:
    for key, (name, kind, low, high) in METRICS.items():
        told = {"name": name, "kind": kind, "scale_low": low, "scale_high": high}
        Metric.objects.update_or_create(key=key, defaults=told)
    return land(answers, "nps-conference")


def test_every_answer_lands_and_waits_to_be_matched(conference: ImportRun, answers: Path) -> None:
    assert fates(conference) == {"created": 39}
    assert conference.unmatched == 39, "the form asks nobody's name"
    assert_nothing_lost(conference, answers)


def test_importing_the_same_file_again_changes_nothing(conference: ImportRun, answers: Path) -> None:
    before = (Signal.objects.count(), Score.objects.count(), Comment.objects.count())
    assert fates(land(answers, "nps-conference")) == {"unchanged": 39}
    assert (Signal.objects.count(), Score.objects.count(), Comment.objects.count()) == before


def test_all_or_nothing_counts_on_what_the_import_itself_adds_to_the_catalogue(
    conference: ImportRun, answers: Path
) -> None:
    mapping = load_mapping(MAPPINGS / "nps-conference.toml")
    fields = {**mapping.fields, "touchpoint": Source(constant="Soap fair", create=True)}
    whole = replace(mapping, fields=fields, source="soap fair", on_error="abort")
    assert fates(run_import(answers, whole, None, NOW)) == {"created": 39}
    assert Signal.objects.filter(touchpoint__name="Soap fair").count() == 39


def test_the_net_promoter_score_is_the_published_one(conference: ImportRun) -> None:
    scores = list(Score.objects.filter(metric="nps").values_list("value", flat=True))
    assert sum(score >= 9 for score in scores) == 8
    assert sum(score <= 6 for score in scores) == 22
    found = nps(scores)
    assert (round(found.value, 1), found.n) == (-35.9, 39)
    assert found.low < -35.9 < found.high


def test_phrases_about_food_become_scores(conference: ImportRun) -> None:
    dinner = Counter(Score.objects.filter(metric="dinner").values_list("value", flat=True))
    assert dinner == {1.0: 7, 2.0: 8, 3.0: 8, 4.0: 4, 5.0: 12}
    assert Score.objects.filter(metric="breakfast").count() == 38, "one guest said nothing of breakfast"


def test_reasons_stay_with_their_scores(conference: ImportRun) -> None:
    assert Comment.objects.filter(question_key="why").count() == 37
    assert Comment.objects.filter(question_key="three-words").count() == 39
    first = Signal.objects.order_by("occurred_at").first()
    assert first is not None
    assert first.occurred_at == datetime(2019, 11, 1, 8, 51, 12, 402_000, tzinfo=UTC)
    assert first.comments.get(question_key="why").text == "Bad service"
    assert first.scores.get(metric="nps").value == 0
    assert first.touchpoint.name == "Conference"
