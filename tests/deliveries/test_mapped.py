"""A record on its way: made by the mapping in force, explained on the attempt, held back without what is needed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from connections import http
from connections.models import DirectoryEntry
from connections.provider import Answer, Request
from deliveries import preparing
from deliveries.draining import drain
from deliveries.fanout import decide_batch
from deliveries.models import Attempt, Event
from deliveries.trying import samples
from deliveries.trying.preview import preview
from rules.mapping_saving import save
from rules.models import Mapping
from tests.deliveries.making import Tenant, claim_all, make_backlog, make_tenant, pass_time
from tests.rules.crm import Crm, crm, make_crm, make_crm_rule
from tests.world import make_workspace
from workspaces.models import Organization

__all__ = ["crm"]
pytestmark = pytest.mark.django_db
PAYLOAD = '{"user":{"email":"ann@acme.example"},"first_name":"Ann","size":"12","plan":"Customer"}'


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The records that arrived."""
    found: list[Any] = []

    def take(request: Request, **_: Any) -> Answer:
        found.append(json.loads(request.body))
        return Answer(200)

    monkeypatch.setattr(http, "send", take)
    return found


@pytest.fixture
def tenant(crm: Crm) -> Tenant:
    return make_crm_tenant()


def make_crm_tenant(name: str = "Acme") -> Tenant:
    workspace = make_workspace(Organization.objects.create(name=name), name, tenant=name)
    connection = make_crm(workspace)
    return Tenant(workspace, connection, make_crm_rule(connection))


def store(tenant: Tenant, *fields: tuple[str, str], **said: Any) -> Mapping:
    rows = [{"dest": dest, "source": {"type": "path", "value": path}, **said} for dest, path in fields]
    return save(tenant.connection, schema={"schema_version": 1, "fields": rows}, actor="test")


def attempt(tenant: Tenant, payload: str = PAYLOAD) -> Attempt:
    event = tenant.emit(payload)
    decide_batch()
    drain()
    return Attempt.objects.filter(delivery_id=tenant.delivery(event).id).latest("number")


def test_the_generated_mapping_makes_the_record_until_one_is_stored(tenant: Tenant, sent: list[Any]) -> None:
    found = attempt(tenant)
    assert sent == [{"email": "ann@acme.example", "firstname": "Ann"}]
    assert (found.code, found.notes) == (
        "delivered",
        ["The record was made by the mapping that comes with the connection."],
    )


def test_a_stored_mapping_is_in_force_at_once_and_the_attempt_names_its_version(
    tenant: Tenant, sent: list[Any]
) -> None:
    store(tenant, ("email", "user.email"))
    attempt(tenant)
    store(tenant, ("email", "user.email"), ("employees", "size"), ("stage", "plan"), ("score", "size"))
    found = attempt(tenant)
    assert sent[0] == {"email": "ann@acme.example"}
    assert sent[1] == {"email": "ann@acme.example", "employees": 12, "stage": "won"}
    assert found.notes == [
        "Left out, as the event had nothing that fits: Score.",
        "The record was made by version 2 of the mapping.",
    ]


def test_what_is_around_the_payload_can_be_mapped(tenant: Tenant, sent: list[Any]) -> None:
    store(tenant, ("firstname", "event.type"), ("nickname", "workspace.tenant"), ("city", "severity"))
    attempt(tenant, '{"severity":"warning"}')
    assert sent == [{"firstname": "alert.triggered", "nickname": "Acme", "city": "warning"}]


def test_without_what_is_needed_nothing_is_sent_and_it_says_why(tenant: Tenant, sent: list[Any]) -> None:
    store(tenant, ("email", "user.email"), on_error="fail_action")
    found = attempt(tenant, '{"user":{"email":"Ann"}}')
    assert sent == []
    assert (found.code, found.culprit) == ("mapping_error", "rule")
    assert 'Email: user.email is the text "Ann", which is no e-mail address.' in found.reason
    assert "mapping" in found.fix
    assert found.notes == ["The record was made by version 1 of the mapping."]
    event = Event.objects.get()
    assert (tenant.delivery(event).state, tenant.delivery(event).due_at) == ("failed", None)


def test_a_retry_is_made_by_the_mapping_of_its_moment(tenant: Tenant, sent: list[Any]) -> None:
    """So that a failure can be mended and sent again."""
    from deliveries import recovery

    store(tenant, ("email", "mail"), on_error="fail_action")
    assert attempt(tenant).code == "mapping_error"
    store(tenant, ("email", "user.email"), on_error="fail_action")
    recovery.retry(tenant.delivery(Event.objects.get()), actor="test")
    pass_time(1)
    drain()
    assert sent == [{"email": "ann@acme.example"}]


def test_a_mapping_that_cannot_be_read_stops_its_own_connection_only(crm: Crm, sent: list[Any]) -> None:
    broken, whole = make_crm_tenant("Broken"), make_crm_tenant("Whole")
    store(broken, ("email", "user.email"))
    Mapping.objects.update(schema={"fields": 5})
    assert "save it again" in attempt(broken).reason
    assert attempt(whole).code == "delivered"


def test_a_field_is_filled_as_the_account_has_it_today(tenant: Tenant, sent: list[Any]) -> None:
    store(tenant, ("stage", "plan"), on_error="warn_action")
    options = [{"value": "vip", "label": "Very important"}]
    attempt(tenant, '{"plan":"very important"}')
    DirectoryEntry.objects.filter(external_id="stage").update(facts={"type": "select", "options": options})
    attempt(tenant, '{"plan":"very important"}')
    assert sent == [{}, {"stage": "vip"}]


def test_one_tenants_mapping_and_fields_are_not_anothers(crm: Crm, sent: list[Any]) -> None:
    acme, globex = make_crm_tenant("Acme"), make_crm_tenant("Globex")
    store(acme, ("stage", "plan"))
    DirectoryEntry.objects.filter(connection=acme.connection).update(facts={"type": "text"})
    store(globex, ("stage", "plan"))
    attempt(acme)
    attempt(globex)
    assert sent == [{"stage": "Customer"}, {"stage": "won"}]


# --------------------------------------------------------------------------- what it costs


def test_a_batch_of_records_asks_three_statements_more_and_two_when_it_knows_them(
    crm: Crm, django_assert_num_queries: Any
) -> None:
    for n in range(6):
        tenant = make_crm_tenant(f"T{n}")
        store(tenant, ("email", "user.email"))
        make_backlog(tenant, 3)
    claims = claim_all()
    with django_assert_num_queries(4 + 3):
        assert len(preparing.prepare(claims)) == 18
    with django_assert_num_queries(3 + 2):
        preparing.prepare(claims)


def test_where_no_record_is_written_nothing_is_asked(crm: Crm, django_assert_num_queries: Any) -> None:
    tenant = make_crm_tenant()
    lists = Tenant(tenant.workspace, tenant.connection, make_crm_rule(tenant.connection, "add_to_list", id="1"))
    for one in (lists, make_tenant("Other")):
        make_backlog(one, 2)
    claims = claim_all()
    with django_assert_num_queries(4):
        prepared = preparing.prepare(claims)
    assert [one.mapping for one in prepared] == [None] * 4


# --------------------------------------------------------------------------- before it is sent


def test_the_preview_of_a_rule_shows_the_record(tenant: Tenant, sent: list[Any]) -> None:
    store(tenant, ("email", "user.email"), on_error="fail_action")
    wanted: dict[str, Any] = {
        "workspace": tenant.workspace,
        "connection": tenant.connection,
        "action": "save_contact",
        "inputs": {},
    }
    good = preview(**wanted, sample=samples.of(workspace=tenant.workspace, event="a", payload=PAYLOAD))
    assert good.request is not None
    assert json.loads(good.request["body"]) == {"email": "ann@acme.example"}
    bad = preview(**wanted, sample=samples.of(workspace=tenant.workspace, event="a", payload="{}"))
    assert "the event has no user.email" in bad.reason
    assert sent == []
