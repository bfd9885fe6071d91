"""The simulated Web API."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests

from tests.sandbox.running import CLOSED, HUGE, NARROW, READER, TOKEN, Running
from tests.sandbox.slack.calling import call, messages, post

SECTION = {"type": "section", "text": {"type": "mrkdwn", "text": "hello"}}
LONG = {"type": "section", "text": {"type": "mrkdwn", "text": "a" * 2_900}}


@pytest.fixture
def unpaced(sandbox: Running) -> Running:
    sandbox.dial(sandbox.slack, fault="unpaced")
    return sandbox


def walk(sandbox: Running, *, token: str = TOKEN, **args: Any) -> list[list[dict[str, Any]]]:
    """Every page of ``conversations.list``."""
    pages, cursor = [], ""
    while True:
        answer = call(sandbox, "conversations.list", token=token, cursor=cursor, **args).json()
        pages.append(answer["channels"])
        cursor = answer["response_metadata"]["next_cursor"]
        if not cursor:
            return pages


# --------------------------------------------------------------------------- who calls


def test_it_says_who_a_token_is(sandbox: Running) -> None:
    answer = call(sandbox, "auth.test")
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    assert answer.headers["X-OAuth-Scopes"] == "channels:read,chat:write,chat:write.public,groups:read,team:read"
    found = answer.json()
    assert (found["ok"], found["team_id"], found["team"]) == (True, "T0ACME", "Acme")


@pytest.mark.parametrize(
    ("token", "error"), [("", "not_authed"), ("xoxb-nobody", "invalid_auth"), (CLOSED, "account_inactive")]
)
def test_it_refuses_a_token_by_name(sandbox: Running, token: str, error: str) -> None:
    answer = call(sandbox, "auth.test", token=token)
    assert (answer.status_code, answer.json()) == (200, {"ok": False, "error": error})


def test_it_takes_the_token_as_an_argument(sandbox: Running) -> None:
    answer = requests.get(f"{sandbox.slack}/api/auth.test", {"token": TOKEN}, timeout=5)
    assert answer.json()["ok"] is True


def test_it_does_not_look_for_the_token_in_json(sandbox: Running) -> None:
    answer = requests.post(f"{sandbox.slack}/api/auth.test", json={"token": TOKEN}, timeout=5)
    assert answer.json()["error"] == "not_authed"


def test_it_does_not_know_every_method(sandbox: Running) -> None:
    answer = call(sandbox, "chat.shout")
    assert (answer.status_code, answer.json()["error"]) == (200, "unknown_method")


@pytest.mark.parametrize(
    ("method", "args", "needed"),
    [
        ("conversations.list", {}, "channels:read"),
        ("conversations.list", {"types": "private_channel"}, "groups:read"),
        ("conversations.info", {"channel": "C0ALERTS"}, "channels:read"),
    ],
)
def test_it_names_the_scope_that_is_missing(sandbox: Running, method: str, args: dict[str, str], needed: str) -> None:
    found = call(sandbox, method, token=NARROW, **args).json()
    assert (found["error"], found["needed"], found["provided"]) == ("missing_scope", needed, "chat:write")


def test_posting_asks_for_its_scope(sandbox: Running) -> None:
    found = post(sandbox, token=READER, channel="C0ALERTS", text="a")
    assert (found["error"], found["needed"], found["provided"]) == ("missing_scope", "chat:write", "channels:read")


@pytest.mark.parametrize(
    ("content_type", "body", "error"),
    [
        ("application/json", "{", "invalid_json"),
        ("application/json", "[]", "json_not_object"),
        ("application/json; charset=klingon", "{}", "invalid_charset"),
        ("multipart/form-data", "a", "invalid_form_data"),
        ("text/csv", "a,b", "invalid_post_type"),
    ],
)
def test_it_refuses_a_body_that_it_cannot_read(sandbox: Running, content_type: str, body: str, error: str) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": content_type}
    answer = requests.post(f"{sandbox.slack}/api/chat.postMessage", data=body, headers=headers, timeout=5)
    assert answer.json()["error"] == error


def test_it_refuses_a_body_without_a_type(sandbox: Running) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    answer = requests.post(f"{sandbox.slack}/api/chat.postMessage", data=b"a", headers=headers, timeout=5)
    assert answer.json()["error"] == "missing_post_type"


# --------------------------------------------------------------------------- channels


def test_cursors_walk_fifty_thousand_channels_exactly_once(sandbox: Running) -> None:
    pages = walk(sandbox, token=HUGE, limit=1000, types="public_channel,private_channel")
    found = [channel for page in pages for channel in page]
    uninvited = 500  # private ones that the bot is not in
    assert (len(found), len({channel["id"] for channel in found}), len(pages)) == (50_000 - uninvited,) * 2 + (50,)
    assert sum(channel["is_private"] for channel in found) == 500
    assert sum(channel["is_archived"] for channel in found) == 2_500


def test_a_page_holds_a_hundred_when_nobody_says(sandbox: Running) -> None:
    found = call(sandbox, "conversations.list", token=HUGE, types="public_channel,private_channel").json()
    assert len(found["channels"]) in range(
        98, 101
    )  # those private channels that the app is in no part of make it short


def test_archived_channels_make_a_page_short_and_not_the_walk(sandbox: Running) -> None:
    pages = walk(sandbox, limit=5, exclude_archived="true")
    names = [channel["name"] for page in pages for channel in page]
    assert len(names) == len(set(names)) == 2 + 38  # of the named ones alerts and lobby, of forty all but two
    assert {len(page) for page in pages[:-1]} == {2, 4, 5}


def test_private_channels_are_listed_when_asked_for_and_when_invited(sandbox: Running) -> None:
    private = [channel["name"] for page in walk(sandbox, types="private_channel", limit=7) for channel in page]
    both = {channel["name"] for page in walk(sandbox, types="public_channel, private_channel") for channel in page}
    assert private == ["vault"]
    assert both >= {"alerts", "lobby", "vault", "old"}
    assert "hidden" not in both


@pytest.mark.parametrize(
    ("args", "error"),
    [
        ({"limit": 1001}, "invalid_limit"),
        ({"limit": "many"}, "invalid_limit"),
        ({"cursor": "!"}, "invalid_cursor"),
        ({"cursor": "bm9wZTp4"}, "invalid_cursor"),
        ({"types": "everything"}, "invalid_types"),
    ],
)
def test_it_refuses_a_list_by_name(sandbox: Running, args: dict[str, Any], error: str) -> None:
    assert call(sandbox, "conversations.list", **args).json()["error"] == error


def test_it_describes_one_channel(sandbox: Running) -> None:
    channel = call(sandbox, "conversations.info", channel="C0VAULT").json()["channel"]
    assert (channel["name"], channel["is_private"], channel["is_member"]) == ("vault", True, True)


@pytest.mark.parametrize("channel", ["C0HIDDEN", "C0NOWHERE", "alerts"])
def test_it_does_not_find_what_the_bot_cannot_see(sandbox: Running, channel: str) -> None:
    assert call(sandbox, "conversations.info", channel=channel).json()["error"] == "channel_not_found"


def test_methods_that_read_do_not_read_json(sandbox: Running) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    url = f"{sandbox.slack}/api/conversations.info"
    found = requests.post(url, json={"channel": "C0ALERTS"}, headers=headers, timeout=5).json()
    assert found["error"] == "invalid_arguments"
    assert found["response_metadata"]["messages"] == ["[ERROR] missing required field: channel"]


def test_channel_lists_are_limited_when_dialled(sandbox: Running) -> None:
    sandbox.dial(sandbox.slack, target="T0ACME", fault="tier_limits")
    answers = [call(sandbox, "conversations.list", limit=1) for _ in range(24)]
    assert [answer.status_code for answer in answers[:20]] == [200] * 20
    assert 429 in {answer.status_code for answer in answers[20:]}


# --------------------------------------------------------------------------- messages


@pytest.mark.parametrize("channel", ["C0ALERTS", "#alerts", "alerts"])
def test_it_posts_to_a_channel_by_id_or_name(unpaced: Running, channel: str) -> None:
    answer = post(unpaced, channel=channel, text="hello", metadata={"event_type": "x", "event_payload": {"id": "d1"}})
    assert (answer["ok"], answer["channel"], answer["message"]["text"]) == (True, "C0ALERTS", "hello")
    [message] = messages(unpaced, team="T0ACME", channel="alerts")
    assert (message["ts"], message["channel_name"], message["team"]) == (answer["ts"], "alerts", "T0ACME")
    assert message["metadata"]["event_payload"] == {"id": "d1"}


def test_it_reads_blocks_from_a_form_and_from_json(unpaced: Running) -> None:
    call(unpaced, "chat.postMessage", channel="C0ALERTS", blocks=json.dumps([SECTION]))
    post(unpaced, channel="C0ALERTS", blocks=[SECTION])
    assert [message["blocks"] for message in messages(unpaced)] == [[SECTION], [SECTION]]


def test_every_message_has_its_own_ts(unpaced: Running) -> None:
    stamps = [post(unpaced, channel="C0ALERTS", text=str(number))["ts"] for number in range(10)]
    assert stamps == sorted(set(stamps))


def test_it_grumbles_about_json_without_a_charset(unpaced: Running) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    url = f"{unpaced.slack}/api/chat.postMessage"
    found = requests.post(url, json={"channel": "C0ALERTS", "text": "a"}, headers=headers, timeout=5).json()
    assert (found["ok"], found["warning"]) == (True, "missing_charset")


@pytest.mark.parametrize(
    ("args", "error"),
    [
        ({"text": "a"}, "invalid_arguments"),
        ({"channel": "C0NOWHERE", "text": "a"}, "channel_not_found"),
        ({"channel": "C0HIDDEN", "text": "a"}, "channel_not_found"),
        ({"channel": "C0OLD", "text": "a"}, "is_archived"),
        ({"channel": "C0ALERTS"}, "no_text"),
        ({"channel": "C0ALERTS", "text": "a" * 40_001}, "msg_too_long"),
        ({"channel": "C0ALERTS", "blocks": "[{"}, "invalid_blocks_format"),
        ({"channel": "C0ALERTS", "blocks": {"type": "divider"}}, "invalid_blocks_format"),
        ({"channel": "C0ALERTS", "blocks": [{"type": "marquee"}]}, "invalid_blocks"),
        ({"channel": "C0ALERTS", "attachments": [{"blocks": [{"type": "marquee"}]}]}, "invalid_blocks"),
        ({"channel": "C0ALERTS", "attachments": [{}] * 101}, "too_many_attachments"),
        ({"channel": "C0ALERTS", "blocks": [LONG] * 5}, "msg_blocks_too_long"),
        ({"channel": "C0ALERTS", "text": "a", "metadata": "{"}, "invalid_metadata_format"),
        ({"channel": "C0ALERTS", "text": "a", "metadata": {"event_type": "x"}}, "invalid_metadata_schema"),
    ],
)
def test_it_refuses_a_message_by_name(unpaced: Running, args: dict[str, Any], error: str) -> None:
    assert post(unpaced, **args)["error"] == error
    assert messages(unpaced) == []


def test_it_points_at_the_block_that_is_wrong(unpaced: Running) -> None:
    found = post(unpaced, channel="C0ALERTS", blocks=[{"type": "marquee"}])
    complaint = "must be a valid block type [json-pointer:/blocks/0/type]"
    assert found["errors"] == [complaint]
    assert found["response_metadata"]["messages"] == [f"[ERROR] {complaint}"]


def test_without_the_public_scope_the_bot_has_to_be_invited(unpaced: Running) -> None:
    assert post(unpaced, token=NARROW, channel="C0LOBBY", text="a")["error"] == "not_in_channel"
    assert post(unpaced, token=NARROW, channel="C0ALERTS", text="a")["ok"] is True
    assert post(unpaced, token=TOKEN, channel="C0LOBBY", text="a")["ok"] is True


def test_a_sustained_flood_into_one_channel_is_limited(sandbox: Running) -> None:
    answers = [call(sandbox, "chat.postMessage", channel="C900000001", text="a") for _ in range(12)]
    assert [answer.status_code for answer in answers[:5]] == [200] * 5
    limited = [answer for answer in answers if answer.status_code == 429]
    assert limited
    assert limited[0].json() == {"ok": False, "error": "ratelimited"}
    assert int(limited[0].headers["Retry-After"]) >= 1
    assert call(sandbox, "chat.postMessage", channel="C900000002", text="a").status_code == 200


def test_the_pace_can_be_dialled_up_and_down(sandbox: Running) -> None:
    sandbox.dial(sandbox.slack, fault="strict_pace")
    strict = [call(sandbox, "chat.postMessage", channel="C900000003", text="a").status_code for _ in range(5)]
    assert 429 in strict[1:]
    sandbox.dial(sandbox.slack, fault="unpaced")
    free = [call(sandbox, "chat.postMessage", channel="C900000004", text="a").status_code for _ in range(12)]
    assert free == [200] * 12


# --------------------------------------------------------------------------- faults


@pytest.mark.parametrize(
    "fault", ["token_revoked", "invalid_auth", "account_inactive", "missing_scope", "internal_error"]
)
def test_a_dialled_account_error_meets_every_method(sandbox: Running, fault: str) -> None:
    sandbox.dial(sandbox.slack, target="T0ACME", fault=fault)
    errors = [call(sandbox, method).json().get("error") for method in ("auth.test", "conversations.list")]
    assert errors == [fault, fault]
    assert post(sandbox, channel="C0ALERTS", text="a")["error"] == fault
    assert call(sandbox, "auth.test", token=NARROW).json()["ok"] is True


@pytest.mark.parametrize("fault", ["channel_not_found", "not_in_channel", "is_archived", "restricted_action"])
def test_a_dialled_channel_error_meets_only_methods_about_a_channel(sandbox: Running, fault: str) -> None:
    sandbox.dial(sandbox.slack, target="T0ACME", fault=fault, times=2)
    assert call(sandbox, "auth.test").json()["ok"] is True
    assert post(sandbox, channel="C0ALERTS", text="a")["error"] == fault
    assert call(sandbox, "conversations.info", channel="C0ALERTS").json()["error"] == fault
    assert call(sandbox, "conversations.info", channel="C0ALERTS").json()["ok"] is True


def test_a_dialled_status_has_slacks_body(sandbox: Running) -> None:
    sandbox.dial(sandbox.slack, target="T0ACME", fault="429", retry_after=9, times=1)
    answer = call(sandbox, "auth.test")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "9")
    assert answer.json() == {"ok": False, "error": "ratelimited"}
    assert call(sandbox, "auth.test").json()["ok"] is True


def test_a_slow_answer_leaves_the_message_posted(unpaced: Running) -> None:
    unpaced.dial(unpaced.slack, fault="slow_body", times=1)
    headers = {"Authorization": f"Bearer {TOKEN}"}
    url = f"{unpaced.slack}/api/chat.postMessage"
    with pytest.raises(requests.ConnectionError, match="Read timed out"):
        requests.post(url, {"channel": "C0ALERTS", "text": "twice?"}, headers=headers, timeout=0.4)
    assert [message["text"] for message in messages(unpaced)] == ["twice?"]


def test_a_hanging_slack_posts_nothing(unpaced: Running) -> None:
    unpaced.dial(unpaced.slack, fault="timeout", times=1)
    headers = {"Authorization": f"Bearer {TOKEN}"}
    url = f"{unpaced.slack}/api/chat.postMessage"
    with pytest.raises(requests.ReadTimeout):
        requests.post(url, {"channel": "C0ALERTS", "text": "never"}, headers=headers, timeout=0.3)
    assert messages(unpaced) == []
