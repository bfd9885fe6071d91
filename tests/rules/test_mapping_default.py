"""The mapping that comes with a connection."""

from __future__ import annotations

import pytest

from connections.provider import Provider
from connections.registry import all_providers
from rules.mapping_catalogue import record_kind
from rules.mapping_default import generated
from rules.mappings import TargetField, check
from tests.rules.crm import Crm

RECORDS = [kind for kind in all_providers().values() if record_kind(kind)]


@pytest.mark.parametrize("kind", [*RECORDS, Crm()], ids=lambda kind: kind.slug)
def test_what_a_provider_calls_usual_can_be_mapped(kind: Provider) -> None:
    """A path that no mapping takes would make one that cannot be saved from the form it is shown in."""
    schema = generated(kind, {})
    assert check(schema) == []
    assert {field["dest"] for field in schema["fields"]} == set(kind.usual_paths)
    assert kind.usual_paths, "or the first delivery has nothing in it"


@pytest.mark.parametrize("kind", [*RECORDS, Crm()], ids=lambda kind: kind.slug)
def test_the_fields_of_records_are_a_directory_of_the_provider(kind: Provider) -> None:
    kinds = {action.record for action in kind.actions if action.record}
    assert len(kinds) == 1, "a connection has one mapping"
    assert kinds <= {one.key for one in kind.directories}


def test_what_the_account_lacks_or_does_not_let_be_written_is_left_out() -> None:
    fields = {
        "email": TargetField("email", "Email", required=True),
        "firstname": TargetField("firstname", "First name", read_only=True),
    }
    (only,) = generated(Crm(), fields)["fields"]
    assert (only["dest"], only["on_error"]) == ("email", "fail_action")
