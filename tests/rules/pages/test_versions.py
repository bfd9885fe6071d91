"""The history of a rule: who said what when, what changed, and the way back."""

from __future__ import annotations

from typing import Any

import pytest

from rules import authoring
from rules.models import Rule, RuleVersion
from tests.calling import STRANGE_ID
from tests.portal import enter, visit, words
from tests.world import Vendor, make_rule
from workspaces.models import SessionType

RESOURCE: dict[str, Any] = {"session_type": SessionType.RESOURCE, "resource": "disk", "resource_id": "7"}


@pytest.fixture
def changed(acme: Vendor) -> Rule:
    return authoring.change(acme.rule, reworded={"event": "user.created"}, actor="cersei")


def path(rule: Rule, number: int = 0) -> str:
    """Its history, or the way back to that version."""
    version = RuleVersion.objects.get(rule_id=rule.id, number=number).id if number else ""
    return f"/workspace/rules/{rule.id}/versions" + (f"/{version}/revert" if version else "")


def test_it_tells_who_changed_what(acme: Vendor, changed: Rule) -> None:
    said = words(visit(acme, path(changed), role="viewer"))
    assert "Version 2" in said
    assert ", cersei" in said
    assert "Event alert.* user.created" in said
    assert "Bring this back" not in said


def test_the_old_words_become_the_next_version(acme: Vendor, changed: Rule) -> None:
    answer = enter(acme, role="member").post(path(changed, 1))
    assert answer.status_code == 204
    changed.refresh_from_db()
    assert changed.version is not None
    assert (changed.version.number, changed.version.event) == (3, "alert.*")


def test_a_viewer_brings_nothing_back(acme: Vendor, changed: Rule) -> None:
    assert enter(acme, role="viewer").post(path(changed, 1)).status_code == 403
    changed.refresh_from_db()
    assert changed.version is not None
    assert changed.version.number == 2


def test_what_can_no_longer_be_said_is_told(acme: Vendor) -> None:
    rule = make_rule(acme.connection, inputs={"note": "old"})
    rule = authoring.change(rule, reworded={"inputs": {}}, actor="cersei")
    first = rule.__class__.objects.get(id=rule.id)
    RuleVersion.objects.filter(rule_id=rule.id, number=1).update(inputs={"gone": "x"})
    answer = enter(acme).post(path(first, 1))
    assert answer.status_code == 422
    assert "Version 1 cannot be brought back" in words(answer)
    assert "is no input of" in words(answer)


def test_there_is_no_such_version(acme: Vendor) -> None:
    other = make_rule(acme.connection)
    for id in (other.version_id, STRANGE_ID):
        assert enter(acme).post(f"{path(acme.rule)}/{id}/revert").status_code == 404


def test_a_strangers_rule_has_no_history(acme: Vendor, globex: Vendor) -> None:
    for id in (acme.rule.id, STRANGE_ID):
        assert enter(globex).get(f"/workspace/rules/{id}/versions").status_code == 404
        assert enter(globex).post(f"/workspace/rules/{id}/versions/{acme.rule.version_id}/revert").status_code == 404


def test_a_session_of_one_resource_sees_what_was_said_about_it(acme: Vendor) -> None:
    """Else an old version would turn its rule to what it may not see."""
    rule = make_rule(acme.connection, "secret.plan", resource="disk", resource_id="8")
    rule = authoring.change(rule, reworded={"event": "a", "resource_id": "7"}, actor="cersei")
    portal = enter(acme, role="member", **RESOURCE)
    assert "secret.plan" not in words(portal.get(path(rule)))
    assert portal.post(path(rule, 1)).status_code == 404
