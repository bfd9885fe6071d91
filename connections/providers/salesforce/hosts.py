"""Which hosts are Salesforce's: nothing that a person typed, or an answer named, is ever spoken to besides these.

A host is never taken over from a text. It is put together from the letters, digits and hyphens that were found in it.
Source: https://help.salesforce.com/s/articleView?id=xcloud.domain_name_app_url_formats.htm
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

LOGIN, TEST, MY_DOMAIN = "login", "test", "my_domain"

_NAME_MOST = 63  # characters of one label of a host name (RFC 1035); Salesforce's own limits are shorter
_WORD = "[a-z0-9]+(?:-[a-z0-9]+)*"  # two hyphens in a row stand before a sandbox's name only
_TYPED = re.compile(
    rf"(?:https://)?(?P<name>{_WORD})(?:--(?P<sandbox>[a-z0-9]+)(?:\.sandbox)?)?"
    r"(?:\.(?:my\.salesforce|lightning\.force)\.com)?(?:/\S*)?"
)
_INSTANCE = re.compile(rf"https://((?:{_WORD}(?:--[a-z0-9]+)?\.){{1,4}}salesforce\.com)/?")


def login_host(settings: Mapping[str, Any]) -> str:
    """The host that one signs in at. Raises ``ValueError`` for a choice, or a name, that leads to none."""
    match settings.get("host"):
        case "login":
            return "login.salesforce.com"
        case "test":
            return "test.salesforce.com"
        case "my_domain":
            if found := my_domain_host(settings.get("my_domain")):
                return found
    raise ValueError("No host of Salesforce's is named.")


def my_domain_host(typed: object) -> str:
    """``acme.my.salesforce.com`` from the name, or from a pasted address of the org; "" when it is none."""
    text = typed.strip() if isinstance(typed, str) else ""
    # Before lower(): there are letters beyond ASCII whose lower case is in it, such as the Kelvin sign.
    found = _TYPED.fullmatch(text.lower()) if text.isascii() else None
    if found is None:
        return ""
    sandbox = f"--{found['sandbox']}" if found["sandbox"] else ""
    label = f"{found['name']}{sandbox}"
    if len(label) > _NAME_MOST:
        return ""
    return f"{label}.sandbox.my.salesforce.com" if sandbox else f"{label}.my.salesforce.com"


def instance(url: object) -> str:
    """The origin of an org's API from what a token's answer named, without a slash; "" when it is not Salesforce's."""
    found = _INSTANCE.fullmatch(url) if isinstance(url, str) and len(url) <= 250 else None
    return f"https://{found[1]}" if found else ""
