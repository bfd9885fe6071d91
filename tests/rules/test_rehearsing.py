"""A rule's own body is filled in when it is saved, so that what can never be sent is said beside its field."""

from __future__ import annotations

import json
from typing import Any

import pytest

from connections.registry import provider
from rules import rehearsing, templates
from rules.rehearsing import Anything
from tests.calling import fault, read
from tests.portal import enter, words
from tests.world import Vendor, make_connection

KIND = provider("webhook")
ACTION = KIND.action("send_webhook")
PAGERDUTY = """{
  "event_action": "trigger",
  "dedup_key": {{ resource_id | default: event.resource_id | json }},
  "payload": {
    "summary": {{ message | default: event.type | json }},
    "severity": "{% if severity == "critical" %}critical{% else %}warning{% endif %}",
    "custom_details": {{ payload | json }}
  }
}"""


def faults(body: str, **inputs: str) -> list[tuple[str, str]]:
    found = rehearsing.faults(KIND, ACTION, {"body_template": body, **inputs})
    return [(one.field, one.message) for one in found]


@pytest.mark.parametrize(
    "body",
    [
        "",
        "  \n",
        PAGERDUTY,
        '{"n": {{ value }}, "t": "{{ user.name }}", "of": "{{ workspace.name }}"}',
        '{"n": {{ value | times: 100 | round }}, "at": "{{ at | date: "%Y" }}", "x": {{ a.0.b | default: 3 }}}',
        "[{% for line in lines %}{{ line.sku | json }}{% unless forloop.last %},{% endunless %}{% endfor %}]",
        "{{ payload | json }}",
        '{"up": "{{ name | upcase | truncate: 20 }}", "all": {{ names | join: "," | json }}}',
    ],
)  # fmt: skip
def test_what_can_come_to_json_is_taken(body: str) -> None:
    assert faults(body) == []


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ("hello", "line 1"),
        ('{"n": {{ value }}', "line 1"),
        ('{"a": 1,}', "line 1"),
        ('{\n"a": 1\n"b": 2}', "line 3"),
        ('{"type": {{ event.type }}}', "line 1"),
        ('{"n": NaN}', "NaN is no number there"),
        ("{'a': 1}", "line 1"),
        ("[" * 5_000, "nested too deeply"),
    ],
)
def test_what_can_come_to_no_json_is_refused_with_its_place(body: str, place: str) -> None:
    ((field, message),) = faults(body)
    assert field == "body_template"
    assert message.startswith("The body comes to no JSON: ")
    assert place in message


@pytest.mark.parametrize("content_type", ["text/plain", "application/xml", "text/csv; charset=utf-8"])
def test_a_text_may_be_anything(content_type: str) -> None:
    assert faults("hello {{ name }}", content_type=content_type) == []


def test_json_by_another_name_is_json() -> None:
    assert faults("hello", content_type="application/cloudevents+json; charset=utf-8")
    assert faults("hello", content_type="Application/JSON")


def test_what_cannot_be_filled_in_without_an_event_is_left_to_the_real_one() -> None:
    assert faults('{"n": {{ lines | sort: "sku" | first | slice: "x" }}') == []


def test_a_made_up_payload_has_every_field() -> None:
    scope = Anything(templates.scope(payload=Anything(), event={}, workspace={}, severity="low"))
    assert templates.render("{{ a.b.c.0.d }} {{ severity }} {{ payload.x }}", scope).text == "{} low {}"


# --------------------------------------------------------------------------- where it is saved


def wanted(vendor: Vendor, **metadata: Any) -> dict[str, Any]:
    hook = make_connection(vendor.workspace, "webhook", name=f"Hook {len(metadata)}")
    return {
        "workspace": str(vendor.workspace.id),
        "connection": str(hook.id),
        "event": "alert.*",
        "metadata": {"action": "send_webhook", **metadata},
    }


@pytest.mark.parametrize(
    ("metadata", "param", "said"),
    [
        ({"body_template": '{"a": }'}, "metadata.body_template", "comes to no JSON"),
        ({"body_template": "{{ a"}, "metadata.body_template", "is not closed"),
        ({"body_template": "x" * 10_001}, "metadata.body_template", "at most 10000"),
        ({"body_template": "{}", "content_type": "a\r\nX-Evil: 1"}, "metadata.content_type", "no content type"),
        ({"body_template": "{}", "content_type": "text/plain; charset=latin1"}, "metadata.content_type", "UTF-8"),
        ({"body_template": 7}, "metadata.body_template", "must be a text"),
    ],
)
def test_the_api_names_the_field(acme: Vendor, metadata: dict[str, Any], param: str, said: str) -> None:
    answer = fault(acme.machine.post("/rules", wanted(acme, **metadata)), 400)
    (one,) = answer["data"]
    assert one["param"] == param
    assert said in one["msg"]


def test_a_rule_with_a_body_of_its_own_is_saved_and_previewed(acme: Vendor) -> None:
    body = wanted(acme, body_template=PAGERDUTY)
    read(acme.machine.post("/rules", body), 201)
    asked = {
        **{key: body[key] for key in ("workspace", "connection", "metadata")},
        "event": "alert.triggered",
        "payload": {"message": 'a "quoted" word', "severity": "critical", "resource_id": "disk-1"},
    }
    shown = read(acme.machine.post("/rules/preview", asked))
    sent = json.loads(shown["request"]["body"])
    assert sent["payload"]["summary"] == 'a "quoted" word'
    assert sent["payload"]["severity"] == "critical"
    assert sent["dedup_key"] == "disk-1"
    assert shown["request"]["headers"]["Content-Type"] == "application/json"
    assert shown["request"]["headers"]["X-Meshes-Event"] == "alert.triggered"


def test_the_preview_says_why_a_body_would_not_be_sent(acme: Vendor) -> None:
    body = wanted(acme, body_template='{"title": "{{ title }}"}')
    asked = {
        **{key: body[key] for key in ("workspace", "connection", "metadata")},
        "event": "alert.triggered",
        "payload": {"title": 'a "quoted" word'},
    }
    shown = read(acme.machine.post("/rules/preview", asked))
    assert "The body comes to no JSON" in json.dumps(shown)


def test_the_editor_says_it_beside_the_field(acme: Vendor) -> None:
    hook = make_connection(acme.workspace, "webhook")
    typed = {
        "name": "Pager",
        "event": "alert.*",
        "connection": str(hook.id),
        "action": "send_webhook",
        "in-body_template": '{"a": }',
        "active": "yes",
    }
    answer = enter(acme).post("/workspace/rules/new", typed)
    assert answer.status_code == 422
    assert "The body comes to no JSON: line 1 of what is sent, character 7" in words(answer)
    assert 'id="error-in-body_template"' in answer.content.decode()
