"""The fictional company keeps away from real customers."""

from datetime import UTC, datetime

import pytest
from tests.cast import World

from rapport.demo.load import NotEmpty, load_company


def test_it_does_not_move_in_where_there_are_customers(world: World) -> None:
    with pytest.raises(NotEmpty):
        load_company(password="a password for nobody", now=datetime(2026, 11, 22, tzinfo=UTC))
