from __future__ import annotations

import pytest

from bench.chaos import plan
from bench.world import Group, Tenant, spec


def tenant(name: str, rules: int) -> Tenant:
    return Tenant("group", name, "key", {str(number): "/path" for number in range(rules)})


@pytest.mark.parametrize("owed", [1, 2, 7, 8, 9, 2_000])
def test_a_plan_owes_exactly_what_was_asked_for(owed: int) -> None:
    events = plan([tenant("acme", 5), tenant("globex", 2), tenant("initech", 1)], owed)
    assert sum(len(event.rules) for event in events) == owed


def test_a_plan_takes_the_tenants_in_turn() -> None:
    events = plan([tenant("acme", 1), tenant("globex", 2)], 6)
    assert [event.workspace for event in events] == ["acme", "globex", "acme", "globex"]


def test_a_group_is_written_as_the_command_line_reads_it() -> None:
    assert spec(Group("many", 2, 5, silent=1)) == "many:2:5:1"


def test_a_plan_that_could_never_come_out_even_is_refused() -> None:
    with pytest.raises(ValueError, match="single rule"):
        plan([tenant("acme", 5), tenant("globex", 2)], 7)
