"""Mute, quiet hours and digest over the API: shown as they were said, checked, traced, and no version of the rule."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from connections.registry import provider
from rules.models import Rule
from tests.calling import fault, params, read
from tests.rules.test_api import body, create, ruleset
from tests.world import Vendor
from workspaces.models import AuditEntry

MUTED = "2030-12-24T08:00:00.000Z"
HOURS = {"days": [0, 1, 2, 3, 4], "start": "22:00", "end": "07:00", "time_zone": "Europe/Berlin"}
DIGEST = {"most": 5, "minutes": 10}
ALL = {"muted_until": MUTED, "quiet_hours": HOURS, "digest": DIGEST}
NONE = dict.fromkeys(ALL)


def shown(rule: dict[str, Any]) -> dict[str, Any]:
    return {name: rule[name] for name in ALL}


def change(vendor: Vendor, **said: Any) -> dict[str, Any]:
    return dict(read(vendor.machine.patch(f"/rules/{vendor.rule.id}", said)))


def details(rule_id: object) -> list[dict[str, Any]]:
    return list(AuditEntry.objects.filter(subject=str(rule_id)).order_by("id").values_list("detail", flat=True))


def test_a_rule_has_none_unless_it_is_told(acme: Vendor) -> None:
    assert shown(create(acme)) == NONE


def test_they_are_shown_as_they_were_said(acme: Vendor) -> None:
    made = create(acme, **ALL)
    assert shown(made) == ALL
    assert shown(read(acme.machine.get(f"/rules/{made['id']}"))) == ALL
    assert shown(read(acme.machine.get("/rules"))["records"][0]) == ALL


def test_a_change_of_one_leaves_the_others_and_null_takes_it_away(acme: Vendor) -> None:
    change(acme, **ALL)
    assert shown(change(acme, name="Louder", digest=None)) == {**ALL, "digest": None}
    assert shown(change(acme, **NONE)) == NONE


def test_a_change_moves_the_rule_set_on_and_is_no_new_version(acme: Vendor) -> None:
    before = ruleset(acme)
    assert change(acme, muted_until=MUTED)["version"] == 1
    assert ruleset(acme) == before + 1


def test_the_audit_tells_what_they_were_and_became(acme: Vendor) -> None:
    made = create(acme, digest=DIGEST)
    read(acme.machine.patch(f"/rules/{made['id']}", {"digest": None, "muted_until": MUTED}))
    read(acme.machine.patch(f"/rules/{made['id']}", {"name": "Other", "muted_until": MUTED}))
    moment = "2030-12-24T08:00:00+00:00"
    assert details(made["id"]) == [
        {"name": "", "version": 1, "digest": DIGEST},
        {"name": "", "version": 1, "digest": {"from": DIGEST, "to": None}, "muted_until": {"from": None, "to": moment}},
        {"name": "Other", "version": 1},
    ]


@pytest.mark.parametrize(
    ("said", "fields"),
    [
        ({"muted_until": "soon"}, ["muted_until"]),
        ({"muted_until": 5}, ["muted_until"]),
        ({"quiet_hours": {**HOURS, "time_zone": "Berlin"}}, ["quiet_hours.time_zone"]),
        ({"quiet_hours": "night"}, ["quiet_hours"]),
        ({"digest": {"most": 5}}, ["digest.minutes"]),
        ({"digest": 5, "muted_until": "soon", "event": "**"}, ["event", "muted_until", "digest"]),
    ],
    ids=repr,
)
def test_faults_name_the_field_and_change_nothing(acme: Vendor, said: dict[str, Any], fields: list[str]) -> None:
    change(acme, **ALL)
    for refused in (
        acme.machine.patch(f"/rules/{acme.rule.id}", said),
        acme.machine.post("/rules", body(acme, **said)),
    ):
        assert sorted(params(refused, 400)) == sorted(fields)
    assert shown(read(acme.machine.get(f"/rules/{acme.rule.id}"))) == ALL


def test_a_stranger_cannot_mute(acme: Vendor, globex: Vendor) -> None:
    assert globex.machine.patch(f"/rules/{acme.rule.id}", {"muted_until": MUTED}).status_code == 404
    assert Rule.objects.get(id=acme.rule.id).muted_until is None


def test_a_digest_is_refused_where_each_event_has_to_arrive_by_itself(
    acme: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = provider("capture")
    monkeypatch.setattr(type(kind), "actions", tuple(replace(action, digest=False) for action in kind.actions))
    refused = acme.machine.patch(f"/rules/{acme.rule.id}", {"digest": DIGEST})
    assert params(refused, 400) == ["digest"]
    assert "each event by itself" in fault(refused, 400)["message"]
    assert shown(change(acme, quiet_hours=HOURS))["quiet_hours"] == HOURS
