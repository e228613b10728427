"""Maven: a hardware company's accounts with parents, its pipeline of 8,800 deals, and its sales teams."""

from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from statistics import median

import pytest
from django.db.models import Sum

from rapport.connectors.files import Source, load_mapping
from rapport.connectors.imports.engine import run_import
from rapport.connectors.imports.models import ImportRun
from rapport.kernel.models import Grant, User
from rapport.kernel.roles import Role
from rapport.rooms.accounts.models import Account, Opportunity
from rapport.rooms.catalog.models import Product
from tests.acceptance.real.importing import (
    MAPPINGS,
    NOW,
    assert_nothing_lost,
    data,
    fates,
    land,
    reported,
    rows_of,
    write_rows,
)

pytestmark = [pytest.mark.real, pytest.mark.django_db, pytest.mark.xdist_group("maven")]


@dataclass(frozen=True)
class Maven:
    """The files and the runs that brought them in."""

    folder: Path
    teams_file: Path
    accounts: ImportRun
    deals: ImportRun
    teams: ImportRun


@pytest.fixture(scope="module")
def maven(taken_back: None, tmp_path_factory: pytest.TempPathFactory) -> Maven:
    folder = data("maven-crm")
    for row in rows_of(folder / "sales_teams.csv"):
        email = f"{row['sales_agent'].replace(' ', '.').lower()}@maven.example"
        User.objects.create_user(email, None, name=row["sales_agent"], role=Role.ACCOUNT_MANAGER)
    teams = write_rows(tmp_path_factory.mktemp("maven") / "teams.csv", leading_agents(folder))
    return Maven(
        folder,
        teams,
        land(folder / "accounts.csv", "maven-accounts"),
        land(folder / "sales_pipeline.csv", "maven-opportunities"),
        land(teams, "maven-teams"),
    )


def leading_agents(folder: Path) -> list[dict[str, str]]:
    """Find who won most at each account: the files name agents by deal only."""
    won: dict[str, Counter[str]] = defaultdict(Counter)
    for deal in rows_of(folder / "sales_pipeline.csv"):
        if deal["account"]:
            won[deal["account"]][deal["sales_agent"]] += int(float(deal["close_value"] or 0))
    teams = {row["sales_agent"]: row for row in rows_of(folder / "sales_teams.csv")}
    return [{"account": account} | teams[agents.most_common(1)[0][0]] for account, agents in won.items()]


def test_every_row_lands_or_is_reported(maven: Maven) -> None:
    assert fates(maven.accounts) == {"created": 85}
    assert fates(maven.deals) == {"created": 7375, "rejected": 1425}
    assert fates(maven.teams) == {"changed": 85}
    assert_nothing_lost(maven.accounts, maven.folder / "accounts.csv")
    assert_nothing_lost(maven.deals, maven.folder / "sales_pipeline.csv")


def test_a_deal_without_an_account_is_reported_with_row_column_and_reason(maven: Maven) -> None:
    told = reported(maven.deals)
    lines = [i for i, row in enumerate(rows_of(maven.folder / "sales_pipeline.csv"), 2) if not row["account"]]
    assert [int(row["row"]) for row in told] == lines
    assert {(row["column"], row["value"], row["landed"]) for row in told} == {("account", "", "no")}
    assert {row["what is wrong"] for row in told} == {"The value is needed and empty."}
    assert all(row["how to mend it"] for row in told)


def test_deals_without_an_account_can_be_kept_under_a_stand_in(maven: Maven) -> None:
    Account.objects.create(name="Not named yet", life_cycle=Account.LifeCycle.PROSPECT)
    mapping = load_mapping(MAPPINGS / "maven-opportunities.toml")
    fields = {**mapping.fields, "account": Source(("account",), constant="Not named yet")}
    run = run_import(maven.folder / "sales_pipeline.csv", replace(mapping, fields=fields), None, NOW)
    assert fates(run) == {"created": 1425, "unchanged": 7375}
    stages = Counter(Opportunity.objects.values_list("sales_stage", flat=True))
    assert stages == {"Won": 4238, "Lost": 2473, "Engaging": 1589, "Prospecting": 500}
    unnamed = Opportunity.objects.filter(account__name="Not named yet")
    assert Counter(unnamed.values_list("sales_stage", flat=True)) == {"Engaging": 1088, "Prospecting": 337}


def test_importing_the_same_files_again_changes_nothing(maven: Maven) -> None:
    again = land(maven.folder / "sales_pipeline.csv", "maven-opportunities")
    assert fates(again) == {"unchanged": 7375, "rejected": 1425}
    assert fates(land(maven.folder / "accounts.csv", "maven-accounts")) == {"unchanged": 85}
    assert fates(land(maven.teams_file, "maven-teams")) == {"unchanged": 85}
    assert (Account.objects.count(), Opportunity.objects.count()) == (85, 7375)


def test_subsidiaries_stand_below_their_parents(maven: Maven) -> None:
    assert Account.objects.exclude(parent=None).count() == 15
    acme = Account.objects.get(name="Acme Corporation")
    assert set(Account.objects.subtree_of(acme).values_list("name", flat=True)) == {
        "Acme Corporation",
        "Bluth Company",
        "Codehow",
        "Donquadtech",
        "Iselectrics",
    }


def test_misspelt_words_are_mended_and_millions_multiplied(maven: Maven) -> None:
    assert Account.objects.filter(sector="technology").count() == 12
    assert Account.objects.values("sector").distinct().count() == 10
    assert Account.objects.filter(country="Philippines").count() == 1
    acme = Account.objects.get(name="Acme Corporation")
    assert (acme.revenue, acme.currency, acme.employees, acme.founded) == (1_100_040_000, "USD", 2822, 1996)


def test_the_product_of_two_spellings_is_one(maven: Maven) -> None:
    names = {row["product"] for row in rows_of(maven.folder / "products.csv")}
    assert set(Product.objects.filter(opportunity__isnull=False).values_list("name", flat=True)) == names
    renamed = [row for row in rows_of(maven.folder / "sales_pipeline.csv") if row["product"] == "GTXPro"]
    assert len(renamed) == 1480
    landed = sum(1 for row in renamed if row["account"])
    assert Opportunity.objects.filter(product__name="GTX Pro").count() == landed


def test_win_rate_and_won_value_meet_their_control_sums(maven: Maven) -> None:
    outcomes = Counter(Opportunity.objects.values_list("outcome", flat=True))
    assert (outcomes["won"], outcomes["won"] + outcomes["lost"]) == (4238, 6711)
    assert round(100 * 4238 / 6711, 2) == 63.15
    won = Opportunity.objects.filter(outcome="won").aggregate(total=Sum("amount"))["total"]
    assert won == Decimal(10_005_534)
    closed = Opportunity.objects.exclude(outcome="open")
    days = [(end - start).days for start, end in closed.values_list("opened_on", "closed_on")]
    assert median(days) == 45
    ends = closed.order_by("closed_on").values_list("closed_on", flat=True)
    assert (str(ends.first()), str(ends.last())) == ("2017-03-01", "2017-12-31")


def test_an_account_manager_sees_the_accounts_of_the_team_and_no_others(maven: Maven) -> None:
    rows = rows_of(maven.teams_file)
    assert Account.objects.exclude(owner=None).count() == 85
    agent = User.objects.get(name=rows[0]["sales_agent"])
    Grant.objects.create(user=agent, kind="team", key=rows[0]["manager"].replace(" ", "-").lower())
    agent.reach = "granted"
    agent.save()
    agent = User.objects.get(pk=agent.pk)
    ours = {row["account"] for row in rows if row["manager"] == rows[0]["manager"]}
    assert set(Account.objects.visible_to(agent).values_list("name", flat=True)) == ours
    assert 0 < len(ours) < 85
    seen = Opportunity.objects.visible_to(agent)
    assert set(seen.values_list("account__name", flat=True)) == ours
    assert seen.count() == Opportunity.objects.filter(account__name__in=ours).count()
