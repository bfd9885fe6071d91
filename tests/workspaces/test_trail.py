"""The audit log in plain words."""

from __future__ import annotations

from typing import Any

import pytest

from tests.world import Vendor
from workspaces import audit
from workspaces.models import AuditEntry, Workspace
from workspaces.templatetags.portal import who
from workspaces.trail import trail


def note(workspace: Workspace, verb: str, **detail: Any) -> None:
    audit.record(workspace, actor="ann", verb=verb, **detail)


@pytest.mark.parametrize(
    ("verb", "detail", "words"),
    [
        ("connection.created", {"name": "Slack (Acme)"}, "connected Slack (Acme)"),
        ("rule.changed", {"name": "High alerts"}, "changed the rule High alerts"),
        ("rule.changed", {"name": ""}, "changed the rule (without a name)"),
        ("key.rotated", {"name": "Default", "key_id": "k1"}, "rotated the publishable key Default (k1)"),
        ("rule.changed", {"name": "100% %(sure)s"}, "changed the rule 100% %(sure)s"),
        ("moon.landed_on", {}, "moon landed on"),
    ],
)
def test_each_entry_is_a_sentence(acme: Vendor, verb: str, detail: dict[str, object], words: str) -> None:
    note(acme.staging, verb, **detail)
    (trace,) = trail(acme.staging.id).traces
    assert (trace.actor, trace.words) == ("ann", words)


def test_it_pages_through_all_of_it_newest_first(acme: Vendor) -> None:
    for number in range(5):
        note(acme.staging, "rule.created", name=str(number))
    first = trail(acme.staging.id, most=3)
    second = trail(acme.staging.id, before=first.older, most=3)
    assert [trace.words[-1] for trace in (*first.traces, *second.traces)] == ["4", "3", "2", "1", "0"]
    assert second.older is None


def test_it_shows_nothing_of_other_workspaces(acme: Vendor, globex: Vendor) -> None:
    AuditEntry.objects.all().delete()
    note(globex.workspace, "rule.created", name="secret")
    note(acme.workspace, "rule.created", name="secret")
    assert trail(acme.staging.id).traces == []


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("mk_AbCdEfGhIjKlMnOpQrStUv", "the back-end (key …StUv)"),
        ("pub_alJM43dnnyaO", "publishable key …nyaO"),
        ("sess_0190f5fe-7c00-7a00-8000-00000000dead", "somebody in the portal (session …dead)"),
        ("cersei@casterly.example", "cersei@casterly.example"),
    ],
)
def test_keys_and_sessions_are_named_by_what_they_are(name: str, said: str) -> None:
    assert who(name) == said
