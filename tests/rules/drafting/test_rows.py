"""Conditions as rows of a form, and back."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import QueryDict

from rules.conditions import check
from rules.drafting.reading_rows import changed, read_rows
from rules.drafting.rows import Group, Kept, Row, Rows, write
from rules.drafting.stored_rows import rows_of

DEEP = {"any": [{"not": {"field": "a", "op": "exists"}}, {"field": "b", "op": "eq", "value": 1}]}
CONDITIONS: list[dict[str, Any]] = [
    {},
    {"all": [{"field": "value", "op": "gt", "value": 5}]},
    {
        "any": [
            {"field": "region", "op": "in", "value": ["eu", "us", 5]},
            {"field": "a", "op": "exists", "value": False},
        ]
    },
    {"all": [{"field": "value", "op": "gt", "other": {"field": "threshold", "factor": 1.2}}]},
    {"all": [{"field": "name", "op": "eq", "value": "5"}]},
    {"all": [{"field": ["host.name"], "op": "contains", "value": "db", "ignore_case": True}]},
    {"all": [{"field": "at", "op": "between", "value": ["2026-01-01", "2026-02-01"]}]},
    {"all": [{"field": "tags", "op": "is_empty", "value": False}, {"field": "note", "op": "is_empty"}]},
    {"all": [{"field": "a", "op": "eq", "value": None}, {"any": [{"field": "b", "op": "eq", "value": True}]}]},
    {"all": [DEEP, {"field": "c", "op": "neq", "value": "x"}]},
]


@pytest.mark.parametrize("conditions", CONDITIONS, ids=lambda conditions: str(conditions)[:60])
def test_what_is_stored_comes_back_unchanged(conditions: dict[str, Any]) -> None:
    assert check(conditions) == []
    assert write(rows_of(conditions)).conditions == conditions


def test_one_clause_without_a_group_becomes_a_row() -> None:
    rows = rows_of({"field": "value", "op": "gt", "value": 5})
    assert write(rows).conditions == {"all": [{"field": "value", "op": "gt", "value": 5}]}


def test_what_is_nested_deeper_is_kept() -> None:
    (kept, _) = rows_of({"all": [DEEP, {"field": "c", "op": "exists"}]}).members
    assert isinstance(kept, Kept)
    assert kept.value == DEEP


def test_what_was_kept_and_is_no_condition_is_dropped() -> None:
    """It came back from a browser, which may send anything."""
    for text in ('{"run": "me"}', "not json", '{"all": []}', "[" * 5000):
        assert write(Rows(members=(Kept(number=1, node=text),))).conditions == {}


def test_rows_without_anything_in_them_ask_for_nothing() -> None:
    rows = Rows(members=(Row(number=1), Group(number=2, rows=(Row(number=3),))))
    assert write(rows).conditions == {}


def test_it_tells_at_which_place_a_row_stands() -> None:
    rows = Rows(members=(Row(1), Row(2, field="a", value="1"), Group(3, rows=(Row(4, field="b", value="1"),))))
    places = {place: member.number for place, member in write(rows).places.items()}
    assert places == {"conditions.all[0]": 2, "conditions.all[1]": 3, "conditions.all[1].any[0]": 4}


def test_a_missing_value_is_left_to_the_check() -> None:
    found = write(Rows(members=(Row(1, field="a"),))).conditions
    assert [problem.path for problem in check(found)] == ["conditions.all[0]"]


# --------------------------------------------------------------------------- as they are posted

POSTED = (
    "joined=any&row=1&c-1-field=value&c-1-op=gt&c-1-against=field&c-1-other=threshold&c-1-factor=1.2"
    "&row=2&c-2-joined=all&row=3&c-3-in=2&c-3-field=region&c-3-op=in&c-3-value=eu%2C+us&c-3-ignore_case=yes"
    "&row=4&c-4-kept=%7B%22not%22%3A+%7B%22field%22%3A+%22a%22%2C+%22op%22%3A+%22exists%22%7D%7D"
)


def test_it_reads_rows_groups_and_what_is_kept() -> None:
    assert write(read_rows(QueryDict(POSTED))).conditions == {
        "any": [
            {"field": "value", "op": "gt", "other": {"field": "threshold", "factor": 1.2}},
            {"all": [{"field": "region", "op": "in", "value": ["eu", "us"], "ignore_case": True}]},
            {"not": {"field": "a", "op": "exists"}},
        ]
    }


def test_it_takes_nothing_for_granted_that_was_posted() -> None:
    posted = QueryDict("joined=none&row=x&row=1&row=1&c-1-op=explode&c-1-form=magic&c-1-field=a%00b&row=9&c-9-in=77")
    rows = read_rows(posted)
    assert rows.joined == "all"
    assert rows.members == (Row(number=1, field="a\ufffdb"),)


def test_buttons_add_and_remove_rows_and_keep_the_others() -> None:
    rows = read_rows(QueryDict(POSTED))
    added = changed(rows, "add")
    assert added.members[:-1] == rows.members
    assert added.members[-1] == Row(number=5)
    inside = changed(rows, "add-2").members[1]
    assert isinstance(inside, Group)
    assert [row.number for row in inside.rows] == [3, 5]
    assert [member.number for member in changed(rows, "remove-1").members] == [2, 4]
    assert [member.number for member in changed(rows, "remove-3").members] == [1, 4]  # a group without rows goes too
    grouped = changed(rows, "group").members[-1]
    assert isinstance(grouped, Group)
    assert [row.number for row in grouped.rows] == [6]
    assert changed(rows, "burn-1") == rows
