"""Buying roles: who plays which part, in one decision or in the standing relationship."""

from rapport.connectors.files import Field, Target
from rapport.connectors.imports.fields import column_field
from rapport.connectors.imports.landing import TableLanding
from rapport.rooms.accounts.models import BuyingRole

TARGET = Target(
    "roles",
    "Buying roles",
    "The parts people play in decisions to buy.",
    (
        Field("account", "Account", refers_to="account", help="Needed only where people are given by name."),
        column_field(
            BuyingRole,
            "contact",
            required=True,
            refers_to="contact",
            help="By id in the source, our code, e-mail address, or name within the account.",
        ),
        column_field(
            BuyingRole,
            "role",
            required=True,
            synonyms=("buying role", "decision role", "rolle", "rôle", "rol"),
        ),
        column_field(
            BuyingRole,
            "decision",
            refers_to="opportunity",
            help="The opportunity, by its id in the source; empty for the standing relationship.",
            synonyms=("opportunity", "deal"),
        ),
        column_field(BuyingRole, "veto"),
        column_field(BuyingRole, "weight"),
        column_field(BuyingRole, "expectations"),
        column_field(BuyingRole, "source", help="Who or what told us."),
        column_field(BuyingRole, "valid_from"),
        column_field(BuyingRole, "valid_to"),
        column_field(BuyingRole, "confirmed_at"),
    ),
    identified_by=("contact", "decision", "role", "valid_from"),
)


class RolesLanding(TableLanding):
    """Lands roles; two that overlap for the same person and decision do not."""

    target = TARGET
    model = BuyingRole

    def _stage_columns(self) -> dict[str, str]:
        # What the file leaves out is empty on the stage, so that one comparison serves all files.
        usual = {"r_account": "bigint", "r_decision": "bigint", "v_valid_from": "date", "v_valid_to": "date"}
        return usual | super()._stage_columns()

    def check_references(self) -> None:
        self.tell(
            "v_valid_from IS NOT NULL AND v_valid_to IS NOT NULL AND v_valid_to <= v_valid_from",
            self.target.by_name["valid_to"],
            "The role ends before it begins.",
            "Correct the dates.",
        )

    def give_keys(self) -> None:
        self.stage.execute(
            "UPDATE {stage} SET key = concat_ws(':', r_contact, coalesce(r_decision, 0), v_role, "
            "coalesce(v_valid_from::text, '')) WHERE fate IS NULL"
        )

    _SAME = (
        "t.contact_id = s.r_contact AND t.role = s.v_role "
        "AND coalesce(t.decision_id, 0) = coalesce(s.r_decision, 0)"
    )
    _STAGED = "daterange(s.v_valid_from, s.v_valid_to)"

    def match(self) -> None:
        self.stage.execute(
            "UPDATE {stage} s SET match = t.id FROM accounts_buyingrole t "
            f"WHERE s.fate IS NULL AND {self._SAME} "
            "AND t.valid_from IS NOT DISTINCT FROM s.v_valid_from"
        )
        if "valid_from" not in self.context.mapping.fields:
            # A file without dates speaks of today's roles.
            self.stage.execute(
                f"UPDATE {{stage}} s SET match = t.id FROM accounts_buyingrole t "
                f"WHERE s.fate IS NULL AND s.match IS NULL AND {self._SAME} "
                "AND daterange(t.valid_from, t.valid_to) @> %s::date",
                [self.context.looking.now.date()],
            )

    def check_matches(self) -> None:
        super().check_matches()
        overlaps = (
            f"EXISTS (SELECT 1 FROM accounts_buyingrole t WHERE {self._SAME} "
            "AND t.id IS DISTINCT FROM s.match AND"
            f" daterange(t.valid_from, t.valid_to) && {self._STAGED})"
        )
        staged = self.stage.name
        twice = (
            f"EXISTS (SELECT 1 FROM {staged} o WHERE o.pos < s.pos AND o.fate IS NULL "
            "AND o.r_contact = s.r_contact "
            "AND o.v_role = s.v_role AND o.r_decision IS NOT DISTINCT FROM s.r_decision "
            f"AND daterange(o.v_valid_from, o.v_valid_to) && {self._STAGED})"
        )
        for condition, where in ((overlaps, "recorded already"), (twice, "of another row")):
            self.tell(
                f"fate IS NULL AND {condition}",
                self.target.by_name["role"],
                f"The person's time in this role overlaps one {where}.",
                "Correct the dates, so that one ends before the other begins.",
            )

    def landed(self) -> dict[str, str]:
        there = super().landed()
        there.pop("account_id", None)
        return there

    def given(self) -> dict[str, str]:
        return {"id": "s.new_id"}
