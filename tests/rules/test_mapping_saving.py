"""Storing a mapping: versions count up, and of two writers who have read the same one, one is told."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections

from connections.models import Connection
from rules.mapping_saving import save
from rules.models import Mapping
from tests.rules.crm import Crm, crm, make_crm
from tests.world import make_workspace
from workspaces.errors import ApiError
from workspaces.models import Organization

__all__ = ["crm"]


def said(path: str) -> dict[str, Any]:
    return {"schema_version": 1, "fields": [{"dest": "email", "source": {"type": "path", "value": path}}]}


def at_once(connection: Connection, count: int, *, stem: str = "p", **more: Any) -> list[int]:
    """The status of each of so many writers."""

    def write(number: int) -> int:
        try:
            save(connection, schema=said(f"{stem}{number}"), actor="test", **more)
        except ApiError as error:
            return error.status
        finally:
            connections.close_all()
        return 200

    with ThreadPoolExecutor(count) as pool:
        return sorted(pool.map(write, range(count)))


@pytest.fixture
def account(transactional_db: None, crm: Crm) -> Connection:
    return make_crm(make_workspace(Organization.objects.create(name="Acme"), "Acme"))


def test_versions_count_up_however_many_write_at_once(account: Connection) -> None:
    assert at_once(account, 8) == [200] * 8
    assert sorted(Mapping.objects.values_list("number", flat=True)) == list(range(1, 9))


def test_of_those_who_have_read_the_same_version_one_writes(account: Connection) -> None:
    assert at_once(account, 6, expected=0) == [200] + [409] * 5
    assert at_once(account, 6, stem="q", expected=1) == [200] + [409] * 5
    assert Mapping.objects.count() == 2


def test_a_connection_that_has_just_gone_gets_no_mapping(account: Connection) -> None:
    Connection.objects.filter(id=account.id).delete()
    with pytest.raises(ApiError) as refused:
        save(account, schema=said("a"), actor="test")
    assert refused.value.status == 404
