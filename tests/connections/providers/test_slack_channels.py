"""Slack's channels: pages, gaps, pasted references, and what its errors mean here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from connections.provider import Answer, DirectoryPage, Entry, Failure, Reply, Request, Step, Trouble, Unread
from connections.providers.slack import PROVIDER, channels, errors
from tests.connections.providers.contract import list_page, look_up
from tests.connections.vendor import channel, error, says, slow_down

TOKEN = "xoxb-not-a-token-Zk3TqR81"
UNINVITED = "Private channels are listed only where the app is a member."
SETTINGS = {"team_id": "T0123456789"}


def listed(*found: dict[str, Any], cursor: str = "") -> Answer:
    return says({"ok": True, "channels": list(found), "response_metadata": {"next_cursor": cursor}})


def read(*replies: Reply, cursor: str = "", token: str = TOKEN) -> tuple[list[Request], DirectoryPage | Unread]:
    return list_page(PROVIDER, "channel", cursor, in_turn(replies), settings=SETTINGS, credentials={"bot_token": token})


def found(*replies: Reply, text: str = "C0123456789") -> tuple[list[Request], Entry | Unread]:
    return look_up(PROVIDER, "channel", text, in_turn(replies), settings=SETTINGS, credentials={"bot_token": TOKEN})


def in_turn(replies: tuple[Reply, ...]) -> Callable[[Step], Reply]:
    coming = iter(replies)
    return lambda _step: next(coming)


def page(*replies: Reply, cursor: str = "") -> DirectoryPage:
    _, answer = read(*replies, cursor=cursor)
    assert isinstance(answer, DirectoryPage), answer
    return answer


def unread(*replies: Reply) -> Unread:
    _, answer = read(*replies)
    assert isinstance(answer, Unread), answer
    return answer


def arguments(request: Request) -> Mapping[str, str]:
    return dict(parse_qsl(urlsplit(request.url).query))


# --------------------------------------------------------------------------- pages


def test_it_asks_for_public_private_and_archived_channels_a_thousand_at_a_time() -> None:
    (request,), _ = read(listed())
    assert urlsplit(request.url)._replace(query="").geturl() == "https://slack.com/api/conversations.list"
    assert arguments(request) == {
        "types": "public_channel,private_channel",
        "limit": "999",
        "exclude_archived": "false",
        "team_id": "T0123456789",
    }
    assert (request.method, request.headers["Authorization"], request.secrets) == (
        "GET",
        f"Bearer {TOKEN}",
        (TOKEN,),
    )


def test_the_next_page_begins_at_slacks_cursor() -> None:
    first = page(listed(channel(1), cursor="dGVhbTpDMDE="))
    (request,), last = read(listed(channel(2)), cursor=first.next_cursor)
    assert arguments(request)["cursor"] == "dGVhbTpDMDE="
    assert isinstance(last, DirectoryPage)
    assert last.next_cursor == ""


def test_an_empty_page_in_the_middle_is_no_end() -> None:
    assert page(listed(cursor="more")).next_cursor


def test_an_entry_tells_what_a_picker_has_to_show() -> None:
    told = {"is_private": True, "is_member": True, "is_archived": True, "num_members": 7, "previous_names": ["old"]}
    (entry,) = page(listed(channel(1, "alerts", **told))).entries
    assert (entry.id, entry.name) == ("C0000000001", "alerts")
    assert entry.facts == {
        "is_private": True,
        "is_member": True,
        "is_archived": True,
        "num_members": 7,
        "previous_name": "old",
    }


@pytest.mark.parametrize(
    "rubbish",
    [
        None,
        7,
        "C0123456789",
        [],
        {},
        {"id": 7},
        {"id": "U0123456789", "name": "x"},
        {"id": "C01 23456789", "name": "x"},
    ],
    ids=str,
)
def test_what_is_no_channel_is_left_out(rubbish: object) -> None:
    assert [entry.name for entry in page(listed(rubbish, channel(1, "alerts"))).entries] == ["alerts"]  # type: ignore[arg-type]


def test_a_name_is_one_plain_line_and_a_nameless_channel_is_called_by_its_id() -> None:
    rows = [channel(1, "a\u202eb\0\nc" + "d" * 500), {**channel(2), "name": None}]
    one, two = page(listed(*rows)).entries
    assert one.name.startswith("ab c")
    assert len(one.name) == channels.NAME_MOST
    assert two.name == "C0000000002"


def test_facts_that_are_no_facts_are_not_believed() -> None:
    (entry,) = page(listed(channel(1, is_private="yes", num_members=True, previous_names="x"))).entries
    assert entry.facts == {"is_private": False, "is_member": False, "is_archived": False}


# --------------------------------------------------------------------------- gaps


def test_it_says_that_private_channels_are_listed_only_where_the_app_is_a_member() -> None:
    assert page(listed()).gaps == (UNINVITED,)


@pytest.mark.parametrize(
    ("needed", "left", "gaps"),
    [
        ("groups:read", "public_channel", ("The app lacks the permission groups:read: private channels are missing.",)),
        (
            "channels:read",
            "private_channel",
            ("The app lacks the permission channels:read: public channels are missing.", UNINVITED),
        ),
    ],
)
def test_a_missing_permission_is_a_gap_and_the_rest_is_read(needed: str, left: str, gaps: tuple[str, ...]) -> None:
    missing = error("missing_scope", needed=needed, provided="chat:write")
    requests, answer = read(missing, listed(channel(1), cursor="more"))
    assert isinstance(answer, DirectoryPage)
    assert answer.gaps == gaps
    assert [arguments(request)["types"] for request in requests] == ["public_channel,private_channel", left]
    (request,), following = read(listed(), cursor=answer.next_cursor)
    assert arguments(request)["types"] == left  # and is not asked about again on every page
    assert isinstance(following, DirectoryPage)
    assert following.gaps == gaps


def test_without_any_permission_there_is_no_page() -> None:
    one, two = (error("missing_scope", needed=needed) for needed in ("channels:read", "groups:read"))
    refused = unread(one, two)
    assert refused.reason == "The app lacks the permission to see channels."
    assert not refused.retry


# --------------------------------------------------------------------------- what Slack answers


def test_a_limit_says_how_long_to_wait() -> None:
    assert (unread(slow_down(30)).retry, unread(slow_down(30)).retry_after) == (True, 30)
    by_word = replace(error("ratelimited"), headers={"retry-after": "12"})
    assert unread(by_word).retry_after == 12


def test_an_expired_cursor_means_to_begin_anew() -> None:
    assert unread(error("invalid_cursor")).anew


@pytest.mark.parametrize("word", sorted(set(errors.NAMED) - {"ratelimited", "rate_limited"}))
def test_every_named_error_is_told_in_plain_words(word: str) -> None:
    refused = unread(error(word))
    assert refused.reason.endswith(".")
    assert word not in refused.reason
    assert refused.retry or refused.fix.endswith(".")


@pytest.mark.parametrize("word", ["token_revoked", "invalid_auth", "account_inactive", "org_login_required"])
def test_a_broken_authorisation_is_not_tried_again_by_itself(word: str) -> None:
    assert not unread(error(word)).retry


@pytest.mark.parametrize("word", ["internal_error", "service_unavailable", "brand_new_error"])
def test_what_may_pass_is_tried_again(word: str) -> None:
    assert unread(error(word)).retry


def test_an_error_that_is_no_word_is_not_quoted() -> None:
    assert "nothing we can read" in unread(error("<b>No!</b>")).reason


@pytest.mark.parametrize("reply", [Answer(status=200, body=b"<html>"), Answer(status=200, body=b"[]")], ids=str)
def test_an_answer_that_cannot_be_read_is_tried_again(reply: Answer) -> None:
    assert unread(reply).retry


def test_an_answer_that_was_cut_short_is_never_taken_for_a_page() -> None:
    whole = listed(channel(1))
    cut = Answer(status=200, body=whole.body, truncated=True)
    assert unread(cut).reason == "Slack's answer is larger than what we read."


def test_a_silence_is_tried_again() -> None:
    assert unread(Failure(Trouble.TIMEOUT)) == Unread("Slack did not answer in time.", retry=True)


def test_without_a_token_nothing_is_asked() -> None:
    requests, answer = read(token="")
    assert requests == []
    assert isinstance(answer, Unread)
    assert not answer.retry


# --------------------------------------------------------------------------- one that was pasted


@pytest.mark.parametrize(
    "text",
    [
        "C0123456789",
        "  C0123456789\n",
        "https://acme.slack.com/archives/C0123456789",
        "acme.slack.com/archives/C0123456789/p1503435956000247?thread_ts=1",
        "https://acme.enterprise.slack.com/archives/C0123456789",
        "https://app.slack.com/client/T0123456789/C0123456789/thread/x",
        "slack://channel?team=T0123456789&id=C0123456789",
        "<#C0123456789|alerts>",
        "<#C0123456789>",
    ],
)
def test_an_id_is_found_in_what_people_paste(text: str) -> None:
    (request,), entry = found(says({"ok": True, "channel": channel(123456789, "alerts")}), text=text)
    assert arguments(request)["channel"] == "C0123456789"
    assert isinstance(entry, Entry)
    assert entry.name == "alerts"


@pytest.mark.parametrize(
    "text",
    [
        *("alerts", "#alerts", "", "c0123456789", "U0123456789", "C01", "<@U0123456789>", "C0123456789 C0123456780"),
        *("https://evil.example/archives/C0123456789", "https://slack.com.evil.example/archives/C0123456789"),
        *("C0123456789&token=x", "C" + "0" * 100_000),
    ],
    ids=lambda text: text[:40],
)
def test_anything_else_holds_no_id_and_slack_is_not_asked(text: str) -> None:
    requests, answer = found(text=text)
    assert requests == []
    assert isinstance(answer, Unread)
    assert answer.fix.endswith(".")


def test_a_link_that_leads_to_another_workspace_is_refused() -> None:
    requests, answer = found(text="slack://channel?team=T999999999&id=C0123456789")
    assert requests == []
    assert isinstance(answer, Unread)
    assert answer.reason == "This link leads to another Slack workspace."


def test_a_channel_that_slack_does_not_show_is_explained_with_the_apps_own_name() -> None:
    requests, answer = found(error("channel_not_found"), says({"ok": True, "user": "beaconry"}))
    assert [urlsplit(request.url).path for request in requests] == ["/api/conversations.info", "/api/auth.test"]
    assert isinstance(answer, Unread)
    assert "/invite @beaconry" in answer.fix


@pytest.mark.parametrize("whoami", [says({"ok": True, "user": "<!channel>"}), error("internal_error"), slow_down(3)])
def test_a_name_that_is_not_known_is_not_made_up(whoami: Answer) -> None:
    _, answer = found(error("channel_not_found"), whoami)
    assert isinstance(answer, Unread)
    assert "/invite and the app's name" in answer.fix
