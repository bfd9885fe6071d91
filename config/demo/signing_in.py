"""Signs in to the simulated HubSpot for the demo, the way a colleague with a link would: consent, code, token.

Nothing of it is made by hand: every step is the portal's own, and the simulator's consent page is answered over HTTP.
"""

from __future__ import annotations

import secrets
from urllib.parse import parse_qsl, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3 import Retry

from connections.connecting import arriving, departing, tickets
from connections.connecting.arriving import Answered
from connections.connecting.keeping import Connected
from connections.models import Connection
from connections.provider import Refusal
from workspaces.models import Workspace

HUBSPOT = "hubspot"
# The simulators start while the database is made: this waits some ten seconds for them.
_PATIENCE = Retry(connect=60, backoff_factor=0.01, backoff_max=0.25)


class SignInError(Exception):
    """Nobody could sign in; the message says why."""


def sign_in(workspace: Workspace, *, account: str, actor: str) -> Connection:
    """Connect that account of the simulator's. Raises ``SignInError``."""
    nonce = secrets.token_urlsafe(32)
    pending = tickets.make_link(workspace=workspace, provider_slug=HUBSPOT, actor=actor).pending
    consent = departing.depart(pending, nonce=nonce)
    if isinstance(consent, Refusal):
        raise SignInError(consent.reason)
    cookies = {tickets.cookie_name(pending): nonce}
    ended = arriving.arrive(slug=HUBSPOT, answered=_agree(consent, account), cookies=cookies)
    if not isinstance(ended, Connected):
        raise SignInError(ended.reason if isinstance(ended, Refusal) else f"The account is {ended.found}.")
    return ended.connection


def _agree(consent: str, account: str) -> Answered:
    """Press the button of the consent page. What it would send the browser back with."""
    page = urlsplit(consent)
    form = {**dict(parse_qsl(page.query)), "account": account, "decision": "allow"}
    with requests.Session() as session:
        session.trust_env = False
        session.mount("http://", HTTPAdapter(max_retries=_PATIENCE))
        answer = session.post(page._replace(query="").geturl(), form, allow_redirects=False, timeout=10)
    if answer.status_code != requests.codes.found:
        raise SignInError(f"The consent page of account {account} answered {answer.status_code}.")
    back = dict(parse_qsl(urlsplit(answer.headers["Location"]).query))
    return Answered(state=back["state"], code=back["code"])
