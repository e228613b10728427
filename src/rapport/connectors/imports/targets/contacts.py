"""Contacts: known again by id, our code, e-mail address, or name within an account."""

from typing import Any

from rapport.connectors.files import Field, Target
from rapport.connectors.imports.fields import column_field, external_id
from rapport.connectors.imports.landing import TableLanding
from rapport.rooms.accounts.models import Contact

TARGET = Target(
    "contacts",
    "Contacts",
    "People at customers.",
    (
        external_id("a person's number"),
        Field(
            "code",
            "Our code",
            help="Rapport's own code, such as P12, to change people that are there.",
            max_length=24,
        ),
        column_field(
            Contact,
            "account",
            required=True,
            refers_to="account",
            help="By id in the source, our code or name.",
        ),
        column_field(
            Contact, "name", required=True, help="Several columns can be joined: first name, last name."
        ),
        column_field(Contact, "title", synonyms=("title", "contact title", "position")),
        column_field(Contact, "seniority"),
        column_field(Contact, "function", refers_to="function", synonyms=("department", "abteilung")),
        column_field(Contact, "email"),
        column_field(Contact, "phone", kind="phone"),
        column_field(Contact, "street"),
        column_field(Contact, "postal_code"),
        column_field(Contact, "city"),
        column_field(Contact, "language", kind="language"),
        column_field(Contact, "time_zone"),
        column_field(Contact, "preferences"),
        column_field(Contact, "consent", synonyms=("opt in", "newsletter")),
        column_field(Contact, "consent_at"),
        column_field(Contact, "consent_source"),
        column_field(Contact, "left_on"),
    ),
)


class ContactsLanding(TableLanding):
    """Lands people."""

    target = TARGET
    model = Contact

    def give_keys(self) -> None:
        if "v_external_id" in self.stage.columns:
            super().give_keys()
            return
        named = "r_account || ':' || v_name"
        mail = f"coalesce(lower(v_email), {named})" if "v_email" in self.stage.columns else named
        code = f"coalesce(v_code, {mail})" if "v_code" in self.stage.columns else mail
        self.stage.execute(f"UPDATE {{stage}} SET key = {code} WHERE fate IS NULL")

    def match(self) -> None:
        if "v_external_id" in self.stage.columns:
            self.stage.execute(
                "UPDATE {stage} s SET match = x.contact_id FROM accounts_contactexternalid x "
                "WHERE s.fate IS NULL AND x.system = %s AND x.value = s.key",
                [self.context.mapping.source],
            )
        if "v_code" in self.stage.columns:
            self.stage.execute(
                "UPDATE {stage} s SET match = c.id FROM accounts_contact c "
                "WHERE s.fate IS NULL AND s.match IS NULL AND c.code = s.v_code"
            )
            self.tell(
                "v_code IS NOT NULL AND match IS NULL",
                self.target.by_name["code"],
                "There is no person with this code.",
                "Correct the code, or leave it empty for a new person.",
            )
        if "v_external_id" not in self.stage.columns:
            self._match_by_mail_and_name()
        follow = (
            "UPDATE {stage} s SET match = c.merged_into_id FROM accounts_contact c "
            "WHERE c.id = s.match AND c.merged_into_id IS NOT NULL"
        )
        while self.stage.execute(follow):
            continue

    def _match_by_mail_and_name(self) -> None:
        conditions = [
            ("c.account_id = s.r_account AND c.name = s.v_name", "name", "people of this name at the account")
        ]
        if "v_email" in self.stage.columns:
            conditions.insert(
                0, ("lower(c.email) = lower(s.v_email)", "email", "people with this e-mail address")
            )
        for condition, field, what in conditions:
            same = f"SELECT count(*) FROM accounts_contact c WHERE {condition} AND c.merged_into_id IS NULL"
            self.tell(
                f"match IS NULL AND fate IS NULL AND ({same}) > 1",
                self.target.by_name[field],
                f"There are several {what}.",
                "Map an id or our code, so that the right one is found.",
            )
            self.stage.execute(
                "UPDATE {stage} s SET match = c.id FROM accounts_contact c "
                "WHERE s.fate IS NULL AND s.match IS NULL "
                f"AND {condition} AND c.merged_into_id IS NULL"
            )

    def landed(self) -> dict[str, str]:
        there = super().landed()
        there.pop("code", None)
        return there

    def given(self) -> dict[str, str]:
        return {"id": "s.new_id"}

    def finish(self, between: dict[str, Any]) -> None:
        if "v_external_id" not in self.stage.columns:
            return
        self.stage.execute(
            "INSERT INTO accounts_contactexternalid (contact_id, system, value) "
            "SELECT coalesce(s.new_id, s.match), %(source)s, s.key FROM {stage} s "
            "WHERE s.fate IN ('new', 'changed', 'unchanged') AND s.pos BETWEEN %(first)s AND %(last)s "
            "ON CONFLICT (system, value) DO NOTHING",
            between | {"source": self.context.mapping.source},
        )
