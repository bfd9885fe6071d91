from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest

from bench.judge import Accepted, Arrival, Verdict, judge, owed_by, read_notes, violations
from workspaces.ids import derive, uuid7

OWED = {"one": "/acme", "two": "/acme", "three": "/globex"}
ALL = [Arrival(1.0, "/acme", "one"), Arrival(2.0, "/acme", "two"), Arrival(3.0, "/globex", "three")]
CLEAN = Verdict(delivered=3, lost=(), strangers=(), duplicates=0, last=3.0)


def test_it_finds_nothing_wrong_when_everything_came_once() -> None:
    assert judge(ALL, OWED) == CLEAN


def test_it_names_what_never_came() -> None:
    verdict = judge(ALL[:2], OWED)
    assert verdict.lost == ("three",)
    assert verdict.delivered == 2


def test_it_counts_a_third_coming_as_a_second_duplicate() -> None:
    verdict = judge([*ALL, ALL[0], ALL[0]], OWED)
    assert verdict.duplicates == 2
    assert verdict.delivered == 3


def test_a_late_duplicate_does_not_move_the_last_delivery() -> None:
    assert judge([*ALL, Arrival(99.0, "/acme", "one")], OWED).last == 3.0


def test_it_notices_an_id_that_nobody_is_owed() -> None:
    stranger = Arrival(4.0, "/acme", "four")
    assert judge([*ALL, stranger], OWED).strangers == (stranger,)


def test_a_delivery_at_the_wrong_destination_is_lost_there_and_strange_here() -> None:
    astray = Arrival(3.0, "/acme", "three")
    verdict = judge([*ALL[:2], astray], OWED)
    assert verdict.lost == ("three",)
    assert verdict.strangers == (astray,)


def test_every_rule_of_every_accepted_event_is_owed() -> None:
    events, rules = [uuid7(), uuid7()], {str(uuid7()): "/a", str(uuid7()): "/b"}
    owed = owed_by(Accepted(0.0, str(event), rules) for event in events)
    assert owed == {str(derive(event, UUID(rule))): path for event in events for rule, path in rules.items()}
    assert len(owed) == 4


def test_it_reads_deliveries_and_passes_over_requests_without_an_id(tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    notes.write_text("1500000000 /acme one\n1600000000 /livez -\n")
    assert read_notes(notes) == [Arrival(1.5, "/acme", "one")]


def test_a_line_that_is_still_being_written_waits(tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    notes.write_text("1500000000 /acme one\n1600000000 /ac")
    assert [arrival.id for arrival in read_notes(notes)] == ["one"]


def test_nothing_is_violated_at_the_very_limits() -> None:
    assert violations(CLEAN, in_flight=0, seconds=30.0, most=30.0) == []
    repeated = Verdict(delivered=3, lost=(), strangers=(), duplicates=5, last=3.0)
    assert violations(repeated, in_flight=5, seconds=0.0, most=30.0) == []


@pytest.mark.parametrize(
    ("verdict", "in_flight", "seconds", "said"),
    [
        (Verdict(2, ("three",), (), 0, 2.0), 9, 1.0, "1 deliveries were lost, for example three."),
        (Verdict(3, (), (ALL[0],), 0, 3.0), 9, 1.0, "1 requests were owed to nobody there, for example one at /acme."),
        (Verdict(3, (), (), 10, 3.0), 9, 1.0, "10 duplicates are more than the 9 deliveries that were in flight."),
        (CLEAN, 9, 30.1, "The last delivery came 30.1 s after the restart, later than 30 s."),
    ],
)
def test_it_says_in_a_sentence_which_promise_was_broken(
    verdict: Verdict, in_flight: int, seconds: float, said: str
) -> None:
    assert violations(verdict, in_flight=in_flight, seconds=seconds, most=30.0) == [said]
