"""Slack: the message as Block Kit, and what Slack's answers mean."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from connections.provider import Answer, Code, Culprit, Failure, Inactive, Job, Outcome, Pace, Step, Trouble
from connections.providers.slack import PROVIDER, errors, payload
from rules import templates
from tests.connections.providers import contract
from tests.connections.providers.contract import Course, Example, follow, job_of, message_in

TOKEN = "xoxb-not-a-token-Zk3TqR81"  # in the form of a bot token
POSTED = {"ok": True, "channel": "C0123456789", "ts": "1503435956.000247", "message": {"text": "…"}}

OUR_LINK = re.compile(r"<https?://[^<>|\s]+\|Open [^<>|]+>")


def says(answer: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Answer:
    return Answer(status=200, headers=headers or {}, body=json.dumps(answer).encode())


def texts_in(node: object) -> Iterator[dict[str, Any]]:
    """Every text object, wherever it sits."""
    if isinstance(node, dict):
        if node.get("type") in ("mrkdwn", "plain_text"):
            yield node
        node = list(node.values())
    if isinstance(node, list):
        for child in node:
            yield from texts_in(child)


def assert_fits_slack(step: Step) -> None:
    message = message_in(step)
    limits = {"header": 150, "section": 3_000, "context": 2_000}
    assert 1 <= len(message["blocks"]) <= 50
    for block in message["blocks"]:
        for text in texts_in(block):
            assert 1 <= len(text["text"]) <= limits[block["type"]]
            assert text["type"] == "plain_text" or text["verbatim"] is True
        assert len(block.get("fields", [])) <= 10
        assert all(len(field["text"]) <= 2_000 for field in block.get("fields", []))
    shown = [text["text"] for text in texts_in(message["blocks"])]
    assert sum(map(len, shown)) + len(message["text"]) <= 10_000
    assert message["text"].strip()
    for text in [*shown, message["text"]]:
        assert_is_harmless(text)


def assert_is_harmless(text: str) -> None:
    """No control sequence but a link line of ours, no entity but Slack's three, nothing invisible."""
    rest = "" if OUR_LINK.fullmatch(text) else text
    assert "<" not in rest
    assert ">" not in rest
    assert not re.search("&(?!(amp|lt|gt);)", rest), rest
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)


EXAMPLE = Example(
    inputs={
        "send_message": {
            "id": "C0123456789",
            "name": "alerts",
            "title": "Alert triggered",
            "template": "api_latency_p95 is *slow*",
            "fields": "Value: 1840\nThreshold: 1000",
            "link": "https://app.example.com/alerts/42?tab=a&b=c",
        }
    },
    settings={"team_id": "T0123456789", "team_name": "Acme"},
    credentials={"bot_token": TOKEN},
    accepted=lambda _step: says(POSTED),
    fits=assert_fits_slack,
    pasted={"channel": "https://acme.slack.com/archives/C0123456789"},
)


def job(inputs: Mapping[str, str] | None = None, **changes: Any) -> Job:
    return job_of(EXAMPLE, "send_message", inputs={**EXAMPLE.inputs["send_message"], **(inputs or {})}, **changes)


def sent(inputs: Mapping[str, str] | None = None, **changes: Any) -> dict[str, Any]:
    return message_in(course(inputs, **changes).only)


def course(inputs: Mapping[str, str] | None = None, **changes: Any) -> Course:
    return follow(PROVIDER, job(inputs, **changes), EXAMPLE.accepted)


def outcome_of(reply: Answer | Failure, inputs: Mapping[str, str] | None = None) -> Outcome:
    return follow(PROVIDER, job(inputs), lambda _step: reply).outcome


def refused(error: str, **more: str) -> Outcome:
    return outcome_of(says({"ok": False, "error": error, **more}))


def block(message: dict[str, Any], index: int) -> dict[str, Any]:
    found: dict[str, Any] = message["blocks"][index]
    return found


def fields_of(message: dict[str, Any]) -> list[str]:
    return [field["text"] for block in message["blocks"] for field in block.get("fields", [])]


# --------------------------------------------------------------------------- the message


def test_it_posts_json_with_the_bot_token() -> None:
    request = course().request
    assert (request.method, request.url) == ("POST", "https://slack.com/api/chat.postMessage")
    assert request.headers["Authorization"] == f"Bearer {TOKEN}"
    assert request.headers["Content-Type"] == "application/json; charset=utf-8"
    assert request.secrets == (TOKEN,)


def test_an_alert_has_title_severity_text_fields_link_and_origin_in_this_order() -> None:
    message = sent()
    assert [block["type"] for block in message["blocks"]] == [
        *("header", "context", "section", "section", "section", "context"),
    ]
    assert block(message, 0)["text"]["text"] == "Alert triggered"
    assert block(message, 1)["elements"][0]["text"] == "🟠 *High*"
    assert block(message, 2)["text"]["text"] == "api_latency_p95 is *slow*"
    assert fields_of(message) == ["*Value*\n1840", "*Threshold*\n1000"]
    link = "<https://app.example.com/alerts/42?tab=a&amp;b=c|Open app.example.com>"
    assert block(message, 4)["text"]["text"] == link
    assert block(message, 5)["elements"][0]["text"] == "alert.triggered · Acme · event aaaa1111"


def test_the_fallback_text_reads_like_the_message() -> None:
    assert sent()["text"] == "High: Alert triggered: api_latency_p95 is *slow*"


def test_staging_and_tests_are_badged_where_they_cannot_be_missed() -> None:
    message = sent(workspace=replace(contract.WORKSPACE, environment="staging"), test=True)
    assert message["text"].startswith("[staging] [test] High: ")
    assert block(message, -1)["elements"][0]["text"] == "alert.triggered · Acme · staging · test · event aaaa1111"


def test_an_event_without_severity_has_no_mark() -> None:
    message = sent(event=replace(contract.EVENT, severity=""))
    assert message["text"].startswith("Alert triggered")
    assert [block["type"] for block in message["blocks"]][:2] == ["header", "section"]


def test_links_and_media_are_never_unfurled() -> None:
    message = sent()
    assert (message["unfurl_links"], message["unfurl_media"]) == (False, False)


def test_the_message_can_be_traced_back_to_its_delivery() -> None:
    assert sent()["metadata"] == {
        "event_type": "jackfield_delivery",
        "event_payload": {"delivery_id": str(contract.DELIVERY)},
    }


def test_a_message_that_says_nothing_shows_the_events_own_values() -> None:
    assert fields_of(sent({"template": "", "fields": "Value: "})) == [
        "*Alert id*\nalrt_tyrion_42",
        "*Severity*\nhigh",
        "*Resource*\napi_latency_p95",
        "*Value*\n1840",
        "*Threshold*\n1000",
        "*Muted*\nno",
    ]


def test_a_message_with_a_text_of_its_own_shows_nothing_unasked() -> None:
    assert fields_of(sent({"fields": ""})) == []


def test_field_lines_without_a_value_are_left_out_and_times_and_addresses_are_no_labels() -> None:
    lines = "Empty:\n\nFree text\n12:30\nhttps://a.example/x\nAt: 12:30"
    assert fields_of(sent({"fields": lines})) == ["Free text", "12:30", "https://a.example/x", "*At*\n12:30"]


def test_a_title_left_empty_is_the_event_type_in_words() -> None:
    assert block(sent({"title": " "}), 0)["text"]["text"] == "Alert triggered"


def test_mentions_and_links_in_the_text_are_only_text() -> None:
    message = sent({"template": "<!channel> <@U1> <https://evil.example|Sign in> R&D"})
    said = "&lt;!channel&gt; &lt;@U1&gt; &lt;https://evil.example|Sign in&gt; R&amp;D"
    assert block(message, 2)["text"]["text"] == said


def test_a_long_text_is_cut_between_characters_and_the_outcome_says_so() -> None:
    found = course({"template": "&" * 5_000})
    text = block(message_in(found.only), 2)["text"]["text"]
    assert len(text) <= payload.BODY_MOST
    assert text == "&amp;" * (len(text) // 5) + "…"
    assert "The text is longer than Slack's 3000 characters, so its end is missing." in found.outcome.notes


def test_a_text_of_exactly_the_limit_is_whole() -> None:
    found = course({"template": "x" * payload.BODY_MOST})
    assert block(message_in(found.only), 2)["text"]["text"] == "x" * payload.BODY_MOST
    assert found.outcome.notes == ()


def test_the_eleventh_field_is_left_out_and_the_outcome_says_so() -> None:
    found = course({"fields": "\n".join(f"Field {n}: {n}" for n in range(11))})
    assert len(fields_of(message_in(found.only))) == 10
    assert "Slack shows 10 fields, so the others are missing." in found.outcome.notes


@pytest.mark.parametrize(
    "link",
    [
        *("javascript:alert(1)", "javascript://a.example/%0aalert(1)", "ftp://a.example/", "/alerts", "https://"),
        *("https://a b.example/", "https://a.example/" + "x" * 2_000, "https://a.example/" + "&" * 1_400),
    ],
)
def test_what_is_no_web_address_is_no_link_and_the_outcome_says_so(link: str) -> None:
    found = course({"link": link})
    assert "|Open " not in json.dumps(message_in(found.only))
    assert "The link is no web address of a fitting length, so it is missing." in found.outcome.notes


def test_a_link_cannot_choose_its_own_label_and_names_where_it_leads() -> None:
    message = sent({"link": "https://bank.example@evil.example/|Sign in>"})
    link = "<https://bank.example@evil.example/%7CSign%20in%3E|Open evil.example>"
    assert block(message, 4)["text"]["text"] == link


# --------------------------------------------------------------------------- the rule's inputs


def test_a_message_a_second_goes_to_each_channel() -> None:
    assert PROVIDER.action("send_message").pace == Pace(per_second=1, by=("id",))


@pytest.mark.parametrize("channel", ["C0123456789", "G012345678", "D0123ABCD", " C0123456789 "])
def test_it_takes_the_id_of_a_channel(channel: str) -> None:
    assert PROVIDER.check_inputs("send_message", {"id": channel}) == []


@pytest.mark.parametrize(
    ("typed", "mend"),
    [
        ("#alerts", "a name may change"),
        ("alerts", "begins with C, G or D"),
        ("c0123456789", "capital letters"),
        ("U0123456789", "the ID of a person"),
        ("https://acme.slack.com/archives/C0123456789/p17", "Enter the channel's ID alone: C0123456789."),
        ("C01", "begins with C, G or D"),
    ],
)
def test_it_refuses_what_is_no_channel_and_says_how_to_mend_it(typed: str, mend: str) -> None:
    (fault,) = PROVIDER.check_inputs("send_message", {"id": typed})
    assert fault.field == "id"
    assert mend in fault.message


@pytest.mark.parametrize(
    ("event", "payload", "title", "text"),
    [
        ("alert.triggered", {"message": "It broke."}, "Alert triggered", "It broke."),
        ("user.created", {"email": "homer@springfield.example"}, "User created", ""),
        ("deploy.run_failed", {"summary": "It broke."}, "Deploy run failed", "It broke."),
    ],
)
def test_its_default_texts_suit_any_event(event: str, payload: dict[str, str], title: str, text: str) -> None:
    scope = templates.scope(payload=payload, event={"type": event}, workspace={}, severity="")
    filled = {
        field.key: templates.render(field.default, scope).text for field in PROVIDER.action("send_message").fields
    }
    assert filled == {"id": "", "title": title, "template": text, "fields": "", "link": ""}


# --------------------------------------------------------------------------- what Slack answers


def test_the_messages_own_id_is_kept() -> None:
    assert course().outcome == Outcome(
        code=Code.DELIVERED, reason="Slack posted the message.", reference="1503435956.000247"
    )


def test_warnings_do_not_stop_a_delivery() -> None:
    assert outcome_of(says({**POSTED, "warning": "missing_charset"})).delivered


def test_an_answer_cut_short_by_our_own_limit_is_still_a_success() -> None:
    body = json.dumps(POSTED).encode()[:-10]
    assert outcome_of(Answer(status=200, body=body, truncated=True)).delivered
    assert not outcome_of(Answer(status=200, body=body)).delivered


def test_an_answer_that_cannot_be_read_is_tried_again_with_a_warning_of_a_repetition() -> None:
    outcome = outcome_of(Answer(status=200, body=b"<html>"))
    assert (outcome.code, outcome.culprit, outcome.retry) == (Code.REJECTED_SERVER_ERROR, Culprit.PROVIDER, True)
    assert outcome.notes == (errors.MAY_SHOW_TWICE,)


@pytest.mark.parametrize("trouble", [Trouble.TIMEOUT, Trouble.RESET])
def test_a_silence_after_sending_is_tried_again_with_a_warning_of_a_repetition(trouble: Trouble) -> None:
    outcome = outcome_of(Failure(trouble=trouble))
    assert outcome.retry
    assert outcome.notes == (errors.MAY_SHOW_TWICE,)


@pytest.mark.parametrize("trouble", [Trouble.NAME_NOT_FOUND, Trouble.REFUSED, Trouble.TLS])
def test_a_request_that_never_left_cannot_show_twice(trouble: Trouble) -> None:
    assert outcome_of(Failure(trouble=trouble)).notes == ()


def test_too_many_requests_wait_as_long_as_slack_asks() -> None:
    outcome = outcome_of(Answer(status=429, headers={"retry-after": "30"}))
    assert (outcome.code, outcome.retry_after) == (Code.RATE_LIMITED, 30)
    named = outcome_of(says({"ok": False, "error": "ratelimited"}, {"retry-after": "30"}))
    assert (named.code, named.retry_after) == (Code.RATE_LIMITED, 30)


@pytest.mark.parametrize("status", [301, 404, 410])
def test_a_strange_status_never_switches_the_connection_off(status: int) -> None:
    outcome = outcome_of(Answer(status=status))
    assert (outcome.culprit, outcome.retry, outcome.inactive) == (Culprit.PROVIDER, True, None)


TRANSIENT = ["ratelimited", "rate_limited", "internal_error", "fatal_error", "service_unavailable", "request_timeout"]
CHANNEL = [
    *("channel_not_found", "is_archived", "ekm_access_denied"),
    *("restricted_action", "restricted_action_read_only_channel", "restricted_action_thread_only_channel"),
]
OURS = ["invalid_blocks", "msg_too_long", "msg_blocks_too_long", "no_text", "invalid_arguments"]
ACCOUNT = {
    "token_revoked": Inactive.AUTHORIZATION_REVOKED,
    "account_inactive": Inactive.AUTHORIZATION_REVOKED,
    "invalid_auth": Inactive.AUTHENTICATION_INVALID,
    "not_authed": Inactive.AUTHENTICATION_INVALID,
    "token_expired": Inactive.REAUTHORIZATION_REQUIRED,
    "missing_scope": Inactive.REAUTHORIZATION_REQUIRED,
    "org_login_required": Inactive.REAUTHORIZATION_REQUIRED,
    "team_access_not_granted": Inactive.REAUTHORIZATION_REQUIRED,
}


@pytest.mark.parametrize("error", TRANSIENT)
def test_what_passes_by_itself_is_tried_again(error: str) -> None:
    outcome = refused(error)
    assert (outcome.culprit, outcome.retry, outcome.inactive) == (Culprit.PROVIDER, True, None)


@pytest.mark.parametrize("error", CHANNEL)
def test_a_channel_that_cannot_be_posted_in_is_the_rules_to_mend(error: str) -> None:
    outcome = refused(error)
    assert (outcome.code, outcome.culprit) == (Code.REJECTED_CLIENT_ERROR, Culprit.RULE)
    assert (outcome.retry, outcome.inactive) == (False, None)
    assert "#alerts" in outcome.reason


def test_a_missing_invitation_is_worth_a_retry() -> None:
    outcome = refused("not_in_channel")
    assert (outcome.culprit, outcome.retry) == (Culprit.RULE, True)


@pytest.mark.parametrize(("error", "inactive"), ACCOUNT.items())
def test_a_broken_authorisation_holds_deliveries_until_the_account_is_reconnected(
    error: str, inactive: Inactive
) -> None:
    outcome = refused(error)
    assert (outcome.code, outcome.culprit) == (Code.AUTH_FAILED, Culprit.CONNECTION)
    assert (outcome.retry, outcome.inactive) == (True, inactive)


@pytest.mark.parametrize("error", OURS)
def test_a_message_that_slack_cannot_take_is_our_fault_and_not_repeated(error: str) -> None:
    outcome = refused(error)
    assert (outcome.culprit, outcome.retry, outcome.inactive) == (Culprit.US, False, None)


@pytest.mark.parametrize("error", sorted(errors.NAMED))
def test_every_named_error_is_told_in_plain_words(error: str) -> None:
    outcome = refused(error)
    contract.assert_sensible(outcome)
    assert error not in outcome.reason
    assert "_" not in outcome.reason


def test_an_archived_channel_is_named_by_its_id_when_its_name_is_not_known() -> None:
    outcome = outcome_of(says({"ok": False, "error": "is_archived"}), {"name": ""})
    assert outcome.reason == "Slack says that the channel C0123456789 was archived."


def test_the_missing_permission_is_named() -> None:
    assert (
        refused("missing_scope", needed="chat:write").reason == "Slack says that a permission is missing: chat:write."
    )


def test_a_permission_that_is_no_word_is_not_quoted() -> None:
    assert refused("missing_scope", needed=TOKEN).reason == "Slack says that a permission is missing."


def test_an_error_that_nobody_has_named_yet_is_tried_again_and_quoted() -> None:
    outcome = refused("brand_new_error")
    assert (outcome.culprit, outcome.retry) == (Culprit.PROVIDER, True)
    assert "brand_new_error" in outcome.reason


def test_an_error_that_is_no_word_is_not_quoted() -> None:
    assert "nothing we can read" in refused("<b>No!</b> " * 50).reason


def test_without_a_token_nothing_is_sent() -> None:
    found = course(credentials={})
    assert found.steps == ()
    assert found.outcome.inactive is Inactive.AUTHENTICATION_INVALID
