"""Slack: whose workspace a token opens."""

from __future__ import annotations

from typing import Any

import pytest

from connections.provider import Account, Client, Refusal, Request
from connections.providers.slack import PROVIDER
from tests.connections.signing_in import SLACK_TOKEN

CLIENT = Client("1.2", "hush")


def identify(**changed: Any) -> Account | Refusal:
    course = PROVIDER.identify({**SLACK_TOKEN, **changed}, CLIENT)
    with pytest.raises(StopIteration) as end:
        next(course)
    found: Account | Refusal = end.value.value
    return found


def test_everything_stands_in_the_tokens_own_answer() -> None:
    account = identify()
    assert isinstance(account, Account)
    assert (account.id, account.name) == ("T0ACME", "Acme Team")
    assert account.settings == {
        "team_id": "T0ACME",
        "team_name": "Acme Team",
        "bot_user_id": "U0BOT",
        "app_id": "A0APP",
        "scopes": ["chat:write", "chat:write.public", "channels:read", "groups:read", "team:read"],
    }
    assert account.credentials == {"bot_token": "xoxb-acme-canary-1"}
    assert "canary" not in repr(account)


def test_the_organization_of_a_team_is_kept() -> None:
    account = identify(enterprise={"id": "E0BIG", "name": "Big"})
    assert isinstance(account, Account)
    assert account.settings["enterprise_id"] == "E0BIG"


@pytest.mark.parametrize("name", ["", None, 7, "x" * 500, "a\nb\0c", "\u202egnp"], ids=ascii)
def test_a_name_is_one_line_of_a_fitting_length(name: Any) -> None:
    account = identify(team={"id": "T0ACME", "name": name})
    assert isinstance(account, Account)
    assert 1 <= len(account.name) <= 100
    assert account.name.isprintable()


@pytest.mark.parametrize(
    "changed",
    [{"team": None}, {"team": {}}, {"team": {"id": "t/../x"}}, {"team": "T0ACME"}, {"token_type": "user"}],
    ids=str,
)
def test_what_is_no_bot_in_one_team_is_not_connected(changed: dict[str, Any]) -> None:
    assert isinstance(identify(**changed), Refusal)


@pytest.mark.parametrize("odd", [{"bot_user_id": ["x"]}, {"app_id": "<b>"}, {"scope": 7}, {"enterprise": "E"}], ids=str)
def test_an_odd_detail_is_left_out(odd: dict[str, Any]) -> None:
    account = identify(**odd)
    assert isinstance(account, Account)
    assert set(odd).isdisjoint(account.settings)


def test_giving_it_back_takes_the_app_out_of_the_team() -> None:
    [request] = list(PROVIDER.revoke({"bot_token": "xoxb-canary"}))
    assert isinstance(request, Request)
    assert (request.url, request.secrets) == ("https://slack.com/api/auth.revoke", ("xoxb-canary",))
    assert list(PROVIDER.revoke({})) == []
