"""Who is drawn: by chance and by rule, the same people from the same seed, nobody beyond a limit."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rapport.rooms.listening.programmes.plan import Dimension, PlanError, Rest, Sampling, read_plan
from rapport.rooms.listening.sampling.drawing import allocate, draw
from rapport.rooms.listening.sampling.frame import Person

ROLES = ("user", "buyer", "approver")


def person(number: int, role: str = "user", account: int = 1, veto: bool = False) -> Person:
    return Person(number, account, role, veto, {Dimension.ROLE: role, Dimension.REGION: "north"})


FRAMES = st.lists(
    st.tuples(st.sampled_from(ROLES), st.integers(1, 6), st.booleans()), min_size=1, max_size=60
).map(lambda rows: [person(at, role, account, veto) for at, (role, account, veto) in enumerate(rows)])
SAMPLINGS = st.one_of(
    st.builds(Sampling, how=st.just("everyone"), must_vetoes=st.booleans()),
    st.builds(Sampling, how=st.just("simple"), size=st.integers(1, 40), must_vetoes=st.booleans()),
    st.builds(
        Sampling,
        how=st.just("stratified"),
        size=st.integers(1, 40),
        strata=st.just((Dimension.ROLE,)),
        allocation=st.sampled_from(["equal", "proportional"]),
        most_per_account=st.none() | st.integers(1, 5),
    ),
    st.builds(
        Sampling,
        how=st.just("quota"),
        strata=st.just((Dimension.ROLE,)),
        quotas=st.dictionaries(st.sampled_from(ROLES), st.integers(1, 10), min_size=1),
    ),
)


@given(frame=FRAMES, sampling=SAMPLINGS, room=st.integers(0, 10), seed=st.integers(0, 2**31))
@settings(max_examples=150, deadline=None)
def test_a_draw_keeps_every_limit_and_can_be_repeated(
    frame: list[Person], sampling: Sampling, room: int, seed: int
) -> None:
    rooms = {one.account_id: room for one in frame}
    drawn = draw(frame, sampling, room=rooms, seed=seed)
    again = draw(frame, sampling, room=rooms, seed=seed)
    assert [one.contact_id for one in drawn.people] == [one.contact_id for one in again.people]
    assert len({one.contact_id for one in drawn.people}) == len(drawn.people)
    assert max(Counter(one.account_id for one in drawn.people).values(), default=0) <= room
    musts = [one for one in frame if sampling.must_vetoes and one.veto]
    if sampling.size is not None:
        assert len(drawn.people) <= max(sampling.size, len(musts))
    if room >= len(frame):
        assert {one.contact_id for one in musts} <= {one.contact_id for one in drawn.people}
    for one in drawn.people:
        assert 0 < drawn.chances[one.contact_id] <= 1


@given(
    st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 50), min_size=1),
    st.integers(0, 400),
    st.booleans(),
)
def test_an_allocation_gives_everything_and_no_stratum_more_than_it_has(
    sizes: dict[str, int], total: int, equal: bool
) -> None:
    given_ = allocate(sizes, total, equal=equal)
    assert sum(given_.values()) == min(total, sum(sizes.values()))
    assert all(given_[name] <= size for name, size in sizes.items())


def test_shares_follow_the_sizes_with_the_largest_remainders() -> None:
    assert allocate({"a": 50, "b": 30, "c": 20}, 7) == {"a": 4, "b": 2, "c": 1}
    assert allocate({"a": 50, "b": 30, "c": 2}, 9, equal=True) == {"a": 4, "b": 3, "c": 2}


def test_everybody_who_can_veto_is_drawn_beyond_the_size() -> None:
    frame = [person(at, veto=at < 5) for at in range(40)]
    drawn = draw(frame, Sampling(how="simple", size=3), room={}, seed=1)
    assert sorted(one.contact_id for one in drawn.people) == [0, 1, 2, 3, 4]
    assert set(drawn.chances.values()) == {1.0}


def test_a_simple_draw_takes_everybody_equally_often() -> None:
    frame = [person(at) for at in range(10)]
    sampling = Sampling(how="simple", size=3)
    seen = Counter(
        one.contact_id for seed in range(2000) for one in draw(frame, sampling, room={}, seed=seed).people
    )
    # 600 expected each; the standard deviation is about 20.
    assert all(500 < seen[at] < 700 for at in range(10))


def test_of_two_rest_rules_the_stricter_counts() -> None:
    both = Rest(contact_days=30, yearly_contact=None).stricter(
        Rest(contact_days=90, account_days=30, account_most=2, yearly_contact=3)
    )
    assert (both.contact_days, both.account_days, both.account_most, both.yearly_contact) == (90, 30, 2, 3)


@pytest.mark.parametrize(
    ("plan", "told"),
    [
        ({"sampling": {"how": "simple"}}, "say how many people to draw"),
        ({"sampling": {"how": "stratified", "size": 3}}, "divide the frame"),
        ({"channels": []}, "at least one channel"),
        ({"mail": {"send_from": 14, "send_until": 9}}, "later hour"),
        ({"reminder": {}}, "reminder"),
        ({"quota": 0}, "quota"),
    ],
)
def test_a_plan_that_cannot_work_says_which_part_and_why(plan: dict[str, object], told: str) -> None:
    with pytest.raises(PlanError, match=told):
        read_plan(plan)
