"""Signing in to the simulated HubSpot, and calling its API."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests

from tests.sandbox.running import Running

BACK = "http://app.test/callback"
SCOPES = "oauth crm.objects.contacts.read crm.objects.contacts.write crm.lists.read crm.lists.write"
UPSERT = "/crm/objects/2026-03/contacts/batch/upsert"


def sign_in(sandbox: Running, account: str = "11", scopes: str = SCOPES) -> dict[str, Any]:
    """The answer of the token endpoint: tokens for that account."""
    form = {"client_id": "hub-app", "scope": scopes, "redirect_uri": BACK, "account": account, "decision": "allow"}
    sent = requests.post(f"{sandbox.hubspot}/oauth/authorize", form, allow_redirects=False, timeout=5)
    code = parse_qs(urlsplit(sent.headers["Location"]).query)["code"][0]
    keys = {"client_id": "hub-app", "client_secret": "hush", "grant_type": "authorization_code"}
    told = {**keys, "code": code, "redirect_uri": BACK}
    answer: dict[str, Any] = requests.post(f"{sandbox.hubspot}/oauth/2026-03/token", told, timeout=5).json()
    return answer


def call(sandbox: Running, method: str, path: str, *, token: str, body: Any = None) -> requests.Response:
    headers = {"Authorization": f"Bearer {token}"}
    return requests.request(method, f"{sandbox.hubspot}{path}", json=body, headers=headers, timeout=5)


def upsert(sandbox: Running, token: str, email: str = "ann@acme.example", **properties: Any) -> requests.Response:
    row = {"id": email, "idProperty": "email", "objectWriteTraceId": "d-1", "properties": properties}
    return call(sandbox, "POST", UPSERT, token=token, body={"inputs": [row]})


def contacts(sandbox: Running, account: str = "11") -> list[dict[str, Any]]:
    """What the account holds, with lists and notes."""
    url = f"{sandbox.hubspot}/_sandbox/contacts"
    found: list[dict[str, Any]] = requests.get(url, {"account": account}, timeout=5).json()
    return found
