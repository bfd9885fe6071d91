"""The Salesforce simulator as an app calls it: consent, tokens, records."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import requests

from sandbox.salesforce.orgs import APP, ORGS
from tests.sandbox.running import Running

BACK = "http://app.test/callback?x=1"
VERIFIER = "v" * 64
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
ASKED = {
    "client_id": APP.client_id,
    "response_type": "code",
    "scope": "api refresh_token",
    "redirect_uri": BACK,
    "state": "s&1",
    "code_challenge": CHALLENGE,
    "code_challenge_method": "S256",
}
KEYS = {"client_id": APP.client_id, "client_secret": APP.client_secret}
PRODUCTION, SANDBOX = ORGS[0], ORGS[1]
LARGE = ORGS[4]


def decide(sandbox: Running, **asked: str) -> requests.Response:
    form = {**ASKED, "org": PRODUCTION.id, "decision": "allow", **asked}
    url = f"{sandbox.of('salesforce')}/services/oauth2/authorize"
    return requests.post(url, form, allow_redirects=False, timeout=5)


def code_for(sandbox: Running, **asked: str) -> str:
    return parse_qs(urlsplit(decide(sandbox, **asked).headers["Location"]).query)["code"][0]


def token(sandbox: Running, *, host: str = "", **form: str) -> requests.Response:
    headers = {"Host": host} if host else {}
    url = f"{sandbox.of('salesforce')}/services/oauth2/token"
    return requests.post(url, {**KEYS, **form}, headers=headers, timeout=5)


def exchange(sandbox: Running, code: str, *, host: str = "", **form: str) -> requests.Response:
    told = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, "code_verifier": VERIFIER, **form}
    return token(sandbox, host=host, **told)


def refresh(sandbox: Running, refresh_token: str, *, host: str = "") -> requests.Response:
    return token(sandbox, host=host, grant_type="refresh_token", refresh_token=refresh_token)


@dataclass(frozen=True)
class App:
    """An app with a token in an org."""

    sandbox: Running
    token: str = field(repr=False)

    def call(self, method: str, path: str, body: Any = None, *, host: str = "") -> requests.Response:
        headers = {"Authorization": f"Bearer {self.token}", **({"Host": host} if host else {})}
        url = (
            f"{self.sandbox.of('salesforce')}{path if path.startswith('/services') else f'/services/data/v66.0{path}'}"
        )
        return requests.request(method, url, json=body, headers=headers, timeout=5)

    def query(self, soql: str) -> Any:
        return self.call("GET", f"/query?q={quote(soql, safe='')}").json()

    def create(self, kind: str = "Contact", **body: Any) -> requests.Response:
        return self.call("POST", f"/sobjects/{kind}", body)


def signed_in(sandbox: Running, org: str = PRODUCTION.id) -> App:
    return App(sandbox, exchange(sandbox, code_for(sandbox, org=org)).json()["access_token"])


def contacts(sandbox: Running) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = requests.get(f"{sandbox.of('salesforce')}/_sandbox/contacts", timeout=5).json()
    return found
