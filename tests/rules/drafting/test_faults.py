"""Each fault of a rule stands beside the control that it is about."""

from __future__ import annotations

import pytest

from rules.drafting.faults import by_control, control_of
from rules.drafting.rows import Row

PLACES = {"conditions.all[0]": Row(number=7), "conditions.all[1].any[0]": Row(number=9)}


@pytest.mark.parametrize(
    ("param", "control"),
    [
        ("event", "event"),
        ("metadata.id", "in-id"),
        ("metadata.action", "action"),
        ("quiet_hours.days", "quiet_days"),
        ("muted_until", "mute_until"),
        ("digest", "digest"),
        ("conditions.all[0].field", "c-7-field"),
        ("conditions.all[0]", "c-7-value"),
        ("conditions.all[0].value[1]", "c-7-highest"),
        ("conditions.all[1].any[0].other.field", "c-9-other"),
        ("conditions.all[1].any[0].other.factor", "c-9-factor"),
        ("conditions.all[5].value", "conditions"),
        ("conditions", "conditions"),
    ],
)
def test_it_finds_the_control(param: str, control: str) -> None:
    assert control_of(param, PLACES) == control


def test_the_first_fault_of_a_control_is_told_as_a_sentence() -> None:
    faults = [("name", "must be shorter."), ("name", "must be nicer.")]
    assert by_control(faults, {}) == {"name": "The name must be shorter."}


def test_a_fault_of_a_row_says_what_of_it_is_wrong() -> None:
    faults = [("conditions.all[0].value", "must be a number."), ("conditions.all[1].any[0]", "needs value or other.")]
    assert by_control(faults, PLACES) == {
        "c-7-value": "The value must be a number.",
        "c-9-value": "Write what the field is compared with.",
    }
