"""The headers that customers may choose, and those they may not."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from connections.envelope import milliseconds
from connections.provider import Fault, Job

HEADERS_MOST = 5

_NAME = re.compile("[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")  # RFC 9110, section 5.6.2
_VALUE = re.compile("[!-~]([ -~]*[!-~])?")  # RFC 9110, section 5.5, of which every receiver reads ASCII alike
_VALUE_RULE = "must be one line of plain ASCII without spaces at its ends."

# What belongs to the connection itself, to the body's length and form, to proxies, or to what we say there.
_RESERVED = (
    *("connection", "expect", "host", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "via"),
    *("accept-encoding", "content-encoding", "content-length", "content-type", "date", "user-agent"),
)
_RESERVED_BEGINNINGS = ("webhook-", "x-meshes-", "x-jackfield-", "proxy-", "sec-")

_LEGIBLE = "!\"#$&'()*+,/:;<=>?@[\\]^`{|}"  # stays as it is in a fact; "%", spaces and all beyond ASCII are encoded


def authentication(settings: Mapping[str, Any], credentials: Mapping[str, str]) -> dict[str, str]:
    """The header by which the receiver knows us; none without a scheme."""
    match settings.get("auth_scheme", "none"):
        case "basic":
            pair = f"{settings.get('username', '')}:{credentials.get('password', '')}"
            return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
        case "bearer":
            return {"Authorization": f"Bearer {credentials.get('token', '')}"}
        case "header":
            return {settings.get("header_name", ""): credentials.get("header_value", "")}
    return {}


def facts(job: Job) -> dict[str, str]:
    """What the wrapped body says about the event, for a raw body, which cannot. Odd characters are percent-encoded."""
    event = job.event
    more = {"X-Jackfield-Digest-Count": str(job.digest.count)} if job.digest else {}
    return {
        **more,
        "X-Meshes-Event-Id": str(event.id),
        "X-Meshes-Event": quote(event.type, safe=_LEGIBLE),
        "X-Meshes-Resource": quote(event.resource, safe=_LEGIBLE),
        "X-Meshes-Resource-Id": quote(event.resource_id, safe=_LEGIBLE),
        "X-Meshes-Time-Created": str(milliseconds(event.created_at)),
        "X-Meshes-Time-Sent": str(milliseconds(job.first_sent_at)),
    }


def with_custom(ours: Mapping[str, str], settings: Mapping[str, Any]) -> dict[str, str]:
    """Our headers and the customer's; ours win, however a name is written."""
    taken = {name.lower() for name in ours}
    custom: Mapping[str, str] = settings.get("headers") or {}
    return {**{name: value for name, value in custom.items() if name.lower() not in taken}, **ours}


def check(settings: Mapping[str, Any], credentials: Mapping[str, str]) -> list[Fault]:
    """Faults of the custom headers and of the authentication."""
    return [*_check_custom(settings), *_check_authentication(settings, credentials)]


def _check_custom(settings: Mapping[str, Any]) -> list[Fault]:
    custom: Mapping[str, object] = settings.get("headers") or {}
    names = [name.lower() for name in custom]
    said = [message for name, value in custom.items() for message in _wrong_header(name, value)]
    if len(custom) > HEADERS_MOST:
        said.append(f"At most {HEADERS_MOST} headers are possible. Remove {len(custom) - HEADERS_MOST}.")
    if len(set(names)) < len(names):
        said.append("A header is there twice. Remove one of the two.")
    said += [
        f"{name} is already sent by the authentication. Remove one of the two."
        for name in authentication(settings, {})
        if name.lower() in names
    ]
    return [Fault(field="headers", message=message) for message in said] or _warn_of_open_secrets(names)


def _warn_of_open_secrets(names: list[str]) -> list[Fault]:
    if "authorization" not in names:
        return []
    hint = "Everybody who may see this connection can read these headers. Choose an authentication instead."
    return [Fault(field="headers", message=hint, warning=True)]


def _check_authentication(settings: Mapping[str, Any], credentials: Mapping[str, str]) -> list[Fault]:
    match settings.get("auth_scheme", "none"):
        case "basic" if ":" in settings.get("username", ""):
            return [Fault(field="username", message="A user name cannot contain a colon. Remove it.")]
        case "bearer":
            return _wrong_secret("token", "The token", credentials)
        case "header":
            name = _wrong_name(settings.get("header_name", ""))
            faults = [Fault(field="header_name", message=message) for message in name]
            return [*faults, *_wrong_secret("header_value", "The value", credentials)]
    return []


def _wrong_header(name: str, value: object) -> list[str]:
    fits = isinstance(value, str) and _VALUE.fullmatch(value)
    return _wrong_name(name) + ([] if fits else [f"{name!r}: the value {_VALUE_RULE}"])


def _wrong_name(name: str) -> list[str]:
    if not _NAME.fullmatch(name):
        return [f"{name!r} is no header name. Use letters, digits and hyphens."]
    if name.lower() in _RESERVED or name.lower().startswith(_RESERVED_BEGINNINGS):
        return [f"{name!r} is set by us. Choose another name."]
    return []


def _wrong_secret(key: str, label: str, credentials: Mapping[str, str]) -> list[Fault]:
    value = credentials.get(key, "")
    return [] if not value or _VALUE.fullmatch(value) else [Fault(field=key, message=f"{label} {_VALUE_RULE}")]
