"""What Salesforce's error codes mean: who has to act, whether trying again can help, and what to tell them.

Sources: https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/errorcodes.htm (how they come) and
https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/sforce_api_calls_concepts_core_data_objects.htm (the
codes). ``{field}`` is the field that Salesforce names, ``{said}`` its own words. A permission that was revoked is worth
a retry, because deliveries are held until the org is reconnected.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from connections import alerts
from connections.answers import list_of, object_of, text_of
from connections.provider import Answer, Code, Culprit, Failure, Inactive, Outcome, Reply
from connections.providers.salesforce.calls import parsed
from connections.verdicts import judge_vendor, no_access, retry_after

NAME = "Salesforce"
SAID_MOST = 240  # characters of Salesforce's own words
LIMIT_SECONDS = 3_600.0  # the limit counts the last 24 hours, so that some of it comes back every hour
BUSY_SECONDS = 60.0
LOCK_SECONDS = 5.0  # Salesforce itself waits for ten before it gives up on a locked record

_CODE = re.compile("[A-Z][A-Z_]{2,79}")
_FIELD = re.compile("[A-Za-z][A-Za-z0-9_.]{0,99}")
_AGAIN = "Nothing needs to be done: it is tried again."
_RECONNECT = "Reconnect Salesforce. The rules stay as they are, and what is held back is sent."
_VALUE = "Correct the value where it comes from, or what is mapped to the field; then send again."
_ADMIN = "Ask an administrator of the Salesforce org"


def _later(code: Code, reason: str, *, seconds: float | None = None, fix: str = _AGAIN) -> Outcome:
    return Outcome(
        code=code, culprit=Culprit.PROVIDER, retry=True, retry_after=seconds, reason=f"{NAME} {reason}", fix=fix
    )


def _account(reason: str, *, fix: str = _RECONNECT, inactive: Inactive | None, renew: bool = False) -> Outcome:
    return no_access(reason, fix=fix, inactive=inactive, renew=renew)


def _rule(reason: str, fix: str = _VALUE, *, retry: bool = False) -> Outcome:
    return Outcome(code=Code.REJECTED_CLIENT_ERROR, culprit=Culprit.RULE, retry=retry, reason=reason, fix=fix)


EXPIRED = _account(
    "Salesforce no longer takes our access: it has run out, or was taken back.",
    inactive=Inactive.REAUTHORIZATION_REQUIRED,
    renew=True,
)
NO_TOKEN = _account(
    "There is no token for this Salesforce org, or no address of it.", inactive=Inactive.REAUTHORIZATION_REQUIRED
)
UNREADABLE = _later(Code.REJECTED_SERVER_ERROR, "gave an answer that we cannot read.")
_NO_API = _account(
    "The Salesforce org, or the person who connected it, may not use Salesforce's API.",
    fix=f"{_ADMIN} to give that person the permission API Enabled, in an edition that has it; then reconnect.",
    inactive=Inactive.REAUTHORIZATION_REQUIRED,
)
_CLOSED = _account(
    "The Salesforce org, or the person who connected it, was deactivated.",
    fix="Reconnect Salesforce as somebody who is active there. The rules stay, and what is held back is sent.",
    inactive=Inactive.AUTHORIZATION_REVOKED,
)
_NOT_ALLOWED = _rule(
    "The person who connected Salesforce may not do this there: {said}",
    f"{_ADMIN} to let that person see and edit contacts and campaigns; then send again.",
)
_HIDDEN_FIELD = _rule(
    "The person who connected Salesforce may not see or change the field {field}, or there is no such field: {said}",
    f"{_ADMIN} to make the field visible and editable for that person (field-level security); or map another field.",
)
_BROKEN = _later(Code.REJECTED_SERVER_ERROR, "had a fault of its own.")
_AWAY = _later(Code.REJECTED_SERVER_ERROR, "is not available at the moment, or under maintenance.")
_AUTOMATION = _rule(
    "An automation of the Salesforce org (a trigger or a flow) refused it: {said}",
    f"{_ADMIN} to look at that automation; then send again.",
)
_NO_SUCH = _rule("Salesforce has no such record any more, or does not show it: {said}", "Choose another one.")
_MALFORMED = _rule("Salesforce cannot read the value for the field {field}: {said}")
_CHANGED = replace(
    _later(Code.REJECTED_CLIENT_ERROR, "says that the record was deleted meanwhile."), culprit=Culprit.DELIVERY
)

NAMED: Mapping[str, Outcome] = {
    "INVALID_SESSION_ID": EXPIRED,
    "INVALID_AUTH_HEADER": EXPIRED,
    "REQUEST_LIMIT_EXCEEDED": _later(
        Code.RATE_LIMITED,
        "says that the org has used up its API calls of the last 24 hours.",
        seconds=LIMIT_SECONDS,
        fix="It is tried again in an hour. An administrator of the Salesforce org can see which app uses up the calls.",
    ),
    "SERVER_UNAVAILABLE": _AWAY,
    "API_CURRENTLY_DISABLED": _AWAY,
    "ORG_IN_MAINTENANCE": _AWAY,
    "UNKNOWN_EXCEPTION": _BROKEN,
    "INTERNAL_SERVER_ERROR": _BROKEN,
    "QUERY_TIMEOUT": _later(Code.REJECTED_SERVER_ERROR, "took too long to look for the contact."),
    "UNABLE_TO_LOCK_ROW": _later(
        Code.REJECTED_SERVER_ERROR, "says that somebody else is changing the same record.", seconds=LOCK_SECONDS
    ),
    "STORAGE_LIMIT_EXCEEDED": _rule(
        "The Salesforce org has no room for more records.", f"{_ADMIN} to make room; then send again."
    ),
    "FIELD_CUSTOM_VALIDATION_EXCEPTION": _rule(
        "A validation rule of the Salesforce org refused it: {said}",
        "Correct what is mapped, or ask an administrator of the Salesforce org to change the rule; then send again.",
    ),
    "FIELD_FILTER_VALIDATION_EXCEPTION": _rule(
        "The value for the field {field} is not one that the org allows: {said}"
    ),
    "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST": _rule(
        "The field {field} takes only the values of its list in Salesforce: {said}",
        "Use one of the list's values, or add this one to the list in Salesforce; then send again.",
    ),
    "REQUIRED_FIELD_MISSING": _rule(
        "Salesforce requires a value for the field {field}, and there is none.",
        "Map a value to the field in the connection; then send again.",
    ),
    "STRING_TOO_LONG": _rule("The text for the field {field} is longer than Salesforce takes: {said}"),
    "INVALID_EMAIL_ADDRESS": _rule("Salesforce does not take the e-mail address: {said}"),
    "NUMBER_OUTSIDE_VALID_RANGE": _rule("The number for the field {field} is larger than Salesforce takes: {said}"),
    "FIELD_INTEGRITY_EXCEPTION": _rule("The value for the field {field} does not fit the record: {said}"),
    "JSON_PARSER_ERROR": _MALFORMED,
    "INVALID_TYPE_ON_FIELD_IN_RECORD": _MALFORMED,
    "INVALID_DATE_FORMAT": _MALFORMED,
    "MALFORMED_ID": _NO_SUCH,
    "INVALID_CROSS_REFERENCE_KEY": _NO_SUCH,
    "INVALID_FIELD": _HIDDEN_FIELD,
    "INVALID_FIELD_FOR_INSERT_UPDATE": _HIDDEN_FIELD,
    "INVALID_TYPE": _NOT_ALLOWED,
    "INSUFFICIENT_ACCESS": _NOT_ALLOWED,
    "INSUFFICIENT_ACCESS_OR_READONLY": _NOT_ALLOWED,
    "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY": _NOT_ALLOWED,
    "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY": _AUTOMATION,
    "CANNOT_EXECUTE_FLOW_TRIGGER": _AUTOMATION,
    # The next attempt looks for the contact anew: it finds none, and makes one.
    "ENTITY_IS_DELETED": _CHANGED,
    "NOT_FOUND": _CHANGED,
    # Worth a retry: two events of one new person may race to create it, and the next attempt finds it.
    "DUPLICATES_DETECTED": _rule(
        "A duplicate rule of the Salesforce org takes the contact for one that is there already: {said}",
        "Merge the two in Salesforce, or ask an administrator to let the app pass the duplicate rule; send again.",
        retry=True,
    ),
    "DUPLICATE_VALUE": _rule("The value for the field {field} is there already, and must be unique: {said}"),
    "API_DISABLED_FOR_ORG": _NO_API,
    "INACTIVE_OWNER_OR_USER": _CLOSED,
    "ORG_LOCKED": _CLOSED,
    "INACTIVE_ORG": _CLOSED,
    "LOGIN_MUST_USE_SECURITY_TOKEN": EXPIRED,
}
_UNKNOWN = Outcome(
    code=Code.REJECTED_CLIENT_ERROR,
    culprit=Culprit.PROVIDER,
    retry=True,
    reason="Salesforce refused it and gave as its reason {code}: {said}",
    fix="It is tried again. If it lasts, look the reason up in Salesforce's documentation.",
)
CAMPAIGN_GONE = _rule(
    "Salesforce does not find the campaign: it was deleted, or is not shown to the person who connected Salesforce.",
    "Choose another campaign in the rule.",
)
NO_FIELD = _rule("The rule names no field of the contact.", "Choose a field in the rule.")
NO_SUCH_CAMPAIGN = (
    "INVALID_QUERY_FILTER_OPERATOR",
    "ENTITY_IS_DELETED",
    "NOT_FOUND",
    "MALFORMED_ID",
    "INVALID_CROSS_REFERENCE_KEY",
)


def judge(reply: Reply, *, now: datetime | None = None) -> Outcome:
    """What a reply means that is no success."""
    known = named(reply)
    if known is None:
        return judge_vendor(reply, NAME, now=now)
    patient = known.code in (Code.RATE_LIMITED, Code.REJECTED_SERVER_ERROR)
    asked = retry_after(reply, now=now) if patient and isinstance(reply, Answer) else None
    return replace(known, retry_after=asked) if asked else known


def named(reply: Reply) -> Outcome | None:
    """What Salesforce's own error code means; None where the answer holds none."""
    if isinstance(reply, Failure) or reply.status < 300:
        return None
    error = _error(reply)
    code = text_of(error.get("errorCode"))
    if not _CODE.fullmatch(code):
        return EXPIRED if reply.status == 401 else None
    if code not in NAMED and (reply.status >= 500 or reply.status in (401, 403, 429)):
        return None
    return _worded(NAMED.get(code, _UNKNOWN), error, code)


def has(reply: Reply, codes: Collection[str]) -> bool:
    """Whether the answer is an error with one of these codes."""
    return isinstance(reply, Answer) and reply.status >= 400 and _error(reply).get("errorCode") in codes


def _error(answer: Answer) -> dict[str, Any]:
    """The first of the errors; Salesforce checks one thing after another, and seldom tells of two."""
    found = parsed(answer)
    return object_of(next(iter(list_of(found)), None))


def _worded(outcome: Outcome, error: Mapping[str, Any], code: str) -> Outcome:
    """The sentence with its field and Salesforce's words, which go in last: what looks like a mark in them stays."""
    told = text_of(error.get("message"))
    if code == "REQUEST_LIMIT_EXCEEDED" and "concurrent" in told.lower():
        return _CROWDED
    field = next((name for name in map(text_of, list_of(error.get("fields"))) if _FIELD.fullmatch(name)), "")
    said = alerts.cut(alerts.one_line(told), SAID_MOST).rstrip(".:") or "it gave no words"
    reason = outcome.reason.replace("{field}", field or "that it names").replace("{code}", code)
    return replace(outcome, reason=reason.replace("{said}", f"{said}."))


_CROWDED = _later(
    Code.RATE_LIMITED, "says that too many long requests run in the org at the same time.", seconds=BUSY_SECONDS
)
