"""Publishable keys come and go."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.calling import Caller
from tests.world import Vendor
from workspaces.access import forget_keys
from workspaces.errors import ApiError
from workspaces.models import AuditEntry, PublishableKey
from workspaces.rotating import revoke, rotate


def key_of(vendor: Vendor) -> PublishableKey:
    found: PublishableKey = PublishableKey.objects.for_workspace(vendor.workspace.id).earliest("id")
    return found


def emits(key: PublishableKey) -> bool:
    forget_keys()
    caller = Caller({"X-Meshes-Publishable-Key": key.text})
    return caller.post("/events", {"event": "a.b", "payload": {}}).status_code == 201


def test_both_keys_work_while_they_overlap_and_then_the_new_one(acme: Vendor) -> None:
    old = key_of(acme)
    fresh = rotate(old, overlap=timedelta(hours=1), actor="ann")
    assert (emits(old), emits(fresh)) == (True, True)
    PublishableKey.objects.filter(id=old.id).update(expires_at=timezone.now())
    assert (emits(old), emits(fresh)) == (False, True)


def test_it_is_traced_without_the_key_itself(acme: Vendor) -> None:
    old = key_of(acme)
    fresh = rotate(old, overlap=timedelta(hours=1), actor="ann")
    entry = AuditEntry.objects.latest("id")
    assert (entry.verb, entry.actor, entry.subject) == ("key.rotated", "ann", str(old.id))
    assert (entry.detail["key_id"], entry.detail["into"]) == (old.key_id, fresh.key_id)
    assert old.text not in str(entry.detail)
    assert fresh.text not in str(entry.detail)


def test_a_key_is_rotated_once(acme: Vendor) -> None:
    old = key_of(acme)
    rotate(old, overlap=timedelta(hours=1), actor="ann")
    with pytest.raises(ApiError) as refused:
        rotate(old, overlap=timedelta(days=7), actor="bob")
    assert refused.value.status == 409
    assert PublishableKey.objects.for_workspace(acme.workspace.id).count() == 2


def test_a_revoked_key_ends_now_even_while_it_overlaps(acme: Vendor) -> None:
    old = key_of(acme)
    rotate(old, overlap=timedelta(days=7), actor="ann")
    revoke(old, actor="ann")
    assert not emits(old)
    assert AuditEntry.objects.latest("id").verb == "key.revoked"
    with pytest.raises(ApiError):
        revoke(old, actor="ann")
