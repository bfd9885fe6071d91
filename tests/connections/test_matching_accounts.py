"""Sandbox and production are never confused: who connects the one where the other belongs is told beforehand."""

from __future__ import annotations

import pytest

from connections.connecting import tickets
from connections.matching_accounts import mismatch
from connections.models import Connection, PendingAuthorization
from tests.connections.signing_in import begin
from tests.portal import enter, visit, words
from tests.world import Vendor, make_app
from workspaces.models import Workspace

pytestmark = pytest.mark.django_db
LIST = "/workspace/connections"
IN_PRODUCTION = "HubSpot is connected with a sandbox account, and this workspace is production"
IN_STAGING = "HubSpot is connected with a production account, and this workspace is staging"


def make_hubspot(workspace: Workspace, kind: str = "sandbox", provider: str = "hubspot") -> Connection:
    row = Connection(
        organization_id=workspace.organization_id,
        workspace=workspace,
        provider=provider,
        name="Our CRM",
        settings={"hub_id": "11", "hub_domain": "acme.example", "account_type": kind},
        created_by="test",
    )
    row.seal_values("credentials", {"access_token": "access-not-a-token-Hs81"})
    row.save()
    return row


@pytest.mark.parametrize(
    ("kind", "environment", "words"),
    [
        ("production", "production", ""),
        ("sandbox", "production", "a sandbox account"),
        ("test", "production", "a test account"),
        ("developer", "production", "a developer account"),
        ("production", "staging", "a production account"),
        ("production", "development", "this workspace is development"),
        ("sandbox", "staging", ""),
        ("test", "development", ""),
        ("unknown", "production", ""),
        ("", "staging", ""),
    ],
)
def test_an_account_and_an_environment_fit_or_it_is_said(acme: Vendor, kind: str, environment: str, words: str) -> None:
    said = mismatch(make_hubspot(acme.workspace, kind), environment=environment)
    assert words in said
    assert bool(words) == bool(said)


def test_it_holds_for_any_provider_that_tells_kinds_of_accounts(acme: Vendor) -> None:
    row = make_hubspot(acme.workspace, provider="slack")
    assert mismatch(row, environment="production").startswith("Slack is connected with a sandbox account")


def test_the_page_of_a_connection_warns(acme: Vendor) -> None:
    row = make_hubspot(acme.workspace)
    assert IN_PRODUCTION in words(visit(acme, f"{LIST}/{row.id}"))
    Connection.objects.filter(id=row.id).update(settings={**row.settings, "account_type": "production"})
    assert "is connected with" not in words(visit(acme, f"{LIST}/{row.id}"))


def test_the_list_tells_the_kind_of_each_account(acme: Vendor) -> None:
    make_hubspot(acme.workspace)
    text = words(visit(acme, LIST))
    assert "HubSpot · acme.example sandbox account" in text
    assert text.count("sandbox account") == 1


def test_the_rule_editor_warns_as_soon_as_such_a_connection_is_chosen(acme: Vendor) -> None:
    row, plain = make_hubspot(acme.workspace), acme.connection
    portal = enter(acme)
    assert IN_PRODUCTION in words(portal.get(f"/workspace/rules/new?connection={row.id}"))
    for chosen, warned in ((row, True), (plain, False)):
        page = portal.post("/workspace/rules/action", {"event": "*", "connection": str(chosen.id)})
        assert (IN_PRODUCTION in words(page)) == warned


def test_a_sign_in_that_ended_well_warns_in_the_other_direction(acme: Vendor) -> None:
    staging = acme.staging
    make_app(acme.organization, "hubspot", environment="staging")
    row = make_hubspot(staging, "production")
    pending = begin(staging, "hubspot").pending
    PendingAuthorization.objects.filter(id=pending.id).update(status=tickets.Status.CONNECTED, connection=row)
    assert IN_STAGING in words(enter(staging).get(f"{LIST}/sign-ins/{pending.id}"))


def test_nothing_of_another_tenants_account_is_told(acme: Vendor, globex: Vendor) -> None:
    row = make_hubspot(globex.workspace)
    assert visit(acme, f"{LIST}/{row.id}").status_code == 404
    assert "sandbox account" not in words(visit(acme, LIST))
