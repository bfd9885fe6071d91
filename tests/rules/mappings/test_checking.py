"""What may be saved as a mapping, and what is said of what may not."""

from __future__ import annotations

from typing import Any

import pytest

from rules.mappings import TargetField, canonical, check, emptied, warnings

EMAIL = {"dest": "email", "source": {"type": "path", "value": "user.email"}}


def schema(*fields: Any, **more: Any) -> dict[str, Any]:
    return {"schema_version": 1, "fields": list(fields), **more}


def field(**said: Any) -> dict[str, Any]:
    return schema({**EMAIL, **said})


def source(**said: Any) -> dict[str, Any]:
    return field(source=said)


def step(**said: Any) -> dict[str, Any]:
    return field(transforms=[said])


@pytest.mark.parametrize(
    "said",
    [
        schema(),
        schema(EMAIL),
        schema(*({**EMAIL, "dest": f"f{n}"} for n in range(250)), meta={"name": "n" * 64, "notes": "n" * 1024}),
        field(dest="d" * 128, notes="n" * 1024, on_error="fail_action"),
        source(type="path", value="p" * 128),
        source(type="path", value="_a.0.b-c", **{"or": ["x", "y.z"]}),
        *(source(type="literal", value=value) for value in ("t" * 256, 5, 1.5, True, None)),
        *(step(type=kind) for kind in ("to_string", "to_number", "to_boolean", "trim", "lower", "upper", "to_date")),
        step(type="to_datetime", timezone="Europe/Berlin"),
        *(step(type="default", value=value) for value in ("t" * 128, 0, False, None)),
        step(type="substring", start=0),
        step(type="substring", start=2, length=1),
        field(transforms=[{"type": "trim"}] * 10),
    ],
)
def test_a_good_mapping_has_no_fault(said: Any) -> None:
    assert check(said) == []


@pytest.mark.parametrize(
    ("said", "path", "words"),
    [
        (None, "schema", "must be an object such as"),
        ([], "schema", "must be an object such as"),
        ({}, "schema", "needs schema_version, fields."),
        ({"schema_version": 2, "fields": []}, "schema.schema_version", "must be 1, not 2."),
        ({"schema_version": 1, "fields": {}}, "schema.fields", "must be a list"),
        (schema(odd=1), "schema", 'cannot have "odd" here'),
        (schema(*({**EMAIL, "dest": f"f{n}"} for n in range(251))), "schema.fields", "251 of at most 250"),
        (schema("x"), "schema.fields[0]", "must be an object with dest and source"),
        (schema({}), "schema.fields[0]", "needs dest, source."),
        (field(dest=""), "schema.fields[0].dest", "1 to 128 characters"),
        (field(dest="d" * 129), "schema.fields[0].dest", "129 of at most 128"),
        (field(odd=1), "schema.fields[0]", "possible: dest, source, transforms, on_error, notes"),
        (field(on_error="explode"), "schema.fields[0].on_error", "one of skip_field, warn_action, fail_action"),
        (field(notes=""), "schema.fields[0].notes", "1 to 1024"),
        (field(source="email"), "schema.fields[0].source", "must be an object such as"),
        (source(), "schema.fields[0].source", "needs type."),
        (source(type="jsonpath", value="a"), "schema.fields[0].source.type", "one of path, literal"),
        (source(type="path"), "schema.fields[0].source", "needs value."),
        *(
            (source(type="path", value=path), "schema.fields[0].source.value", "must be a path into the event")
            for path in ("", ".a", "a.", "a..b", "1a", "a b", "lines.*.sku", "$.x", 5, None)
        ),
        (source(type="path", value="p" * 129), "schema.fields[0].source.value", "129 of at most 128"),
        (source(type="path", value="a", odd=1), "schema.fields[0].source", "possible: type, value, or"),
        (source(type="path", value="a", **{"or": ["a b"]}), "schema.fields[0].source.or[0]", "a path"),
        (source(type="path", value="a", **{"or": ["a"] * 6}), "schema.fields[0].source.or", "6 of at most 5"),
        (source(type="literal", value=""), "schema.fields[0].source.value", "1 to 256"),
        (source(type="literal", value="t" * 257), "schema.fields[0].source.value", "257 of at most 256"),
        (source(type="literal", value=[]), "schema.fields[0].source.value", "must be a number"),
        (field(transforms={}), "schema.fields[0].transforms", "must be a list of transforms"),
        (field(transforms=[{"type": "trim"}] * 11), "schema.fields[0].transforms", "11 of at most 10"),
        (step(type="reverse"), "schema.fields[0].transforms[0].type", "one of to_string"),
        (step(type="trim", value=1), "schema.fields[0].transforms[0]", "cannot have"),
        (step(type="default"), "schema.fields[0].transforms[0]", "needs value."),
        (step(type="default", value="t" * 129), "schema.fields[0].transforms[0].value", "129 of at most 128"),
        (step(type="substring"), "schema.fields[0].transforms[0]", "needs start."),
        (step(type="substring", start=-1), "schema.fields[0].transforms[0].start", "0 or more"),
        (step(type="substring", start=True), "schema.fields[0].transforms[0].start", "0 or more"),
        (step(type="substring", start=0, length=0), "schema.fields[0].transforms[0].length", "1 or more"),
        (step(type="to_date", timezone="Berlin"), "schema.fields[0].transforms[0].timezone", 'not "Berlin"'),
        (schema(EMAIL, EMAIL), "schema.fields[1].dest", "filled by fields[0] already"),
        (field(notes="a\0"), "schema.fields[0].notes", "cannot be stored"),
        (source(type="literal", value=float("inf")), "schema.fields[0].source.value", "infinity"),
    ],
)
def test_a_fault_names_its_place_and_the_mend(said: Any, path: str, words: str) -> None:
    problems = check(said)
    assert problems, said
    assert (problems[0].path, words in problems[0].message) == (path, True), problems


def test_all_faults_are_told_at_once_up_to_twenty() -> None:
    assert len(check(schema({**EMAIL, "dest": ""}, {**EMAIL, "on_error": "x"}, "y"))) == 3
    assert len(check(schema(*("x" for _ in range(300))))) == 20


@pytest.mark.parametrize(
    ("path", "value"),
    [("$.payload.email", "email"), ("payload.user.email", "user.email"), ("$.email", "email"), ("email", "email")],
)
def test_the_older_form_of_a_source_is_understood(path: str, value: str) -> None:
    said = canonical(schema({"dest": "email", "source": {"type": "path", "path": path}}))
    assert said == schema({"dest": "email", "source": {"type": "path", "value": value}})
    assert check(said) == []


@pytest.mark.parametrize(
    "said", [None, 5, {}, {"fields": 5}, {"fields": [5, {}, {"source": 5}, {"source": {"type": 1}}]}]
)
def test_what_is_no_mapping_is_left_for_the_check(said: Any) -> None:
    assert canonical(said) == said
    assert check(said)


# --------------------------------------------------------------------------- against the destination's own list

FIELDS = {
    "email": TargetField("email", "Email", "email", required=True, identifier=True),
    "score": TargetField("score", "Score", "number", read_only=True),
    "stage": TargetField("stage", "Stage", "select", options=(("lead", "Lead"),)),
    "name": TargetField("name", "Name", required=True),
}


def test_what_will_not_work_is_a_warning() -> None:
    said = schema(
        {"dest": "gone", "source": {"type": "path", "value": "a"}},
        {"dest": "score", "source": {"type": "path", "value": "a"}},
        {"dest": "stage", "source": {"type": "literal", "value": "hot"}},
    )
    found = [(one.path, one.message) for one in warnings(said, FIELDS)]
    assert [path for path, _ in found] == [
        "schema.fields[0].dest",
        "schema.fields[1].dest",
        "schema.fields[2].dest",
        "schema.fields",
        "schema.fields",
    ]
    for (_, message), words in zip(
        found, ("no field", "read-only", "none of its options: Lead", "record is found", "requires"), strict=True
    ):
        assert words in message


def test_nothing_is_said_of_a_mapping_that_fits_or_where_no_field_is_known() -> None:
    name = {"dest": "name", "source": {"type": "path", "value": "name"}}
    stage = {"dest": "stage", "source": {"type": "literal", "value": "Lead"}}
    assert warnings(schema(EMAIL, name, stage), FIELDS) == []
    assert warnings(schema(), {}) == []


def test_what_a_record_cannot_do_without_cannot_be_emptied() -> None:
    said = schema(
        *({"dest": dest, "source": {"type": "literal", "value": None}} for dest in ("stage", "name", "email"))
    )
    assert [(one.path, one.message) for one in emptied(said, FIELDS)] == [
        ("schema.fields[1].source.value", "Name cannot be emptied: the destination requires it."),
        ("schema.fields[2].source.value", "Email cannot be emptied: a record is found by it."),
    ]


def test_what_another_text_stands_in_for_is_not_emptied() -> None:
    name = {"dest": "name", "source": {"type": "literal", "value": None}}
    instead: dict[str, Any] = {"type": "default", "value": "Nobody"}
    assert emptied(schema({**name, "transforms": [{"type": "trim"}, instead]}), FIELDS) == []
    assert emptied(schema({**name, "transforms": [{**instead, "value": None}]}), FIELDS) != []
    assert emptied(schema(name), {}) == []
