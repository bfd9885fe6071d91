"""A workspace's rules are compiled once for each version of the set."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from rules import authoring, rulesets
from rules.models import EventType, Rule, RuleVersion
from rules.rulesets import load
from tests.world import make_connection, make_rule, make_workspace
from workspaces.ids import uuid7
from workspaces.models import Organization, Workspace

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nothing_is_known() -> None:
    rulesets._cache.clear()


@pytest.fixture
def workspace() -> Workspace:
    return make_workspace(Organization.objects.create(name="Acme"), "Acme")


def now(workspace: Workspace) -> dict[UUID, int]:
    return dict(Workspace.objects.filter(id=workspace.id).values_list("id", "ruleset_version"))


def names(workspace: Workspace, event: str = "alert.triggered") -> list[str]:
    return [rule.name for rule in load(now(workspace))[workspace.id].considered(event)]


def test_a_set_has_every_rule_of_its_workspace_and_no_other(workspace: Workspace) -> None:
    other = make_workspace(Organization.objects.create(name="Globex"), "Globex")
    make_rule(make_connection(other), "*", name="theirs")
    connection = make_connection(workspace)
    make_rule(connection, "alert.*", name="one")
    make_rule(connection, "alert.triggered", name="two")
    assert names(workspace) == ["one", "two"]


def test_a_set_is_read_once_for_each_version(workspace: Workspace, django_assert_num_queries: Any) -> None:
    make_rule(make_connection(workspace), "*", name="one")
    versions = now(workspace)
    first = load(versions)
    with django_assert_num_queries(0):
        assert load(versions) == first


def test_a_change_of_the_rules_is_seen_at_once(workspace: Workspace) -> None:
    rule = make_rule(make_connection(workspace), "*", name="one")
    assert names(workspace) == ["one"]
    authoring.remove(rule, actor="test")
    assert names(workspace) == []


def test_many_workspaces_are_read_with_a_few_questions(django_assert_max_num_queries: Any) -> None:
    owner = Organization.objects.create(name="Acme")
    made = [make_workspace(owner, f"W{n}") for n in range(20)]
    with django_assert_max_num_queries(2):
        assert set(load({w.id: 1 for w in made})) == {w.id for w in made}


def test_a_workspace_without_rules_has_an_empty_set() -> None:
    id = uuid7()
    assert load({id: 1})[id].considered("anything") == []


def test_the_severity_path_comes_from_the_event_type(workspace: Workspace) -> None:
    EventType.objects.create(
        organization_id=workspace.organization_id,
        workspace=workspace,
        key="alert",
        label="Alert",
        severity_path="level",
        created_by="test",
    )
    found = load(now(workspace))[workspace.id]
    assert (found.severity_path("alert"), found.severity_path("other")) == ("level", "severity")


def test_a_rule_without_a_version_does_not_stop_its_workspace(workspace: Workspace) -> None:
    connection = make_connection(workspace)
    broken = make_rule(connection, "*", name="broken")
    make_rule(connection, "*", name="fine")
    Rule.objects.filter(id=broken.id).update(version=None)
    assert names(workspace) == ["fine"]


def test_conditions_that_nobody_can_read_any_more_say_no_and_stop_nobody(workspace: Workspace) -> None:
    rule = make_rule(make_connection(workspace), "*", name="odd")
    RuleVersion.objects.filter(rule_id=rule.id).update(conditions={"field": "a", "op": "telepathy"})
    (found,) = load(now(workspace))[workspace.id].considered("alert")
    assert found.conditions.fault


def test_the_sets_that_were_used_last_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rulesets, "_KEPT", 2)
    one, two, three = uuid7(), uuid7(), uuid7()
    load({one: 1})
    load({two: 1})
    load({one: 1})  # used again
    load({three: 1})
    assert set(rulesets._cache) == {one, three}


def test_a_batch_of_more_sets_than_are_kept_gets_all_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rulesets, "_KEPT", 2)
    wanted = {uuid7(): 1 for _ in range(5)}
    assert set(load(wanted)) == set(wanted)
    assert len(rulesets._cache) == 2
