"""How far cases reach."""

import pytest
from tests.cast import World
from tests.rooms.action.cases import Cast, make_case, make_rule

from rapport.rooms.action.models import Case


@pytest.mark.parametrize(
    ("who", "sees"),
    [
        ("administrator", {"veldhuis", "kestrel", "unknown"}),
        ("cx_manager", {"veldhuis", "kestrel", "unknown"}),
        ("account_manager", {"veldhuis"}),
        ("champion", {"veldhuis", "unknown"}),
        ("partner_user", {"kestrel"}),
        ("employee", set()),
    ],
)
def test_a_case_is_seen_by_scope(world: World, cast: Cast, who: str, sees: set[str]) -> None:
    make_rule(cast("administrator"), conditions={})
    cases = {
        "veldhuis": make_case(cast),
        "kestrel": make_case(cast, contact="mikkel@kestrel.example", external_reference="t-2"),
        "unknown": make_case(cast, contact="", account="?", region="benelux", external_reference="t-3"),
    }
    seen = set(Case.objects.visible_to(cast(who)))
    assert {name for name, case in cases.items() if case in seen} == sees


def test_an_owner_sees_a_case_outside_their_reach(world: World, cast: Cast) -> None:
    case = make_case(cast)
    Case.objects.update(owner=cast("partner_user"))
    assert list(Case.objects.visible_to(cast("partner_user"))) == [case]
