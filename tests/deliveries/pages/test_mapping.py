"""What a mapping's editor knows of what happened: the fields that events had, and the record of one of them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from connections.models import Connection
from rules.mapping_saving import save
from tests.portal import Portal, enter, words
from tests.rules.crm import Crm, crm, make_crm, make_crm_rule
from tests.world import Vendor, make_event
from workspaces.permissions import PAYLOAD_SCOPE

__all__ = ["crm"]
SEES: dict[str, Any] = {"scopes": [PAYLOAD_SCOPE]}
PAYLOAD = {
    "user": {"email": "ann@acme.example", "E-Mail": "x", "odd key": 1},
    "plan": "Customer",
    "lines": [{"sku": "s1"}],
    "note": "",
}


@pytest.fixture
def account(acme: Vendor, crm: Crm) -> Connection:
    make_event(acme.workspace, "user.created", json.dumps(PAYLOAD))
    return make_crm(acme.workspace)


def ask(portal: Portal, account: Connection, what: str, **sent: Any) -> str:
    answer = portal.post(f"/workspace/connections/{account.id}/mapping/{what}", {"event": "user.created", **sent})
    assert answer.status_code == 200
    assert "<main" not in answer.content.decode()
    return answer.content.decode() if what == "fields" else words(answer)


def row(number: int, dest: str, path: str, **said: str) -> dict[str, str]:
    return {
        f"m-{number}-dest": dest,
        f"m-{number}-path": path,
        **{f"m-{number}-{key}": one for key, one in said.items()},
    }


# --------------------------------------------------------------------------- what events hold


def test_it_offers_the_fields_that_events_had_and_a_mapping_can_name(acme: Vendor, account: Connection) -> None:
    page = ask(enter(acme, **SEES), account, "fields")
    for path in ("user.email", "user.E-Mail", "plan", "event.type", "workspace.name"):
        assert f'<option value="{path}">' in page
    assert "text: ann@acme.example" in page
    assert "odd key" not in page
    assert "sku" not in page


def test_without_leave_to_see_payloads_it_offers_no_values(acme: Vendor, account: Connection) -> None:
    page = ask(enter(acme), account, "fields")
    assert '<option value="user.email">' in page
    assert "ann@acme.example" not in page


# --------------------------------------------------------------------------- the record


def test_the_record_of_the_latest_event_is_shown_as_it_is_typed(acme: Vendor, account: Connection) -> None:
    rows = {
        "row": ["1", "2", "3", "4", "5"],
        **row(1, "Email", "user.email"),
        **row(2, "stage", "plan"),
        **row(3, "First name", "name"),
        **row(4, "Employees", "user.email"),
        "m-5-dest": "score",
        "m-5-from": "nothing",
    }
    said = ask(enter(acme, **SEES), account, "preview", **rows)
    assert "Email ann@acme.example" in said
    assert "Stage won" in said
    assert "First name Stays as it is: the event has no name" in said
    assert 'Stays as it is: user.email is the text "ann@acme.example", which is no number' in said
    assert "Score emptied" in said


def test_a_necessary_field_without_anything_is_told_first(acme: Vendor, account: Connection) -> None:
    rows = {"row": "1", **row(1, "Email", "note", on_error="fail_action")}
    said = ask(enter(acme, **SEES), account, "preview", **rows)
    assert said.startswith("Of this event nothing would be sent.")
    assert "Missing: note is empty" in said


def test_a_necessary_field_that_is_emptied_is_told_first_with_the_reason(acme: Vendor, account: Connection) -> None:
    rows = {"row": "1", "m-1-dest": "Email", "m-1-from": "nothing"}
    said = ask(enter(acme, **SEES), account, "preview", **rows)
    assert said.startswith("Of this event nothing would be sent.")
    assert "Missing: Email cannot be emptied: a record is found by it." in said


def test_rows_that_are_not_complete_are_left_out_and_counted(acme: Vendor, account: Connection) -> None:
    rows = {"row": ["1", "2", "3"], **row(1, "Email", "user.email"), **row(2, "stage", ""), **row(3, "", "a b")}
    said = ask(enter(acme, **SEES), account, "preview", **rows)
    assert "Email ann@acme.example" in said
    assert "2 rows are not complete yet." in said
    assert "appears here" in ask(enter(acme, **SEES), account, "preview")


def test_the_event_that_somebody_typed_is_mapped(acme: Vendor, account: Connection) -> None:
    rows = {"row": "1", **row(1, "Email", "mail")}
    typed = {"sample_type": "user.created", "sample_payload": '{"mail":"typed@acme.example"}'}
    assert "Email typed@acme.example" in ask(enter(acme, **SEES), account, "preview", **rows, **typed)


def test_whoever_may_not_see_payloads_gets_made_up_values(acme: Vendor, account: Connection) -> None:
    rows = {"row": ["1", "2", "3"], **row(1, "First name", "user.email"), **row(3, "stage", "absent")}
    said = ask(enter(acme), account, "preview", **rows, **row(2, "Email", "plan", on_error="fail_action"))
    assert "ann@acme.example" not in said
    assert "First name example" in said
    assert "Email depends on a value that you may not see" in said, "nobody can say whether the real one fits"
    assert "nothing would be sent" not in said
    assert "Stage Stays as it is: the event has no absent" in said


def test_a_viewer_sees_what_is_in_force_whatever_is_sent(acme: Vendor, account: Connection) -> None:
    source = {"type": "path", "value": "event.type"}
    save(account, schema={"schema_version": 1, "fields": [{"dest": "firstname", "source": source}]}, actor="test")
    rows = {"row": "1", **row(1, "Email", "user.email")}
    said = ask(enter(acme, role="viewer", **SEES), account, "preview", **rows)
    assert "First name user.created" in said
    assert "Email" not in said


def test_hostile_text_is_escaped(acme: Vendor, account: Connection) -> None:
    make_event(acme.workspace, "user.created", '{"a":"<script>alert(1)</script>","b":"' + "x" * 5_000 + '"}')
    rows = {"row": ["1", "2"], **row(1, "First name", "a"), **row(2, "<b>new</b>", "b")}
    answer = enter(acme, **SEES).post(
        f"/workspace/connections/{account.id}/mapping/preview", {"event": "user.created", **rows}
    )
    page = answer.content.decode()
    assert "&lt;script&gt;" in page
    assert "&lt;b&gt;new" in page
    assert len(page) < 3_000


# --------------------------------------------------------------------------- on the event's page


def test_the_page_of_an_event_names_the_version_that_made_its_record(
    acme: Vendor, account: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    from connections import http
    from connections.provider import Answer
    from deliveries.draining import drain
    from deliveries.fanout import decide_batch

    monkeypatch.setattr(http, "send", lambda *_, **__: Answer(200))
    make_crm_rule(account)
    event = make_event(acme.workspace, "user.created", json.dumps(PAYLOAD))
    decide_batch()
    drain()
    said = words(enter(acme).get(f"/workspace/events/{event.id}"))
    assert "The record was made by the mapping that comes with the connection." in said
