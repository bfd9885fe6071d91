"""What HubSpot's refusals mean: who has to act, whether trying again can help, and what to tell them.

Source: https://developers.hubspot.com/docs/api-reference/error-handling. A permission that was revoked or narrowed is
worth a retry, because deliveries are held until the account is reconnected.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from connections.answers import list_of, object_of, parsed, text_of
from connections.provider import Answer, Code, Culprit, Failure, Inactive, Outcome, Reply
from connections.providers.hubspot import refusals
from connections.providers.hubspot.signing_in import OAUTH
from connections.verdicts import judge_vendor, no_access, retry_after

NAME = "HubSpot"
LOCKED_SECONDS = 2.0  # "Locks will last for 2 seconds"
# How long each limit lasts, where no Retry-After says it.
# Source: https://developers.hubspot.com/docs/developer-tooling/platform/usage-guidelines
POLICIES = {"DAILY": 3_600.0, "TEN_SECONDLY_ROLLING": 10.0, "SECONDLY": 1.0}

_SCOPE = re.compile("[a-z][a-z0-9._-]{1,79}")
_SCOPE_KEYS = ("requiredGranularScopes", "missingScopes", "requiredScopes")
_AGAIN = "Nothing needs to be done: it is tried again."
_RECONNECT = "Reconnect HubSpot. The rules stay as they are, and what is held back is sent."


def _account(reason: str, inactive: Inactive | None, *, fix: str = _RECONNECT, renew: bool = False) -> Outcome:
    return no_access(reason, fix=fix, inactive=inactive, renew=renew)


def _later(code: Code, reason: str) -> Outcome:
    return Outcome(code=code, culprit=Culprit.PROVIDER, retry=True, reason=reason, fix=_AGAIN)


EXPIRED = _account("HubSpot's permission has run out.", Inactive.REAUTHORIZATION_REQUIRED, renew=True)
REVOKED = _account(
    "HubSpot did not accept our token: the app was removed from the account, or its permission taken back.",
    Inactive.AUTHORIZATION_REVOKED,
)
NO_TOKEN = _account("There is no token for this HubSpot account.", Inactive.REAUTHORIZATION_REQUIRED)
_TOO_LITTLE = _account(
    "HubSpot says that a permission is missing.",
    Inactive.REAUTHORIZATION_REQUIRED,
    fix="Reconnect HubSpot and allow what it asks for. The rules stay, and what is held back is sent.",
)
_NOT_ALLOWED = _account(
    "HubSpot does not allow the app to do this in the account.",
    None,
    fix="Ask an admin of the HubSpot account to allow it; then send again.",
)
_CONFLICT = _later(
    Code.REJECTED_CLIENT_ERROR, "HubSpot says that somebody else changed the same contact at that moment."
)
_LOCKED = _later(Code.REJECTED_SERVER_ERROR, "HubSpot has locked its contacts for a moment, because many change.")
_MOVING = _later(Code.REJECTED_SERVER_ERROR, "HubSpot is moving the account to another data centre.")
_THROTTLED = _later(Code.RATE_LIMITED, "HubSpot asks us to slow down.")
_USED_UP = _later(Code.RATE_LIMITED, "The HubSpot account has used up its calls of the day.")
UNREADABLE = _later(Code.REJECTED_SERVER_ERROR, "HubSpot gave an answer that we cannot read.")
UNNAMED = Outcome(
    code=Code.REJECTED_CLIENT_ERROR,
    culprit=Culprit.RULE,
    reason="HubSpot refused the values, and does not name the property that is wrong.",
    fix="Look at HubSpot's answer in the attempt, correct what is mapped, and send again.",
)
_UNEXPLAINED = Outcome(
    code=Code.REJECTED_CLIENT_ERROR,
    culprit=Culprit.PROVIDER,
    retry=True,
    reason="HubSpot refused the request, and gave no reason that we can read.",
    fix="It is tried again. If it lasts, look at HubSpot's answer in the attempt.",
)

# The status that an error inside of a 207 would have had as an answer of its own.
_STATUS_OF = {
    "VALIDATION_ERROR": 400,
    "INVALID_AUTHENTICATION": 401,
    "EXPIRED_AUTHENTICATION": 401,
    "MISSING_SCOPES": 403,
    "OBJECT_NOT_FOUND": 404,
    "CONFLICT": 409,
    "RATE_LIMITS": 429,
}


def judge(reply: Reply, *, now: datetime | None = None, gone: Outcome | None = None) -> Outcome:
    """What a reply means that is no success; ``gone`` is what HubSpot's own 404 means to this call."""
    if isinstance(reply, Failure):
        return judge_vendor(reply, NAME, now=now)
    said = parsed(reply)
    if reply.status == 404 and gone and is_ours(said):
        return gone
    known = _named(reply.status, said)
    if known is None:
        return judge_vendor(reply, NAME, now=now)
    return _waiting(known, reply, said, now=now)


def judge_part(error: Mapping[str, Any], reply: Answer, *, now: datetime | None = None) -> Outcome:
    """What an error inside of a 207 means: the same as an answer of that category."""
    status = _STATUS_OF.get(text_of(error.get("category")), 0)
    return _waiting(_named(status, error) or _UNEXPLAINED, reply, error, now=now)


def is_ours(said: Mapping[str, Any]) -> bool:
    """Whether it is HubSpot's own error, and not that of something on the way."""
    return said.get("status") == "error" or bool(text_of(said.get("category")))


def missing_scopes(said: Mapping[str, Any]) -> list[str]:
    """The permissions that HubSpot asks for, as far as they look like ones."""
    contexts = [said, *(object_of(one) for one in list_of(said.get("errors")))]
    found = [
        scope for one in contexts for key in _SCOPE_KEYS for scope in list_of(object_of(one.get("context")).get(key))
    ]
    return [scope for scope in dict.fromkeys(map(text_of, found)) if _SCOPE.fullmatch(scope)]


def _named(status: int, said: Mapping[str, Any]) -> Outcome | None:
    match status:
        case 400:
            return _refused(said)
        case 401:
            return EXPIRED if said.get("category") == "EXPIRED_AUTHENTICATION" else REVOKED
        case 403:
            return _forbidden(said)
        case 409:
            return refusals.outcome_of(said) or _CONFLICT
        case 423:
            return _LOCKED
        case 429:
            return _USED_UP if said.get("policyName") == "DAILY" else _THROTTLED
        case 477:
            return _MOVING
    return None


def _refused(said: Mapping[str, Any]) -> Outcome:
    if told := refusals.outcome_of(said):
        return told
    return UNNAMED if said.get("category") == "VALIDATION_ERROR" else _UNEXPLAINED


def _forbidden(said: Mapping[str, Any]) -> Outcome:
    """A permission for lists is asked for only where an account has lists: without it all else goes on."""
    if said.get("category") != "MISSING_SCOPES":
        return _NOT_ALLOWED
    scopes = missing_scopes(said)
    if not scopes:
        return _TOO_LITTLE
    reason = f"HubSpot says that a permission is missing: {', '.join(scopes[:5])}."
    vital = set(scopes) - set(OAUTH.optional_scopes)
    return replace(_TOO_LITTLE, reason=reason, inactive=_TOO_LITTLE.inactive if vital else None)


def _waiting(outcome: Outcome, reply: Answer, said: Mapping[str, Any], *, now: datetime | None = None) -> Outcome:
    """With the time that HubSpot asks for: it is known how long each of its limits lasts."""
    asked = retry_after(reply, now=now)
    if outcome is _LOCKED:
        return replace(outcome, retry_after=max(asked or 0.0, LOCKED_SECONDS))
    if outcome is _MOVING:
        return replace(outcome, retry_after=asked or POLICIES["DAILY"])
    if outcome.code is Code.RATE_LIMITED:
        return replace(outcome, retry_after=asked or _lasts(reply, said))
    return outcome


def _lasts(reply: Answer, said: Mapping[str, Any]) -> float:
    policy = text_of(said.get("policyName"))
    if policy == "DAILY":
        return POLICIES[policy]
    told = reply.headers.get("x-hubspot-ratelimit-interval-milliseconds", "")
    interval = int(told) / 1000 if told.isascii() and told.isdigit() and len(told) < 8 else 0.0
    return interval or POLICIES.get(policy) or POLICIES["TEN_SECONDLY_ROLLING"]
