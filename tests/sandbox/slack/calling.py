"""Calling the simulated Web API."""

from __future__ import annotations

from typing import Any

import requests

from tests.sandbox.running import TOKEN, Running


def call(sandbox: Running, method: str, *, token: str = TOKEN, **args: Any) -> requests.Response:
    """A form POST, as most methods take it."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return requests.post(f"{sandbox.slack}/api/{method}", data=args, headers=headers, timeout=5)


def post(sandbox: Running, *, token: str = TOKEN, **args: Any) -> dict[str, Any]:
    """``chat.postMessage`` with a JSON body."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json; charset=utf-8"}
    answer = requests.post(f"{sandbox.slack}/api/chat.postMessage", json=args, headers=headers, timeout=5)
    found: dict[str, Any] = answer.json()
    return found


def messages(sandbox: Running, **query: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = requests.get(f"{sandbox.slack}/_sandbox/messages", query, timeout=5).json()
    return found
