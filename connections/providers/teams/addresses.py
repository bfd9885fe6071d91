"""Which addresses are workflows of Microsoft's: the address is the secret, so it goes to nobody else.

Source: https://support.microsoft.com/en-us/office/create-incoming-webhooks-with-workflows-for-microsoft-teams
"""

from __future__ import annotations

from urllib.parse import urlsplit

HOSTS = (".logic.azure.com", ".powerplatform.com")

_SHORTEST = 12  # what is shorter is a version number, and striking it out would garble other texts
_RETIRED = (".webhook.office.com", "outlook.office.com")
_NO_HOST = (
    "This is no address of a workflow. It begins with https:// and its host ends in logic.azure.com or"
    " powerplatform.com."
)
_CONNECTOR = "This address belongs to an Office 365 connector, which Microsoft has retired. Make a workflow instead."
_UNSIGNED = (
    "The address lacks its signature (sig=…). Copy the whole address; in the workflow's first step,"
    " anyone must be allowed to trigger it."
)


def fault_of(url: str) -> str:
    """What is wrong with a pasted address and how to mend it; empty when it is in order."""
    if not is_workflow(url):
        return _CONNECTOR if _host(url).endswith(_RETIRED) else _NO_HOST
    return "" if "sig=" in urlsplit(url).query else _UNSIGNED


def is_workflow(url: str) -> bool:
    """Whether a host of Microsoft's is addressed, over TLS."""
    return url.startswith("https://") and _host(url).endswith(HOSTS)


def secrets_in(url: str) -> tuple[str, ...]:
    """The address and the parts of it that must not be kept, wherever they are repeated."""
    parts = urlsplit(url)
    values = [value for pair in parts.query.split("&") if (value := pair.partition("=")[2])]
    return tuple(secret for secret in (url, parts.path, parts.query, *values) if len(secret) >= _SHORTEST)


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
