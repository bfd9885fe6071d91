from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workspaces import ids

NOON = datetime(2026, 11, 22, 12, 0, 0, 123000, tzinfo=UTC)
MOMENTS = st.datetimes(datetime(1970, 1, 1), datetime(9999, 12, 31), timezones=st.just(UTC))
PARTS = st.lists(st.one_of(st.uuids(), st.text(), st.integers()), max_size=4)


def rfc_9562(identifier: UUID) -> bool:
    return identifier.version == 7 and identifier.variant == "specified in RFC 4122"


@given(MOMENTS)
def test_an_id_is_a_version_7_uuid_of_its_moment(at: datetime) -> None:
    made = ids.uuid7(at)
    assert rfc_9562(made)
    assert ids.timestamp(made) == at.replace(microsecond=at.microsecond // 1000 * 1000)


def test_it_reads_the_time_of_the_example_in_rfc_9562() -> None:
    example = UUID("017f22e2-79b0-7cc3-98c4-dc0c0c07398f")
    assert ids.timestamp(example) == datetime(2022, 2, 22, 19, 22, 22, tzinfo=UTC)


def test_ids_of_now_ascend_and_never_repeat() -> None:
    made = [ids.uuid7() for _ in range(20_000)]
    assert made == sorted(set(made))


def test_ids_of_one_given_moment_differ() -> None:
    assert len({ids.uuid7(NOON) for _ in range(1_000)}) == 1_000


def test_two_processes_that_share_a_past_part_ways() -> None:
    one, other = ids._Sequence(), ids._Sequence()
    one._milliseconds = other._milliseconds = 5
    one._tail = other._tail = 7
    assert one.following(5) != other.following(5)


def test_a_clock_that_is_set_back_does_not_hold_ids_in_the_future() -> None:
    sequence = ids._Sequence()
    sequence.following(2_000)
    assert sequence.following(1_000)[0] == 1_000


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(TypeError):
        ids.uuid7(NOON.replace(tzinfo=None))


@given(PARTS)
def test_a_derived_id_keeps_its_parents_time_and_is_always_the_same(parts: list[UUID | str | int]) -> None:
    parent = ids.uuid7(NOON)
    derived = ids.derive(parent, *parts)
    assert rfc_9562(derived)
    assert ids.timestamp(derived) == NOON
    assert derived == ids.derive(parent, *parts)
    assert derived != parent


def test_a_derived_id_never_changes_with_a_release() -> None:
    parent = UUID("019a0000-0000-7000-8000-000000000001")
    rule = UUID("019a0000-0000-7000-8000-000000000002")
    assert ids.derive(parent, rule, "x", 1) == UUID("019a0000-0000-74dd-bbba-f577d21ede45")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("ab", "c"), ("a", "bc")),
        ((1,), ("1",)),
        ((), ("",)),
        ((UUID(int=0),), (str(UUID(int=0)),)),
        (("a", "b"), ("b", "a")),
    ],
)
def test_different_parts_give_different_ids(one: tuple[str, ...], other: tuple[str, ...]) -> None:
    parent = ids.uuid7(NOON)
    assert ids.derive(parent, *one) != ids.derive(parent, *other)


def test_different_parents_of_one_moment_give_different_ids() -> None:
    assert ids.derive(ids.uuid7(NOON), 1) != ids.derive(ids.uuid7(NOON), 1)


def test_it_refuses_to_derive_from_an_id_without_a_time() -> None:
    with pytest.raises(ValueError, match="not a time-ordered id"):
        ids.derive(uuid4(), 1)


def test_it_refuses_to_read_the_time_of_an_id_without_one() -> None:
    with pytest.raises(ValueError, match="not a time-ordered id"):
        ids.timestamp(uuid4())


def test_it_refuses_a_time_that_no_calendar_holds() -> None:
    with pytest.raises(ValueError, match="past the year 9999"):
        ids.timestamp(UUID("ffffffff-ffff-7000-8000-000000000000"))


@given(MOMENTS.filter(lambda at: at.year > 1970))
def test_the_floor_divides_the_ids_before_a_moment_from_those_of_it(at: datetime) -> None:
    floor = ids.floor(at)
    assert rfc_9562(floor)
    assert ids.uuid7(at - timedelta(milliseconds=1)) < floor <= ids.uuid7(at)
    assert ids.timestamp(floor) <= at


@given(st.uuids())
def test_an_id_is_read_as_it_was_written(identifier: UUID) -> None:
    assert ids.parse(str(identifier)) == identifier


@pytest.mark.parametrize(
    "text", ["", "next", "017f22e2-79b0-7cc3-98c4", "017f22e2-79b0-7cc3-98c4-dc0c0c07398f'--", "é" * 32]
)
def test_what_is_no_id_is_read_as_none(text: str) -> None:
    assert ids.parse(text) is None
