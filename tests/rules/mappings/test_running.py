"""What a mapping makes of an event, and what it says where it makes nothing."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.mappings import Compiled, Made, TargetField, check, compile_mapping, run
from rules.mappings.fields import TYPES

AROUND = {
    "event": {"id": "e-1", "type": "user.created"},
    "workspace": {"name": "Acme", "tenant": "t-1"},
    "severity": "high",
}


def path(value: str, *others: str) -> dict[str, Any]:
    return {"type": "path", "value": value, **({"or": list(others)} if others else {})}


def literal(value: Any) -> dict[str, Any]:
    return {"type": "literal", "value": value}


def made(
    source: dict[str, Any], payload: Any = None, *steps: Any, field: TargetField | None = None, **said: Any
) -> Made:
    """What becomes of one field called ``to``."""
    schema = {"schema_version": 1, "fields": [{"dest": "to", "source": source, "transforms": list(steps), **said}]}
    assert check(schema) == []
    return run(compile_mapping(schema), payload or {}, around=AROUND, fields={"to": field} if field else None)


def value(*said: Any, **more: Any) -> Any:
    found = made(*said, **more)
    assert not found.failures
    assert found.record, found.notes
    return found.record["to"]


def problem(*said: Any, **more: Any) -> str:
    found = made(*said, **more)
    assert found.record == {}
    return found.lines[0].problem


# --------------------------------------------------------------------------- where a value is from


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (path("email"), "a@b.example"),
        (path("user.name"), "Ann"),
        (path("payload.user.name"), "Ann"),
        (path("lines.1.sku"), "s2"),
        (path("absent", "user.absent", "user.name"), "Ann"),
        (path("nothing", "user.name"), "Ann"),
        (path("event.type"), "user.created"),
        (path("workspace.tenant"), "t-1"),
        (path("severity"), "low"),  # the payload's own comes first
        (literal("fixed"), "fixed"),
        (literal(5), 5),
        (literal(False), False),
        (literal(None), None),
    ],
)
def test_a_value_is_from_the_event_or_fixed(source: dict[str, Any], expected: Any) -> None:
    payload = {
        "email": "a@b.example",
        "user": {"name": "Ann"},
        "lines": [{"sku": "s1"}, {"sku": "s2"}],
        "severity": "low",
        "nothing": None,
    }
    assert value(source, payload) == expected


@pytest.mark.parametrize(
    ("payload", "words"),
    [({}, "the event has no a.b"), ({"a": {"b": None}}, "a.b is empty"), ({"a": {"b": ""}}, "a.b is empty")],
)
def test_nothing_there_empties_no_field(payload: Any, words: str) -> None:
    assert problem(path("a.b"), payload) == words


def test_of_several_places_the_one_that_was_read_is_told_or_all_of_them() -> None:
    assert problem(path("a", "b.c"), {}) == "the event has none of a, b.c"
    assert problem(path("a", "b.c"), {"b": {"c": ""}}) == "b.c is empty"
    assert problem(path("a", "b.c"), {"b": {"c": "x"}}, {"type": "to_number"}).startswith("b.c is the text")


# --------------------------------------------------------------------------- transforms


@pytest.mark.parametrize(
    ("step", "given_value", "expected"),
    [
        ({"type": "to_string"}, 5, "5"),
        ({"type": "to_string"}, 1.5, "1.5"),
        ({"type": "to_string"}, True, "true"),
        ({"type": "to_string"}, ["a", 1, None], "a, 1"),
        ({"type": "to_number"}, " 42 ", 42),
        ({"type": "to_number"}, "-1.5e2", -150.0),
        ({"type": "to_number"}, 7, 7),
        ({"type": "to_boolean"}, "Yes", True),
        ({"type": "to_boolean"}, 0, False),
        ({"type": "to_boolean"}, "off", False),
        ({"type": "to_date"}, "2026-04-17T23:30:00Z", "2026-04-17"),
        ({"type": "to_date", "timezone": "Europe/Berlin"}, "2026-04-17T23:30:00Z", "2026-04-18"),
        ({"type": "to_date", "timezone": "America/New_York"}, "2026-04-17", "2026-04-17"),
        ({"type": "to_date"}, 1776441600, "2026-04-17"),
        ({"type": "to_date"}, 1776441600000, "2026-04-17"),
        ({"type": "to_datetime"}, "2026-04-17T18:00:00+02:00", "2026-04-17T16:00:00Z"),
        ({"type": "to_datetime", "timezone": "Europe/Berlin"}, "2026-04-17T18:00", "2026-04-17T16:00:00Z"),
        ({"type": "to_datetime"}, "2026-04-17", "2026-04-17T00:00:00Z"),
        ({"type": "to_datetime"}, 1776441600.25, "2026-04-17T16:00:00.250Z"),
        ({"type": "trim"}, "  a ", "a"),
        ({"type": "lower"}, "ÄB", "äb"),
        ({"type": "upper"}, "ab", "AB"),
        ({"type": "upper"}, True, "TRUE"),
        ({"type": "substring", "start": 1}, "abcd", "bcd"),
        ({"type": "substring", "start": 1, "length": 2}, "abcd", "bc"),
        ({"type": "default", "value": "x"}, "y", "y"),
        ({"type": "default", "value": "x"}, None, "x"),
        ({"type": "default", "value": "x"}, "", "x"),
        ({"type": "default", "value": 0}, None, 0),
        ({"type": "default", "value": None}, None, None),
    ],
)
def test_a_transform_changes_what_it_is_given(step: Any, given_value: Any, expected: Any) -> None:
    assert value(path("a"), {"a": given_value}, step) == expected


@pytest.mark.parametrize(
    ("step", "given_value", "words"),
    [
        ({"type": "to_string"}, {"b": 1}, 'a is an object ({"b": 1}), which cannot be written as one text'),
        ({"type": "to_number"}, "many", 'a is the text "many", which is no number'),
        ({"type": "to_number"}, True, "a is true, which is no number"),
        ({"type": "to_number"}, "1,5", "which is no number"),
        ({"type": "to_number"}, "1e999", "which is no number"),
        ({"type": "to_boolean"}, "maybe", "which is neither yes nor no"),
        ({"type": "to_boolean"}, 2, "which is neither yes nor no"),
        ({"type": "to_date"}, "17.04.2026", "which is no date such as"),
        ({"type": "to_date"}, "2026-13-01", "which is no date"),
        ({"type": "to_date"}, 1e300, "which is no date"),
        ({"type": "to_datetime"}, "20260417", "which is no time such as"),
        ({"type": "to_datetime"}, True, "which is no time"),
        ({"type": "lower"}, [[]], "cannot be written as one text"),
    ],
)
def test_a_misfit_is_told_with_the_value_that_was_seen(step: Any, given_value: Any, words: str) -> None:
    assert words in problem(path("a"), {"a": given_value}, step)


def test_transforms_follow_one_another_and_a_default_saves_only_what_is_missing() -> None:
    steps = ({"type": "trim"}, {"type": "default", "value": "None"}, {"type": "lower"})
    assert value(path("a"), {"a": "  "}, *steps) == "none"
    assert value(path("b"), {}, *steps) == "none"
    assert "no number" in problem(path("a"), {"a": "x"}, {"type": "to_number"}, {"type": "default", "value": 1})


def test_a_long_value_is_cut_in_the_words() -> None:
    assert len(problem(path("a"), {"a": "x" * 100_000}, {"type": "to_number"})) < 200


# --------------------------------------------------------------------------- to fit the field

OPTIONS = (("lead", "New lead"), ("customer", "Customer"))


@pytest.mark.parametrize(
    ("type", "given_value", "expected"),
    [
        ("text", 5, "5"),
        ("text", ["a", "b"], "a, b"),
        ("phone", 49301234, "49301234"),
        ("number", "5", 5),
        ("boolean", "no", False),
        ("date", "2026-04-17T16:00:00Z", "2026-04-17"),
        ("datetime", "2026-04-17", "2026-04-17T00:00:00Z"),
        ("email", " a@b.example ", "a@b.example"),
        ("url", "https://x.example/a", "https://x.example/a"),
        ("select", "LEAD", "lead"),
        ("select", "new lead", "lead"),
        ("multiselect", ["customer", "New lead", "lead"], "customer;lead"),
        ("multiselect", "lead; customer", "lead;customer"),
        ("", ["a", 1], "a;1"),
        ("", 5, 5),
        ("", True, True),
    ],
)
def test_a_value_is_made_to_fit_its_field(type: str, given_value: Any, expected: Any) -> None:
    assert value(path("a"), {"a": given_value}, field=TargetField("to", "To", type, options=OPTIONS)) == expected


@pytest.mark.parametrize(
    ("type", "given_value", "words"),
    [
        ("text", {"b": 1}, "cannot be written as one text"),
        ("number", "many", "which is no number"),
        ("boolean", "perhaps", "neither yes nor no"),
        ("date", "soon", "which is no date"),
        ("email", "Ann", "which is no e-mail address"),
        ("email", 5, "which is no e-mail address"),
        ("url", "javascript:alert(1)", "which is no address"),
        ("select", "hot", "none of its options: New lead, Customer"),
        ("multiselect", ["lead", "hot"], "none of its options"),
        ("multiselect", [], "a is empty"),
        ("", {"b": 1}, "cannot be written as one text"),
    ],
)
def test_what_does_not_fit_its_field_is_told(type: str, given_value: Any, words: str) -> None:
    assert words in problem(path("a"), {"a": given_value}, field=TargetField("to", "To", type, options=OPTIONS))


def test_a_select_without_known_options_takes_what_comes() -> None:
    assert value(path("a"), {"a": "x"}, field=TargetField("to", "To", "select")) == "x"


def test_a_read_only_field_is_not_filled() -> None:
    assert "read-only" in problem(literal("x"), field=TargetField("to", "To", read_only=True))


def test_many_options_are_named_in_part() -> None:
    field = TargetField("to", "To", "select", options=tuple((str(n), str(n)) for n in range(9)))
    assert problem(literal("x"), field=field).endswith("0, 1, 2, 3, 4, …")


# --------------------------------------------------------------------------- what happens then


def test_each_field_says_what_happens_where_it_gets_nothing() -> None:
    fields = [
        {"dest": "a", "source": path("x")},
        {"dest": "b", "source": path("y"), "on_error": "skip_field"},
        {"dest": "c", "source": path("z"), "on_error": "warn_action"},
        {"dest": "d", "source": path("there")},
    ]
    found = run(compile_mapping({"fields": fields}), {"there": 1}, around=AROUND)
    assert found.record == {"d": 1}
    assert found.failures == []
    assert found.notes == [
        "Left out: c: the event has no z.",
        "Left out, as the event had nothing that fits: a, b.",
    ]


def test_a_necessary_field_stops_everything() -> None:
    field = TargetField("to", "Email", "email")
    found = made(path("user.email", "email"), {"email": "Ann"}, on_error="fail_action", field=field)
    assert found.failures == ['Email: email is the text "Ann", which is no e-mail address.']
    assert found.notes == []


def test_many_that_were_left_out_are_named_in_part() -> None:
    fields = [{"dest": f"f{n}", "source": path("x")} for n in range(8)]
    (note,) = run(compile_mapping({"fields": fields}), {}, around={}).notes
    assert note.endswith("f0, f1, f2, f3, f4 and 3 more.")


@pytest.mark.parametrize(
    "schema",
    [
        {},
        {"fields": [{}]},
        {"fields": [{"dest": "a", "source": 5}]},
        {"fields": [{"dest": "a", "source": {"type": "path", "value": "a"}, "transforms": [{"type": "reverse"}]}]},
        {"fields": [{"dest": "a", "source": path("a"), "transforms": [{"type": "to_date", "timezone": "Nowhere"}]}]},
    ],
)
def test_a_mapping_of_another_version_stops_its_own_deliveries_only(schema: Any) -> None:
    compiled = compile_mapping(schema)
    assert compiled == Compiled(fault="The mapping of this connection cannot be read: save it again.")
    assert run(compiled, {}, around={}).failures == [compiled.fault]


def test_facts_that_are_not_as_they_should_be_count_as_unknown() -> None:
    facts = {
        "type": "colour",
        "required": "yes",
        "options": [5, {"value": 1}, {"value": "a"}, {"value": "b", "label": 5}],
    }
    assert TargetField.of("id", "", facts) == TargetField("id", "id", options=(("a", "a"), ("b", "b")))
    assert TargetField.of("id", "Id", {"options": "many", "identifier": True}).identifier


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)
_STEPS = st.lists(
    st.sampled_from(
        [
            *({"type": kind} for kind in ("to_string", "to_number", "to_boolean", "trim", "lower", "upper")),
            {"type": "to_date", "timezone": "Pacific/Apia"},
            {"type": "to_datetime", "timezone": "Europe/Berlin"},
            {"type": "substring", "start": 1},
            {"type": "default", "value": "9999-12-31"},
        ]
    ),
    max_size=5,
)


@settings(max_examples=150)
@given(payload=_JSON, steps=_STEPS, type=st.sampled_from(["", *TYPES]))
def test_no_payload_makes_it_raise_and_a_record_holds_single_values_only(payload: Any, steps: Any, type: str) -> None:
    field = TargetField("to", "To", type, options=OPTIONS)
    found = made(path("a", "a.0", "a.b"), {"a": payload}, *steps, field=field)
    assert all(one is None or isinstance(one, str | int | float) for one in found.record.values())
    assert bool(found.record) != bool(found.lines[0].problem)
