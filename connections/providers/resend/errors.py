"""What Resend's named errors mean: who has to act, whether trying again can help, and what to tell them.

Source: https://resend.com/docs/api-reference/errors. Its messages are never quoted, since they repeat what was sent.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from connections.answers import parsed, text_of
from connections.provider import Answer, Code, Culprit, Failure, Inactive, Outcome, Reply
from connections.verdicts import judge_vendor, no_access, retry_after

NAME = "Resend"
_MEND_RULE = "The answer in the attempt names the field. Correct the rule; then send again."
_NEW_KEY = "Make a new API key at Resend and enter it in the connection. What is held back is then sent."
_QUOTA_SECONDS = 900.0  # between tries, while a quota is used up and Resend does not say until when
_SOON_SECONDS = 5.0


def _rule(reason: str, fix: str = _MEND_RULE) -> Outcome:
    return Outcome(code=Code.REJECTED_CLIENT_ERROR, culprit=Culprit.RULE, reason=reason, fix=fix)


def _key(reason: str) -> Outcome:
    return no_access(reason, fix=_NEW_KEY, inactive=Inactive.AUTHENTICATION_INVALID)


def _busy(reason: str, fix: str, seconds: float | None = None, culprit: Culprit = Culprit.PROVIDER) -> Outcome:
    return Outcome(code=Code.RATE_LIMITED, culprit=culprit, retry=True, reason=reason, fix=fix, retry_after=seconds)


def _ours(reason: str) -> Outcome:
    fix = "Tell the operator of this installation."
    said = f"{reason} That is a fault of ours."
    return Outcome(code=Code.REJECTED_CLIENT_ERROR, culprit=Culprit.US, reason=said, fix=fix)


NO_KEY = _key("The connection has no API key.")
NO_SUCH = _rule(
    "Resend does not know the {what} of the rule: it was deleted.",
    "Choose another {what} in the rule; then send again.",
)
# Worth a retry, unlike its neighbours: the domain is verified at Resend, and nobody need come back here.
_DOMAIN = Outcome(
    code=Code.REJECTED_CLIENT_ERROR,
    culprit=Culprit.CONNECTION,
    retry=True,
    reason="Resend does not let this account send from that domain to these recipients: the domain is not verified.",
    fix="Verify the domain of the sender at Resend. It is tried again by itself.",
)
RESTRICTED = replace(
    _key("The API key may only send mails, and this needs more."),
    retry=False,
    inactive=None,  # what only sends goes on working
    fix="Make an API key with full access at Resend and enter it in the connection; then send again.",
)
_QUOTA = "Wait for the quota to be renewed, or choose a larger plan at Resend. It is tried again by itself."
_FIELDS = _rule("Resend found a field in the request that it does not take.")
_STUMBLED = Outcome(
    code=Code.REJECTED_SERVER_ERROR,
    culprit=Culprit.PROVIDER,
    retry=True,
    reason="Resend had a fault of its own.",
    fix="Nothing needs to be done: it is tried again.",
)

NAMED: dict[str, Outcome] = {
    "missing_api_key": _key("Resend says that no API key came with the request."),
    "invalid_api_key": _key("Resend did not accept the API key: it was deleted or is not complete."),
    "suspended_api_key": _key("Resend has suspended the API key."),
    "restricted_api_key": RESTRICTED,
    "validation_error": _FIELDS,
    "missing_required_field": _FIELDS,
    "invalid_parameter": _FIELDS,
    "invalid_attachment": _FIELDS,
    "invalid_region": _FIELDS,
    "invalid_access": _FIELDS,
    "invalid_from_address": _rule(
        "Resend does not take the sender's address.",
        "Write the sender as you@your-domain.com or Your name <you@your-domain.com>; then send again.",
    ),
    "not_found": NO_SUCH,
    "method_not_allowed": _ours("Resend does not know the call that we use."),
    "invalid_idempotency_key": _ours("Resend did not take the name that we gave the request."),
    "invalid_idempotent_request": Outcome(
        code=Code.REJECTED_CLIENT_ERROR,
        culprit=Culprit.DELIVERY,
        reason="Resend has taken this mail before, with other words in it, so it was not sent a second time.",
        fix="Look at Resend whether the first one arrived. After 24 hours it can be sent again.",
    ),
    "concurrent_idempotent_requests": replace(
        _STUMBLED, reason="Resend is still busy with an earlier try of this mail.", retry_after=_SOON_SECONDS
    ),
    "rate_limit_exceeded": _busy("Resend asks us to slow down.", "Nothing needs to be done: it is tried again."),
    "daily_quota_exceeded": _busy(
        "The Resend account has used up its mails for today.", _QUOTA, _QUOTA_SECONDS, Culprit.CONNECTION
    ),
    "monthly_quota_exceeded": _busy(
        "The Resend account has used up its mails for this month.", _QUOTA, _QUOTA_SECONDS, Culprit.CONNECTION
    ),
    "security_error": _rule("Resend's own check for abuse stopped the mail.", "Ask Resend's support what it found."),
    "application_error": _STUMBLED,
    "internal_server_error": _STUMBLED,
}


def read(reply: Reply, *, now: datetime | None = None, what: str = "template") -> Outcome:
    """What a reply means that is no success. ``what`` is the thing of the rule that a 404 is about."""
    if isinstance(reply, Failure):
        return judge_vendor(reply, NAME, now=now)
    word = name_of(reply)
    if word == "validation_error" and reply.status == 403:
        return _DOMAIN
    known = NAMED.get(word)
    if known is None:
        return judge_vendor(reply, NAME, now=now)
    told = replace(known, reason=known.reason.replace("{what}", what), fix=known.fix.replace("{what}", what))
    wish = retry_after(reply, now=now) if told.retry else None
    return replace(told, retry_after=wish) if wish is not None else told


def name_of(reply: Reply) -> str:
    """The error's name: ``{"name": "validation_error", "message": "…", "statusCode": 422}``"""
    return text_of(parsed(reply).get("name")) if isinstance(reply, Answer) else ""
