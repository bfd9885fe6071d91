from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections

from connections import settling
from connections.models import Connection
from rules import authoring
from rules.authoring import Wording
from rules.models import Rule, RuleVersion
from tests.world import ACTOR, Vendor, make_connection, make_rule, make_vendor
from workspaces.errors import ApiError
from workspaces.models import AuditEntry, Workspace

WORDING = Wording(event="alert.*", action="record")


def create(connection: Connection, wording: Wording = WORDING) -> Rule:
    return authoring.create(connection=connection, wording=wording, name="", active=True, hidden=False, actor=ACTOR)


def ruleset(vendor: Vendor) -> int:
    return Workspace.objects.get(id=vendor.workspace.id).ruleset_version


def refusal(act: Callable[[], Any]) -> ApiError:
    with pytest.raises(ApiError) as caught:
        act()
    return caught.value


def test_a_rule_is_saved_together_with_what_it_says(acme: Vendor) -> None:
    rule = create(acme.connection)
    assert rule.version is not None
    assert Wording.of(rule.version) == WORDING
    assert (rule.organization_id, rule.workspace_id) == (acme.organization.id, acme.workspace.id)
    assert rule.key != rule.id


def test_a_version_is_never_changed(acme: Vendor) -> None:
    """Deliveries point at it: what happened under it must stay explainable."""
    first = acme.rule.version
    assert first is not None
    before = RuleVersion.objects.filter(id=first.id).values().get()
    for event in ("a", "b", "a"):
        authoring.change(acme.rule, reworded={"event": event}, actor=ACTOR)
    assert RuleVersion.objects.filter(id=first.id).values().get() == before
    numbers = RuleVersion.objects.filter(rule_id=acme.rule.id).order_by("number").values_list("number", flat=True)
    assert list(numbers) == [1, 2, 3, 4]


def test_the_versions_of_a_deleted_rule_stay(acme: Vendor) -> None:
    authoring.remove(acme.rule, actor=ACTOR)
    assert RuleVersion.objects.filter(rule_id=acme.rule.id).count() == 1


def test_a_change_builds_on_what_stands_and_not_on_what_was_read(acme: Vendor) -> None:
    """Two people open one rule; the second save must not take the first one's change back."""
    mine, theirs = Rule.objects.get(id=acme.rule.id), Rule.objects.get(id=acme.rule.id)
    authoring.change(theirs, reworded={"min_severity": "high"}, actor=ACTOR, active=False)
    changed = authoring.change(mine, reworded={"event": "user.created"}, actor=ACTOR)
    assert changed.version is not None
    assert (changed.version.event, changed.version.min_severity, changed.active) == ("user.created", "high", False)


def test_every_change_is_traced_with_its_version(acme: Vendor) -> None:
    rule = create(acme.connection)
    authoring.change(rule, reworded={"event": "b"}, actor=ACTOR)
    authoring.remove(rule, actor=ACTOR)
    entries = AuditEntry.objects.filter(subject=str(rule.id)).order_by("id").values_list("verb", "detail", "actor")
    assert list(entries) == [
        ("rule.created", {"name": "", "version": 1}, ACTOR),
        ("rule.changed", {"name": "", "version": 2}, ACTOR),
        ("rule.deleted", {"name": "", "version": 2}, ACTOR),
    ]


def test_a_refused_rule_moves_nothing(acme: Vendor) -> None:
    before = ruleset(acme)
    error = refusal(lambda: create(acme.connection, Wording(event="", action="record", min_severity="x")))
    assert (error.status, [param for param, _ in error.faults]) == (400, ["event", "min_severity"])
    assert (ruleset(acme), Rule.objects.count()) == (before, 1)


def test_what_was_deleted_meanwhile_is_404(acme: Vendor) -> None:
    lost, orphan = make_rule(acme.connection), make_connection(acme.workspace)
    Rule.objects.filter(id=lost.id).delete()
    Connection.objects.filter(id=orphan.id).delete()
    before = ruleset(acme)
    for act in (
        lambda: authoring.change(lost, reworded={"event": "b"}, actor=ACTOR),
        lambda: authoring.remove(lost, actor=ACTOR),
        lambda: create(orphan),
    ):
        assert refusal(act).status == 404
    assert ruleset(acme) == before


# --------------------------------------------------------------------------- at once


def in_parallel(acts: list[Callable[[], Any]]) -> list[int]:
    def run(act: Callable[[], Any]) -> int:
        try:
            act()
        except ApiError as error:
            return error.status
        finally:
            connections.close_all()
        return 200

    with ThreadPoolExecutor(len(acts)) as pool:
        return sorted(pool.map(run, acts))


def test_versions_count_up_however_many_write_at_once(transactional_db: None) -> None:
    vendor = make_vendor("Acme")
    before = ruleset(vendor)

    def act(number: int) -> Callable[[], Any]:
        return lambda: authoring.change(vendor.rule, reworded={"event": f"event.{number}"}, actor=ACTOR)

    assert in_parallel([act(number) for number in range(12)]) == [200] * 12
    numbers = RuleVersion.objects.filter(rule_id=vendor.rule.id).order_by("number").values_list("number", flat=True)
    assert list(numbers) == list(range(1, 14))
    current = Rule.objects.select_related("version").get(id=vendor.rule.id).version
    assert current is not None
    assert current.number == 13
    assert ruleset(vendor) == before + 12


def test_all_changes_at_once_neither_lock_each_other_out_nor_leave_anything_half(transactional_db: None) -> None:
    """A connection goes while rules on it are made, changed and deleted: each is done whole, or told 404 or 409."""
    vendor = make_vendor("Acme")
    rules = [make_rule(vendor.connection) for _ in range(3)]
    acts: list[Callable[[], Any]] = [lambda: create(vendor.connection) for _ in range(3)]
    acts += [lambda rule=rule: authoring.remove(rule, actor=ACTOR) for rule in rules]  # type: ignore[misc]
    acts += [lambda: authoring.change(vendor.rule, reworded={"event": "b"}, actor=ACTOR) for _ in range(3)]
    acts += [lambda: settling.unplug(vendor.connection, forced=True, actor=ACTOR) for _ in range(2)]
    assert set(in_parallel(acts)) <= {200, 404}
    assert not Connection.objects.filter(id=vendor.connection.id).exists()
    assert not Rule.objects.filter(connection_id=vendor.connection.id).exists()


def test_a_rule_whose_words_have_become_wrong_can_still_be_switched_off(acme: Vendor) -> None:
    rule = create(acme.connection)
    RuleVersion.objects.filter(rule_id=rule.id).update(action="gone")
    assert not authoring.change(rule, reworded={}, actor=ACTOR, active=False).active
    assert refusal(lambda: authoring.change(rule, reworded={"event": "other"}, actor=ACTOR)).status == 400
