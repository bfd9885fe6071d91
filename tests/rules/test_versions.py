"""What a rule has said over time, and the way back."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest

from rules import authoring, versions
from rules.authoring import Wording
from rules.models import Rule, RuleVersion
from rules.versions import NOTHING, Change, changes_between, revert, version_of, versions_of
from tests.world import ACTOR, Vendor, make_connection, make_rule
from workspaces.errors import ApiError
from workspaces.models import AuditEntry, Workspace

BASE = Wording(event="alert.*", action="send_message", inputs={"id": "C0123456789", "name": "alerts"})


def changed(before: Wording = BASE, provider: str = "slack", **after: Any) -> list[Change]:
    said = {part.name: getattr(before, part.name) for part in fields(before)}
    return changes_between(before, Wording(**{**said, **after}), provider=provider)


# --------------------------------------------------------------------------- what changed


def test_the_same_words_are_no_change() -> None:
    assert changed() == []


@pytest.mark.parametrize(
    ("after", "change"),
    [
        ({"event": "user.created"}, Change("Event", "alert.*", "user.created")),
        ({"resource": "disk"}, Change("Resource", NOTHING, "disk")),
        ({"resource_id": "d-1"}, Change("Resource ID", NOTHING, "d-1")),
        ({"min_severity": "high"}, Change("Severity", NOTHING, "high or worse")),
        ({"min_severity": "critical"}, Change("Severity", NOTHING, "critical")),
        (
            {"conditions": {"field": "value", "op": "gt", "value": 5}},
            Change("Conditions", NOTHING, "value is more than 5"),
        ),
        ({"conditions": {"odd": 1}}, Change("Conditions", NOTHING, "conditions that cannot be read")),
        ({"action": "gone"}, Change("Action", "Send a message", "gone")),
        (
            {"inputs": {"id": "C0123456789", "name": "ops"}},
            Change("Channel", "alerts (C0123456789)", "ops (C0123456789)"),
        ),
        (
            {"inputs": {"id": "C0987654321", "name": "alerts"}},
            Change("Channel", "alerts (C0123456789)", "alerts (C0987654321)"),
        ),
        ({"inputs": {**BASE.inputs, "template": "Hi"}}, Change("Text", NOTHING, "Hi")),
        ({"inputs": {"id": "C0123456789"}}, Change("Channel", "alerts (C0123456789)", "C0123456789")),
    ],
    ids=lambda value: value.label if isinstance(value, Change) else "",
)
def test_each_change_is_told_in_plain_words(after: dict[str, Any], change: Change) -> None:
    found = changed(**after)
    if "action" in after:  # another action calls its inputs otherwise
        found = [one for one in found if one.label == "Action"]
    assert found == [change]


def test_a_destination_that_is_no_longer_there_is_told_by_its_own_words() -> None:
    assert changed(provider="gone", action="other") == [Change("Action", "send_message", "other")]


def test_every_part_of_a_wording_can_be_told() -> None:
    """A part that a diff does not know of would change without a word."""
    assert {part.name for part in fields(Wording)} == {*versions._LABELS, "inputs"}


# --------------------------------------------------------------------------- the way back


@pytest.fixture
def rule(acme: Vendor) -> Rule:
    """Said ``alert.*``, then ``user.*`` from ``high`` on."""
    return authoring.change(acme.rule, reworded={"event": "user.*", "min_severity": "high"}, actor=ACTOR)


def test_versions_are_listed_newest_first(acme: Vendor, rule: Rule) -> None:
    make_rule(acme.connection)  # another rule's are none of its own
    assert [(version.number, version.event) for version in versions_of(rule)] == [(2, "user.*"), (1, "alert.*")]


def test_a_rule_says_again_what_it_said(rule: Rule) -> None:
    reverted = revert(rule, number=1, actor="ann")
    assert reverted.version is not None
    assert (reverted.version.number, reverted.version.created_by) == (3, "ann")
    first = RuleVersion.objects.get(rule_id=rule.id, number=1)
    assert Wording.of(reverted.version) == Wording.of(first)


def test_the_way_back_is_traced_and_moves_the_rule_set_on(acme: Vendor, rule: Rule) -> None:
    before = Workspace.objects.get(id=acme.workspace.id).ruleset_version
    revert(rule, number=1, actor="ann")
    entry = AuditEntry.objects.filter(subject=str(rule.id)).latest("id")
    assert (entry.verb, entry.actor, entry.detail) == (
        "rule.reverted",
        "ann",
        {"name": rule.name, "version": 3, "reverted_to": 1},
    )
    assert Workspace.objects.get(id=acme.workspace.id).ruleset_version == before + 1


@pytest.mark.parametrize("number", [0, -1, 3, 2**31, 10**30])
def test_a_version_that_never_was_is_404(rule: Rule, number: int) -> None:
    with pytest.raises(ApiError) as caught:
        revert(rule, number=number, actor=ACTOR)
    assert caught.value.status == 404
    assert RuleVersion.objects.filter(rule_id=rule.id).count() == 2


def test_a_version_of_another_rule_is_404(acme: Vendor, globex: Vendor) -> None:
    authoring.change(acme.rule, reworded={"event": "secret.*"}, actor=ACTOR)
    with pytest.raises(ApiError) as caught:
        version_of(globex.rule, number=2)
    assert caught.value.status == 404


def test_what_its_connection_cannot_do_any_more_is_refused_with_its_field(acme: Vendor, rule: Rule) -> None:
    webhook = make_connection(acme.workspace, "webhook")
    moved = authoring.change(rule, reworded={"action": "send_webhook"}, actor=ACTOR, connection=webhook)
    with pytest.raises(ApiError) as caught:
        revert(moved, number=1, actor=ACTOR)
    assert (caught.value.status, [param for param, _ in caught.value.faults]) == (400, ["metadata.action"])
