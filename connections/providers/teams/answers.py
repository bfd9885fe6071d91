"""What a workflow's answers mean. 202 says that it has begun; what it does then stands in its own run history.

Sources: https://learn.microsoft.com/en-us/azure/logic-apps/logic-apps-http-endpoint and, for the throttling,
https://learn.microsoft.com/en-us/power-automate/limits-and-config
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime

from connections.provider import Answer, Code, Culprit, Failure, Inactive, Outcome, Reply, Trouble
from connections.verdicts import judge, judge_vendor, may_have_arrived

NAME = "Microsoft Teams"
MAY_SHOW_TWICE = "Teams may have posted the message all the same, and then shows it twice: it cannot tell a repetition."

_NEW_ADDRESS = "Make a new workflow for the channel in Teams and paste its address in the connection; then it is sent."
# What the owner of the address can mend, although the host is Microsoft's.
_OF_THE_ADDRESS = (Trouble.NAME_NOT_FOUND, Trouble.FORBIDDEN_ADDRESS, Trouble.FORBIDDEN_URL)


def _closed(reason: str, fix: str, inactive: Inactive | None = Inactive.ENDPOINT_GONE) -> Outcome:
    """Held until somebody has mended the connection."""
    return Outcome(
        code=Code.REJECTED_CLIENT_ERROR,
        culprit=Culprit.CONNECTION,
        retry=True,
        reason=reason,
        fix=fix,
        inactive=inactive,
    )


_GONE = _closed("The workflow was deleted, or its owner left the organization.", _NEW_ADDRESS)
_OFF = _closed(
    "The workflow was switched off.", "Switch it on again in Teams under Workflows, then the connection here."
)
_NOT_ALLOWED = replace(
    _closed("The workflow did not accept its address: it was made anew, or its owner left.", _NEW_ADDRESS),
    code=Code.AUTH_FAILED,
    inactive=Inactive.AUTHENTICATION_INVALID,
)
_TENANT_ONLY = replace(
    _NOT_ALLOWED,
    reason="The workflow lets only people of its own organization trigger it.",
    fix="In the workflow's first step let anyone trigger it, copy its new address and paste it in the connection.",
)
_REFUSED = _closed(
    "The workflow refused the message: it was changed or switched off, or it expects something else.",
    "Open the workflow in Teams under Workflows. It must begin with a webhook request and be switched on.",
    inactive=None,
)
_TOO_LARGE = Outcome(
    code=Code.REJECTED_CLIENT_ERROR,
    culprit=Culprit.DELIVERY,
    reason="Teams says that the message is too large.",
    fix="Shorten the text or the fields in the rule; then send again.",
)
NO_WORKFLOW = replace(_closed("The connection has no address of a workflow.", _NEW_ADDRESS), retry=False, inactive=None)

# A word that is known counts more than the status it came with: switched-off workflows answer 400 and 404.
_NAMED = {
    "WorkflowNotFound": _GONE,
    "WorkflowTriggerNotFound": _GONE,
    "WorkflowTriggerVersionNotFound": _GONE,
    "WorkflowTriggerIsNotEnabled": _OFF,
    "WorkflowDisabled": _OFF,
    "DirectApiAuthorizationRequired": _TENANT_ONLY,
}
_BY_STATUS = {400: _REFUSED, 401: _NOT_ALLOWED, 403: _NOT_ALLOWED, 404: _GONE, 410: _GONE, 413: _TOO_LARGE}


def read(reply: Reply, *, now: datetime) -> Outcome:
    """The outcome of one call of the workflow."""
    if isinstance(reply, Failure):
        outcome = (judge if reply.trouble in _OF_THE_ADDRESS else judge_vendor)(reply, NAME, now=now)
    elif 200 <= reply.status < 300:
        return Outcome(code=Code.DELIVERED, reason="The workflow took the message.")
    elif reply.status in _BY_STATUS:
        return _named(reply) or _BY_STATUS[reply.status]
    else:
        outcome = judge_vendor(reply, NAME, now=now)
    return replace(outcome, notes=(MAY_SHOW_TWICE,)) if may_have_arrived(reply) else outcome


def _named(reply: Answer) -> Outcome | None:
    """``{"error": {"code": "WorkflowTriggerIsNotEnabled", "message": "…"}}``"""
    try:
        error = json.loads(reply.body)["error"]["code"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return _NAMED.get(error) if isinstance(error, str) else None
