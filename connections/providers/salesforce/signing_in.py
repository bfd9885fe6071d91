"""Signing in to Salesforce: at which host, for what, and which org a token opens.

Source: https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_web_server_flow.htm
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from connections import alerts
from connections.answers import text_of
from connections.provider import Account, Answer, Fault, Field, Identification, Kind, OAuth2, Refusal
from connections.providers.salesforce import errors, hosts
from connections.providers.salesforce.calls import Org, id_of, records

NAME_MOST = 100
_SANDBOX = re.compile(r"--([a-z0-9]+)\.")
_IDENTITY = re.compile("/id/([a-zA-Z0-9]{15})")

_HOST = Field(
    key="host",
    label="Your Salesforce",
    kind=Kind.SELECT,
    required=True,
    default=hosts.LOGIN,
    options=(
        (hosts.LOGIN, "Production or Developer Edition (login.salesforce.com)"),
        (hosts.TEST, "Sandbox (test.salesforce.com)"),
        (hosts.MY_DOMAIN, "My Domain: your company's own address"),
    ),
    hint="Choose My Domain if your company does not let you sign in at login.salesforce.com or test.salesforce.com.",
)
_MY_DOMAIN = Field(
    key="my_domain",
    label="My Domain",
    required=True,
    max_length=250,
    depends_on=("host", hosts.MY_DOMAIN),
    hint="Its name, such as acme, or acme--uat for a sandbox; or paste the address of Salesforce in your browser.",
)


OAUTH = OAuth2(
    authorize_url="https://login.salesforce.com/services/oauth2/authorize",
    token_url="https://login.salesforce.com/services/oauth2/token",  # noqa: S106  an address
    revoke_url="https://login.salesforce.com/services/oauth2/revoke",
    scopes=("api", "refresh_token"),
    account_keys=("org_id", "org_name"),
    # Salesforce requires it of partners, of confidential clients, too, and the secret besides it.
    # Source: https://developer.salesforce.com/docs/atlas.en-us.packagingGuide.meta/packagingGuide/secure_code_ac_eca.htm
    pkce=True,
    asks=(
        "See and change what you can in Salesforce: contacts and campaign members are what we use",
        "Do so while you are away, until you take it back",
    ),
    installer="Some Salesforce orgs let only an administrator approve a new app.",
    # A browser may still be signed in to another org: the page that asks shows which one it is.
    authorize_params=(("prompt", "consent"),),
    asked=(_HOST, _MY_DOMAIN),
)

_ELSEWHERE = Refusal(
    "Salesforce's answer names an address that is not Salesforce's own.",
    "Nothing was connected. Begin again; if it lasts, tell the operator of this installation.",
)
_NOT_LASTING = Refusal(
    "Salesforce gave access for a few hours only.",
    "Nothing was connected. The operator lets the app in Salesforce perform requests at any time (refresh_token).",
)
_UNKNOWN = Refusal(
    "Salesforce did not say which org it is.",
    "Nothing was connected. Begin again; if it lasts, look at status.salesforce.com.",
)


def sign_in(settings: Mapping[str, Any]) -> OAuth2:
    """Raises ``ValueError`` for settings that lead to no host of Salesforce's."""
    start = f"https://{hosts.login_host(settings)}/services/oauth2"
    return replace(OAUTH, authorize_url=f"{start}/authorize", token_url=f"{start}/token", revoke_url=f"{start}/revoke")


def faults(settings: Mapping[str, Any]) -> list[Fault]:
    """What is wrong with a My Domain."""
    if settings.get("host") != hosts.MY_DOMAIN or hosts.my_domain_host(settings.get("my_domain")):
        return []
    words = (
        "This is no My Domain. Enter its name alone, such as acme or acme--uat, or the address that ends in"
        " .my.salesforce.com."
    )
    return [Fault(field=_MY_DOMAIN.key, message=words)]


def identify(token: Mapping[str, Any]) -> Identification:
    """The org's id, name and kind. Its address comes with the token, and is checked before it is ever used."""
    url = hosts.instance(token.get("instance_url"))
    if not url:
        return _ELSEWHERE
    if not token.get("refresh_token"):
        return _NOT_LASTING
    opened = Org(url, token["access_token"])
    reply = yield opened.query("SELECT Id, Name, IsSandbox, OrganizationType, InstanceName FROM Organization LIMIT 1")
    rows = records(reply) if isinstance(reply, Answer) else None
    if rows is None:
        told = errors.named(reply)
        return Refusal(told.reason, f"Nothing was connected. {told.fix}") if told else _UNKNOWN
    return _account(rows[0], token, url) if rows else _UNKNOWN


def _account(row: Mapping[str, Any], token: Mapping[str, Any], url: str) -> Account | Refusal:
    org_id = id_of(row.get("Id"), "00D")
    if not org_id or not _is_of(token, org_id):
        return _UNKNOWN
    name = _name(row, url) or org_id
    settings = {
        "org_id": org_id,
        "org_name": name,
        "account_type": _kind(row),
        "instance_url": url,
        "instance_name": alerts.cut(alerts.one_line(text_of(row.get("InstanceName"))), 20),
        "scopes": [scope for scope in OAUTH.scopes if scope in text_of(token.get("scope")).split()],
    }
    return Account(id=org_id, name=name, settings=settings, credentials=_secrets(token))


def _name(row: Mapping[str, Any], url: str) -> str:
    """A sandbox has the name of the org that it was copied from: its own, from its address, goes with it."""
    name = alerts.cut(alerts.one_line(text_of(row.get("Name"))), NAME_MOST)
    if row.get("IsSandbox") is not True:
        return name
    own = _SANDBOX.search(url)
    return f"{name} (sandbox {own[1]})" if own else f"{name} (sandbox)"


def _is_of(token: Mapping[str, Any], org_id: str) -> bool:
    """Whether the identity that came with the token is of the same org; 15 characters of an id tell it already.

    Source: https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_using_openid.htm
    """
    told = _IDENTITY.search(text_of(token.get("id")))
    return told is None or told[1] == org_id[:15]


def _kind(row: Mapping[str, Any]) -> str:
    if row.get("IsSandbox") is True:
        return "sandbox"
    return "developer" if row.get("OrganizationType") == "Developer Edition" else "production"


def _secrets(token: Mapping[str, Any]) -> dict[str, str]:
    """Salesforce does not say when an access token ends: that is an org's own setting."""
    return {key: str(token[key]) for key in ("access_token", "refresh_token", "expires_at") if token.get(key)}
