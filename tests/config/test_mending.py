"""Nobody has to know a validation library to mend a field."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, ValidationError

from config.mending import mend
from tests.calling import fault
from tests.world import Vendor


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Inner(BaseModel):
    a: int = 0


class Asked(BaseModel):
    model_config = ConfigDict(extra="forbid")
    text: Annotated[str, Field(min_length=1, max_length=3, pattern="^[a-z]*$")] = "a"
    yes: StrictBool = True
    maybe: bool = True
    whole: StrictInt = 1
    number: Annotated[int, Field(ge=1, le=200)] = 1
    real: float = 1.0
    many: Annotated[list[int], Field(max_length=1)] = []
    members: dict[str, Any] = {}
    inner: Inner = Inner()
    id: UUID = UUID(int=0)
    colour: Colour = Colour.RED
    word: Literal["a", "b"] = "a"
    at: datetime = datetime.min


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("text", 5, "must be a text."),
        ("text", "", "must have at least 1 character."),
        ("text", "abcd", "must be at most 3 characters long."),
        ("text", "A", "holds characters that are not possible here."),
        ("yes", "true", "must be true or false."),
        ("maybe", "perhaps", "must be true or false."),
        ("whole", "5", "must be a whole number."),
        ("number", "many", "must be a whole number."),
        ("number", 1.5, "must be a whole number."),
        ("number", 0, "must be at least 1."),
        ("number", 201, "must be at most 200."),
        ("real", "x", "must be a number."),
        ("many", {}, "must be a list."),
        ("many", [1, 2], "may have at most 1 entries; this one has 2."),
        ("members", [], "must be an object."),
        ("inner", 5, "must be an object."),
        ("id", "mine", "must be an id, such as 0190f5fe-7c00-7a00-8000-000000000001."),
        ("id", 5, "must be an id, such as 0190f5fe-7c00-7a00-8000-000000000001."),
        ("colour", "green", "must be one of red, blue."),
        ("word", "c", "must be one of a, b."),
        ("at", "soon", "must be a moment such as 2026-12-24T08:00:00Z."),
        ("colur", "red", "is not a field here: check its spelling."),
    ],
)
def test_a_fault_says_what_the_field_must_be(field: str, value: object, words: str) -> None:
    with pytest.raises(ValidationError) as wrong:
        Asked.model_validate({field: value})
    assert mend(dict(wrong.value.errors()[0])) == words


def test_a_kind_that_nobody_foresaw_points_at_the_description() -> None:
    assert "openapi.json" in mend({"type": "is_instance_of", "msg": "Input should be an instance of X"})


def test_what_is_left_out_is_said_to_be_missing(acme: Vendor) -> None:
    detail = fault(acme.machine.post("/workspaces", {}), 400)
    assert detail["data"] == [{"param": "name", "msg": "is missing."}]


def test_a_limit_that_is_too_large_is_told_the_largest(acme: Vendor) -> None:
    detail = fault(acme.machine.get("/events", limit=500), 400)
    assert detail["data"] == [{"param": "limit", "msg": "must be at most 200."}]
