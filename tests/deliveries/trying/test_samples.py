"""Events to try a rule on."""

from __future__ import annotations

import json
from typing import Any

import pytest

from deliveries.models import TEST
from deliveries.trying import samples
from deliveries.trying.samples import SAMPLES_MOST, Sample
from rules.models import EventType
from rules.patterns import LONGEST, matches
from rules.severity import Severity
from tests.world import ACTOR, Vendor, make_event, make_workspace
from workspaces.models import Workspace


@pytest.fixture
def workspace(acme: Vendor) -> Workspace:
    """One in which nothing has happened yet."""
    return make_workspace(acme.organization, "Quiet")


def declare(workspace: Workspace, key: str, **fields: Any) -> EventType:
    place = {"organization_id": workspace.organization_id, "workspace": workspace, "created_by": ACTOR}
    return EventType.objects.create(key=key, **{**place, **fields})


def values_of(found: list[Sample]) -> list[int]:
    return [sample.values["value"] for sample in found]


def test_the_latest_come_first_and_only_those_that_are_wanted(workspace: Workspace) -> None:
    for value, event in enumerate(("alert.a", "user.b", "alert.c", "alert")):
        make_event(workspace, event, json.dumps({"value": value}))
    assert values_of(samples.latest(workspace=workspace, pattern="alert.*")) == [2, 0]
    assert values_of(samples.latest(workspace=workspace, pattern="user.b")) == [1]
    assert values_of(samples.latest(workspace=workspace, pattern="*", most=2)) == [3, 2]


def test_never_more_than_fifty_are_read(workspace: Workspace) -> None:
    for value in range(SAMPLES_MOST + 2):
        make_event(workspace, payload=json.dumps({"value": value}))
    assert len(samples.latest(workspace=workspace, pattern="*", most=1_000)) == SAMPLES_MOST


def test_only_so_many_events_are_looked_at(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    make_event(workspace, "rare", '{"value":0}')
    for _ in range(3):
        make_event(workspace, "usual", '{"value":1}')
    assert samples.latest(workspace=workspace, pattern="rare")
    monkeypatch.setattr(samples, "LOOKED_AT_MOST", 3)
    assert samples.latest(workspace=workspace, pattern="rare") == []


def test_what_happened_elsewhere_is_no_sample(acme: Vendor, globex: Vendor) -> None:
    make_event(acme.staging, payload='{"value":7}')
    found = samples.latest(workspace=acme.workspace, pattern="*")
    assert [sample.id for sample in found] == [acme.event.id]


def test_tests_are_no_samples(workspace: Workspace) -> None:
    make_event(workspace, payload='{"value":1}', kind=TEST)
    assert samples.latest(workspace=workspace, pattern="*") == []


def test_a_sample_is_the_event_as_it_was_received(workspace: Workspace) -> None:
    row = make_event(workspace, payload='{"severity":"sev1","n":1e-7}', resource="disk", resource_id="d-1")
    found = samples.one(workspace=workspace, pattern="alert.triggered")
    assert (found.id, found.type, found.payload) == (row.id, row.event, row.payload)
    assert (found.severity, found.resource, found.resource_id) == (Severity.CRITICAL, "disk", "d-1")


def test_the_severity_is_where_the_event_type_has_it(workspace: Workspace) -> None:
    declare(workspace, "alert.triggered", severity_path="alert.level")
    make_event(workspace, payload='{"severity":"low","alert":{"level":"high"}}')
    assert samples.one(workspace=workspace, pattern="*").severity is Severity.HIGH
    typed = samples.of(workspace=workspace, event="alert.triggered", payload='{"alert":{"level":"p3"}}')
    assert (typed.severity, typed.resource, typed.id) == (Severity.MEDIUM, "global", None)


# --------------------------------------------------------------------------- made up


@pytest.mark.parametrize(
    "pattern",
    ["*", "alert.*", "*.created", "a*b*c", "user.created", "x" * (LONGEST - 1) + "*", "*" + "x" * (LONGEST - 2) + "*"],
    ids=lambda pattern: pattern[:12],
)
def test_what_is_made_up_is_wanted(workspace: Workspace, pattern: str) -> None:
    found = samples.one(workspace=workspace, pattern=pattern)
    assert found.id is None
    assert matches(pattern, found.type)
    assert len(found.type) <= LONGEST
    assert found.severity is Severity.HIGH


def test_the_catalogue_names_it_and_declared_types_come_first(workspace: Workspace) -> None:
    declare(workspace, "alert.a", label="seen only", seen=True)
    declare(workspace, "alert.b", label="An alert was triggered")
    found = samples.one(workspace=workspace, pattern="alert.*")
    assert found.type == "alert.b"
    assert found.values["message"] == "An alert was triggered: this is an example."


def test_the_catalogue_of_others_does_not(workspace: Workspace, globex: Vendor) -> None:
    declare(globex.workspace, "alert.secret", label="secret")
    assert samples.one(workspace=workspace, pattern="alert.*").type == "alert.example"


@pytest.mark.parametrize("path", ["severity", "alert.level", "payload.severity", "value.level", "a.b.c.d"])
def test_a_made_up_event_has_its_severity_in_its_place(workspace: Workspace, path: str) -> None:
    declare(workspace, "alert.a", severity_path=path)
    assert samples.one(workspace=workspace, pattern="alert.a").severity is Severity.HIGH
