"""Tweets to airlines: words, a sentiment judged by people, and what they were about."""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from rapport.connectors.files import open_table
from rapport.connectors.imports.models import ImportRun
from rapport.rooms.accounts.models import Account
from rapport.rooms.catalog.models import Metric
from rapport.rooms.signals.models import Comment, Score, Signal
from tests.acceptance.real.importing import Row, assert_nothing_lost, data, fates, land, rows_of

pytestmark = [pytest.mark.real, pytest.mark.django_db, pytest.mark.xdist_group("airline")]
SENTIMENT = {"negative": -1.0, "neutral": 0.0, "positive": 1.0}


@dataclass(frozen=True)
class Tweets:
    """The file, each tweet as it stands there first, and the runs that brought them in."""

    path: Path
    first: list[Row]
    airlines: ImportRun
    rehearsal: ImportRun
    tweets: ImportRun


@pytest.fixture(scope="module")
def airlines(taken_back: None) -> Tweets:
    path = data("airline-tweets") / "airline_tweets.csv.gz"
    told = {"name": "Sentiment", "kind": "index", "scale_low": -1, "scale_high": 1}
    Metric.objects.update_or_create(key="sentiment", defaults=told)
    once = {row["tweet_id"]: row for row in reversed(rows_of(path))}
    return Tweets(
        path,
        list(once.values()),
        land(path, "airline-accounts"),
        land(path, "airline-tweets", dry_run=True),
        land(path, "airline-tweets"),
    )


def test_a_tweet_that_stands_there_twice_lands_once(airlines: Tweets) -> None:
    assert fates(airlines.tweets) == {"created": 8616, "unchanged": 95}
    assert airlines.tweets.unmatched == 0
    assert_nothing_lost(airlines.tweets, airlines.path)
    assert Signal.objects.count() == Score.objects.count() == Comment.objects.count() == 8616


def test_the_trial_run_told_beforehand_what_would_land(airlines: Tweets) -> None:
    assert fates(airlines.rehearsal) == fates(airlines.tweets)


def test_six_airlines_land_from_thousands_of_rows(airlines: Tweets) -> None:
    assert fates(airlines.airlines) == {"created": 6, "repeated": 8705}
    said = Counter(row["airline"] for row in airlines.first)
    assert Counter(Signal.objects.values_list("account__name", flat=True)) == said
    assert Account.objects.count() == 6


def test_importing_the_same_file_again_changes_nothing(airlines: Tweets) -> None:
    assert fates(land(airlines.path, "airline-tweets")) == {"unchanged": 8711}
    assert Signal.objects.count() == Score.objects.count() == Comment.objects.count() == 8616


def test_the_rows_read_are_the_ones_the_readme_counts(airlines: Tweets) -> None:
    sentiments, reasons = Counter[object](), Counter[object]()
    for batch in open_table(airlines.path).batches():
        sentiments.update(batch.values["airline_sentiment"])
        reasons.update(batch.values["negativereason"])
    assert sentiments == {"negative": 5476, "neutral": 1862, "positive": 1373}
    assert [count for reason, count in reasons.most_common(6) if reason] == [1749, 980, 683, 516, 429]


def test_each_sentiment_becomes_a_score_beside_its_words(airlines: Tweets) -> None:
    stated = Counter(SENTIMENT[row["airline_sentiment"]] for row in airlines.first)
    landed = Counter(Score.objects.values_list("value", flat=True))
    assert landed == stated == {-1.0: 5415, 0.0: 1842, 1.0: 1359}
    one = Signal.objects.get(external_reference="570301130888122368")
    assert one.occurred_at == datetime(2015, 2, 24, 19, 15, 59, tzinfo=UTC)
    assert one.scores.get().value == 1
    assert one.comments.get().text.startswith("@VirginAmerica plus you've added commercials")


def test_what_went_wrong_becomes_the_touchpoint_and_the_rest_category_none(airlines: Tweets) -> None:
    stated = Counter(row["negativereason"] for row in airlines.first)
    landed = Counter(Signal.objects.values_list("touchpoint__name", flat=True))
    assert landed.pop(None) == stated.pop("") + stated.pop("Can't Tell")
    assert landed.pop("Long lines") == stated.pop("longlines") == 106
    assert landed == stated
    assert landed.most_common(2) == [("Customer Service Issue", 1733), ("Late Flight", 973)]
