"""Accounts: known again by id, our code or name; parents may stand in the same file."""

from typing import Any

from django.db import IntegrityError, connection, transaction

from rapport.connectors.files import Field, Problem, Target
from rapport.connectors.imports.fields import column_field, external_id
from rapport.connectors.imports.landing import TableLanding, in_scope_condition
from rapport.connectors.imports.references import accounts as find_account_ids
from rapport.rooms.accounts.models import Account

TARGET = Target(
    "accounts",
    "Accounts",
    "Customer companies and their parts, with their place in the tree.",
    (
        external_id("a customer number"),
        Field(
            "code",
            "Our code",
            help="Rapport's own code, such as A12, to change accounts that are there.",
            max_length=24,
        ),
        column_field(Account, "name", required=True),
        column_field(Account, "parent", refers_to="account", help="By id in the source, our code or name."),
        column_field(Account, "kind"),
        column_field(Account, "sector"),
        column_field(Account, "employees"),
        column_field(Account, "revenue"),
        column_field(Account, "budget"),
        column_field(Account, "currency", kind="currency"),
        column_field(
            Account, "founded", synonyms=("year established", "founded", "established", "gegründet")
        ),
        column_field(Account, "street"),
        column_field(Account, "postal_code"),
        column_field(Account, "city"),
        column_field(Account, "country", synonyms=("office location",)),
        column_field(Account, "domain", synonyms=("website", "web site", "url", "homepage")),
        column_field(Account, "life_cycle"),
        column_field(Account, "tier"),
        column_field(Account, "region", refers_to="region"),
        column_field(Account, "division", refers_to="division"),
        column_field(Account, "partner", refers_to="partner"),
        column_field(Account, "team", refers_to="team", synonyms=("owner team", "sales team")),
        column_field(Account, "owner", refers_to="user", synonyms=("account manager", "key account manager")),
    ),
)


class AccountsLanding(TableLanding):
    """Lands accounts; parents first, so that the tree grows from its root."""

    target = TARGET
    model = Account
    whole = True

    def _stage_columns(self) -> dict[str, str]:
        scope = {
            f"r_{name}": kind
            for name, kind in (("region", "text"), ("team", "text"), ("partner", "text"), ("owner", "bigint"))
        }
        return (
            scope
            | super()._stage_columns()
            | {"r_parent": "bigint", "parent_pos": "bigint", "level": "integer"}
        )

    def _own_reference(self, field: Field) -> bool:
        return field.name == "parent"

    def give_keys(self) -> None:
        if "v_external_id" in self.stage.columns:
            super().give_keys()
        else:
            own_code = "coalesce(v_code, v_name)" if "v_code" in self.stage.columns else "v_name"
            self.stage.execute(f"UPDATE {{stage}} SET key = {own_code} WHERE fate IS NULL")

    def match(self) -> None:
        source = self.context.mapping.source
        self.stage.execute(
            "UPDATE {stage} s SET match = x.account_id FROM accounts_accountexternalid x "
            "WHERE s.fate IS NULL AND x.system = %s AND x.value = s.key",
            [source],
        )
        if "v_code" in self.stage.columns:
            self.stage.execute(
                "UPDATE {stage} s SET match = a.id FROM accounts_account a "
                "WHERE s.fate IS NULL AND s.match IS NULL AND a.code = s.v_code"
            )
            self.tell(
                "v_code IS NOT NULL AND match IS NULL",
                self.target.by_name["code"],
                "There is no account with this code.",
                "Correct the code, or leave it empty for a new account.",
            )
        if "v_external_id" not in self.stage.columns:
            self._match_by_name()
        self._follow_merges()
        self._find_parents()

    def _match_by_name(self) -> None:
        same = "SELECT count(*) FROM accounts_account a WHERE a.name = s.v_name AND a.merged_into_id IS NULL"
        self.tell(
            f"match IS NULL AND fate IS NULL AND ({same}) > 1",
            self.target.by_name["name"],
            "Several accounts have this name.",
            "Map an id or our code, so that the right one is found.",
        )
        self.stage.execute(
            "UPDATE {stage} s SET match = a.id FROM accounts_account a "
            "WHERE s.fate IS NULL AND s.match IS NULL AND a.name = s.v_name AND a.merged_into_id IS NULL"
        )

    def _follow_merges(self) -> None:
        follow = (
            "UPDATE {stage} s SET match = a.merged_into_id FROM accounts_account a "
            "WHERE a.id = s.match AND a.merged_into_id IS NOT NULL"
        )
        while self.stage.execute(follow):
            continue

    def _find_parents(self) -> None:
        """Find parents in the file first, by id or name, and then among the accounts that are there."""
        if "v_parent" not in self.stage.columns:
            return
        live = "p.fate IS NULL OR p.fate = 'repeated'"
        self.stage.execute(
            "UPDATE {stage} s SET parent_pos = (SELECT min(p.pos) FROM {stage} p "
            "WHERE p.fate IS NULL AND p.key = s.v_parent) WHERE s.v_parent IS NOT NULL AND s.fate IS NULL"
        )
        self.stage.execute(
            "UPDATE {stage} s SET parent_pos = p.pos FROM (SELECT v_name, min(pos) AS pos FROM {stage} p "
            f"WHERE {live} GROUP BY v_name HAVING count(DISTINCT key) = 1) p "
            "WHERE s.parent_pos IS NULL AND s.fate IS NULL AND p.v_name = s.v_parent"
        )
        self.stage.execute(
            "UPDATE {stage} s SET r_parent = p.match FROM {stage} p WHERE p.pos = s.parent_pos"
        )
        names = self.stage.select(
            "SELECT DISTINCT v_parent FROM {stage} "
            "WHERE v_parent IS NOT NULL AND parent_pos IS NULL AND fate IS NULL"
        )
        found = find_account_ids([name for (name,) in names], self.context.looking)
        for name, pk in found.items():
            self.stage.execute(
                "UPDATE {stage} SET r_parent = %s WHERE v_parent = %s AND parent_pos IS NULL", [pk, name]
            )
        lenient = self.context.mapping.fields["parent"].if_wrong == "empty"
        self.tell(
            "v_parent IS NOT NULL AND r_parent IS NULL AND parent_pos IS NULL AND fate IS NULL",
            self.target.by_name["parent"],
            "There is no such account in the file or in Rapport.",
            "Correct it, or add the parent to the file.",
            rejected=not lenient,
        )

    def check_matches(self) -> None:
        super().check_matches()
        looking = self.context.looking
        if not looking.everything:
            self.tell(
                f"match IS NULL AND fate IS NULL AND NOT coalesce({in_scope_condition(looking)}, false)",
                self.target.by_name["name"],
                "The new account would lie outside what you may see.",
                "Give it one of your regions, teams or partners, or yourself as owner.",
            )
        self._set_levels()

    def _set_levels(self) -> None:
        """Number the generations of new accounts; a circle is told, and opened by leaving out the parent."""
        self.stage.execute(
            "UPDATE {stage} SET level = 0 WHERE fate IS NULL AND (parent_pos IS NULL OR r_parent IS NOT NULL)"
        )
        level = 0
        while self.stage.execute(
            "UPDATE {stage} s SET level = %s FROM {stage} p WHERE p.pos = s.parent_pos AND p.level = %s "
            "AND s.level IS NULL AND s.fate IS NULL",
            [level + 1, level],
        ):
            level += 1
        self._levels = level
        rejected_parent = (
            "EXISTS (SELECT 1 FROM {stage} p WHERE p.pos = s.parent_pos AND p.fate = 'rejected')"
        )
        for condition, what in (
            (rejected_parent.replace("{stage}", self.stage.name), "Its parent in this file does not land."),
            ("true", "The accounts of the file belong to each other in a circle."),
        ):
            whole = f"level IS NULL AND fate IS NULL AND match IS NULL AND {condition}"
            if self.tell(whole, self.target.by_name["parent"], what, "Correct the parent.", rejected=False):
                self.stage.execute(f"UPDATE {{stage}} s SET level = 0, parent_pos = NULL WHERE {whole}")
        self.stage.execute("UPDATE {stage} SET level = 0 WHERE level IS NULL AND fate IS NULL")

    def landed(self) -> dict[str, str]:
        there = super().landed()
        there.pop("code", None)
        if "parent_id" in there:
            there["parent_id"] = "s.r_parent"
        return there

    def prepare(self) -> None:
        super().prepare()
        # The parents that are new have their ids now.
        self.stage.execute(
            "UPDATE {stage} s SET r_parent = p.new_id FROM {stage} p "
            "WHERE p.pos = s.parent_pos AND s.r_parent IS NULL AND p.fate = 'new'"
        )

    def more_differences(self) -> list[str]:
        if "v_parent" not in self.stage.columns:
            return []
        return ["(s.parent_pos IS NOT NULL AND s.r_parent IS NULL)"]

    def given(self) -> dict[str, str]:
        return {"id": "s.new_id"}

    def insert(self, between: dict[str, Any], condition: str = "true") -> None:
        for level in range(self._levels + 1):
            super().insert(between, f"level = {level}")

    def update(self, between: dict[str, Any]) -> None:
        """Change accounts; those that move in the tree one by one, because a move may make a circle."""
        movers = (
            self.stage.select(
                "SELECT s.pos, s.row, s.v_parent, s.match, s.r_parent FROM {stage} s "
                "JOIN accounts_account a ON a.id = s.match "
                "WHERE s.fate = 'changed' AND s.r_parent IS NOT NULL "
                "AND s.r_parent IS DISTINCT FROM a.parent_id "
                "ORDER BY s.level, s.pos"
            )
            if "v_parent" in self.stage.columns
            else []
        )
        for pos, row, named, account, parent in movers:
            try:
                with transaction.atomic(), connection.cursor() as cursor:
                    cursor.execute(
                        "UPDATE accounts_account SET parent_id = %s WHERE id = %s", [parent, account]
                    )
            except IntegrityError:
                self.stage.execute("UPDATE {stage} SET r_parent = NULL WHERE pos = %s", [pos])
                self.remarks.append(
                    Problem(
                        row,
                        self.heading(self.target.by_name["parent"]),
                        named,
                        "The account cannot belong to a part of itself.",
                        "Correct the parent.",
                        rejected=False,
                    )
                )
        super().update(between)

    def finish(self, between: dict[str, Any]) -> None:
        self.stage.execute(
            "INSERT INTO accounts_accountexternalid (account_id, system, value) "
            "SELECT coalesce(s.new_id, s.match), %(source)s, s.key FROM {stage} s "
            "WHERE s.fate IN ('new', 'changed', 'unchanged') AND s.pos BETWEEN %(first)s AND %(last)s "
            "AND s.key IS NOT NULL ON CONFLICT (system, value) DO NOTHING",
            between | {"source": self.context.mapping.source},
        )
