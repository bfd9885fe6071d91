"""Tokens that rotate: twelve hours, a refresh token for one time only, and no mercy for the second."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from tests.sandbox.running import Running
from tests.sandbox.slack.calling import call, post

KEYS = {"client_id": "1.2", "client_secret": "hush"}
BACK = "http://app.test/callback"


@pytest.fixture
def rotating(sandbox: Running) -> Iterator[Running]:
    sandbox.dial(sandbox.slack, target="T0ACME", fault="rotation")
    yield sandbox
    sandbox.reset()


def installed(sandbox: Running) -> dict[str, Any]:
    form = {"client_id": "1.2", "redirect_uri": BACK, "scope": "chat:write", "team": "T0ACME", "decision": "allow"}
    back = requests.post(f"{sandbox.slack}/oauth/v2/authorize", form, allow_redirects=False, timeout=5)
    code = parse_qs(urlsplit(back.headers["Location"]).query)["code"][0]
    found: dict[str, Any] = call(sandbox, "oauth.v2.access", token="", code=code, **KEYS).json()
    return found


def renew(sandbox: Running, refresh_token: str, **form: str) -> dict[str, Any]:
    told = {"grant_type": "refresh_token", "refresh_token": refresh_token, **KEYS, **form}
    found: dict[str, Any] = call(sandbox, "oauth.v2.access", token="", **told).json()
    return found


def posted(sandbox: Running, token: str) -> object:
    answer = post(sandbox, token=token, channel="C0ALERTS", text="hello")
    return answer["ok"] or answer["error"]


def test_without_the_switch_tokens_stay(sandbox: Running) -> None:
    assert {"refresh_token", "expires_in"} & installed(sandbox).keys() == set()


def test_each_renewal_gives_a_new_pair_of_twelve_hours(rotating: Running) -> None:
    first = installed(rotating)
    second = renew(rotating, first["refresh_token"])
    third = renew(rotating, second["refresh_token"])
    assert len({pair[key] for pair in (first, second, third) for key in ("access_token", "refresh_token")}) == 6
    assert (third["ok"], third["expires_in"], third["team"]["id"]) == (True, 43_200, "T0ACME")
    assert posted(rotating, third["access_token"]) is True


def test_a_refresh_token_that_comes_twice_costs_the_install_its_tokens(rotating: Running) -> None:
    first = installed(rotating)
    second = renew(rotating, first["refresh_token"])
    assert renew(rotating, first["refresh_token"])["error"] == "invalid_refresh_token"
    assert renew(rotating, second["refresh_token"])["error"] == "invalid_refresh_token"
    assert posted(rotating, second["access_token"]) == "token_revoked"


def test_another_app_cannot_use_it_and_spends_nothing(rotating: Running) -> None:
    first = installed(rotating)
    assert renew(rotating, first["refresh_token"], client_id="3.4")["error"] == "invalid_refresh_token"
    assert renew(rotating, first["refresh_token"])["ok"]


def test_access_tokens_can_be_ended_at_once(rotating: Running) -> None:
    first = installed(rotating)
    assert requests.delete(f"{rotating.slack}/_sandbox/access-tokens", timeout=5).status_code == 204
    assert posted(rotating, first["access_token"]) == "token_expired"
    assert posted(rotating, renew(rotating, first["refresh_token"])["access_token"]) is True


def test_a_renewal_can_be_made_to_fail(rotating: Running) -> None:
    first = installed(rotating)
    rotating.dial(rotating.slack, target="T0ACME", fault="503", times=1)
    assert renew(rotating, first["refresh_token"])["error"] == "service_unavailable"
    assert renew(rotating, first["refresh_token"])["ok"]
