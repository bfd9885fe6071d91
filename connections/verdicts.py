"""How a reply is read when the vendor says nothing better, with the words that a person gets to see.

``judge`` reads an endpoint whose address the customer typed: whatever is wrong there, the customer can mend.
``judge_vendor`` reads the API of a vendor, where nobody but the vendor can.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from connections.provider import Answer, Code, Culprit, Failure, Inactive, Outcome, Reply, Trouble, Unread

RETRY_AFTER_MOST = 24 * 3600  # seconds; a longer wish is cut to this

# After these the request may have arrived.
_AMBIGUOUS = (Trouble.TIMEOUT, Trouble.RESET, Trouble.MALFORMED, Trouble.HEADERS_TOO_LARGE)

_CHECK_LOG = "Check the receiver's log at that time."
_VENDOR_FIX = "Nothing needs to be done: it is tried again. If it lasts, look at the vendor's status page."


def _unreachable(reason: str, fix: str, culprit: Culprit = Culprit.PROVIDER) -> Outcome:
    return Outcome(code=Code.NETWORK_ERROR, culprit=culprit, retry=True, reason=reason, fix=fix)


def _refused(reason: str, fix: str, culprit: Culprit = Culprit.CONNECTION) -> Outcome:
    return Outcome(code=Code.REJECTED_CLIENT_ERROR, culprit=culprit, retry=True, reason=reason, fix=fix)


_TROUBLES: dict[Trouble, Outcome] = {
    Trouble.TIMEOUT: Outcome(
        code=Code.TIMEOUT,
        culprit=Culprit.PROVIDER,
        retry=True,
        reason="{name} did not answer within 15 seconds.",
        fix="If this keeps happening, let the receiver answer first and work afterwards.",
    ),
    Trouble.NAME_NOT_FOUND: _unreachable(
        "The host name could not be found.",
        fix="Check the spelling of the address and its DNS entry.",
        culprit=Culprit.CONNECTION,  # only its owner can mend a name; a vendor's is the vendor's: see judge_vendor
    ),
    Trouble.REFUSED: _unreachable(
        "{name} refused the connection: nothing listens at that address.",
        fix="Check that the receiver is running.",
    ),
    Trouble.RESET: _unreachable("{name} closed the connection before it had answered.", fix=_CHECK_LOG),
    Trouble.UNREACHABLE: _unreachable(
        "There is no way to the address at the moment.",
        fix="Check the receiver's network.",
    ),
    Trouble.TLS: _unreachable(
        "No secure connection could be made: {detail}",
        fix="Renew or correct the receiver's certificate.",
        culprit=Culprit.CONNECTION,
    ),
    Trouble.MALFORMED: _unreachable(
        "{name} answered with something that is not HTTP.",
        fix="Check what listens at that address.",
    ),
    Trouble.HEADERS_TOO_LARGE: _unreachable(
        "{name} answered with more headers than we read.",
        fix="Let the receiver answer with fewer headers.",
    ),
    Trouble.FORBIDDEN_ADDRESS: _unreachable(
        "The host name leads to an address that is not public, so nothing was sent.",
        fix="Use an address that can be reached from the internet.",
        culprit=Culprit.CONNECTION,
    ),
    Trouble.FORBIDDEN_URL: replace(
        _refused(
            "The address is not one that we send to: {detail}",
            fix="Correct the address in the connection.",
        ),
        retry=False,
    ),
    Trouble.FORBIDDEN_HEADER: replace(
        _refused("The request was not sent: {detail}", fix="Correct the headers in the connection."),
        retry=False,
    ),
    Trouble.MAIL_REJECTED: replace(
        _refused("The mail relay refused the message: {detail}", fix="Check the recipients."),
        retry=False,
    ),
    Trouble.MAIL_DEFERRED: Outcome(
        code=Code.REJECTED_SERVER_ERROR,
        culprit=Culprit.PROVIDER,
        retry=True,
        reason="The mail relay asks us to come back later: {detail}",
        fix="Nothing needs to be done: it is tried again.",
    ),
    Trouble.NO_RELAY: Outcome(
        code=Code.INTERNAL_ERROR,
        culprit=Culprit.US,
        retry=True,
        reason="This installation cannot send mail: {detail}",
        fix="The operator sets EMAIL_URL.",
    ),
}

# Where the status had come, and the rest of the answer had not.
_BEGUN = {
    Trouble.TIMEOUT: "{name} began to answer ({status}) and did not finish within 15 seconds.",
    Trouble.RESET: "{name} began to answer ({status}) and closed the connection before it had finished.",
}

_REDIRECT = _refused(
    "{name} answered with a redirect ({status}), and redirects are never followed.",
    fix="Enter the final address in the connection.",
)
_BAD_CREDENTIALS = Outcome(
    code=Code.AUTH_FAILED,
    culprit=Culprit.CONNECTION,
    retry=True,
    reason="{name} did not accept our credentials ({status}).",
    fix="Check the credentials in the connection.",
)
_SERVER_FAULT = Outcome(
    code=Code.REJECTED_SERVER_ERROR,
    culprit=Culprit.PROVIDER,
    retry=True,
    reason="{name} had a fault of its own ({status}).",
    fix=_CHECK_LOG,
)
_STATUSES: dict[int, Outcome] = {
    401: _BAD_CREDENTIALS,
    403: _BAD_CREDENTIALS,
    404: _refused("{name} has nothing at that address ({status}).", fix="Check the path of the address."),
    408: _SERVER_FAULT,
    # 410 is the webhook custom for "never again". Source: Standard Webhooks 1.0.0, "Deliverability and reliability".
    410: Outcome(
        code=Code.REJECTED_CLIENT_ERROR,
        culprit=Culprit.CONNECTION,
        inactive=Inactive.ENDPOINT_GONE,
        reason="{name} says that it is gone for good ({status}), so the connection was switched off.",
        fix="Enter a new address and switch the connection on again.",
    ),
    413: _refused(
        "{name} says that the message is too large ({status}).",
        fix="Send a smaller payload, or let the receiver accept larger ones.",
        culprit=Culprit.DELIVERY,
    ),
    425: _SERVER_FAULT,
    429: Outcome(
        code=Code.RATE_LIMITED,
        culprit=Culprit.PROVIDER,
        retry=True,
        reason="{name} asks us to slow down ({status}).",
        fix="Nothing needs to be done: it is tried again, more slowly.",
    ),
}
_OTHER_REFUSAL = _refused("{name} refused the message ({status}).", fix="Check what the receiver expects.")
_STRANGE = Outcome(
    code=Code.REJECTED_CLIENT_ERROR,
    culprit=Culprit.PROVIDER,
    retry=True,
    reason="{name} gave an answer that makes no sense here ({status}).",
    fix=_VENDOR_FIX,
)


def judge(reply: Reply, name: str, *, now: datetime | None = None) -> Outcome:
    """Read a customer's own endpoint by HTTP and the webhook customs: 2xx only is success, redirects are failures.

    ``name`` begins the sentences; ``now`` measures a ``Retry-After`` date when the answer carries no ``Date``.
    """
    if isinstance(reply, Failure):
        detail = reply.detail or "no reason was given"
        return _worded(_troubled(reply), name=name, status=reply.begun, detail=detail)
    if 200 <= reply.status < 300:
        return Outcome(code=Code.DELIVERED, reason=f"{name} accepted it ({reply.status}).")
    seen = _worded(_by_status(reply.status), name=name, status=reply.status)
    patient = seen.code in (Code.RATE_LIMITED, Code.REJECTED_SERVER_ERROR)
    return replace(seen, retry_after=retry_after(reply, now=now)) if patient else seen


def judge_vendor(reply: Reply, name: str, *, now: datetime | None = None) -> Outcome:
    """Read a vendor's API, whose address and health are not the customer's business.

    Only 401 and 403 are the connection's; a redirect, a 404 or a 410 here is a strange answer, not a closed door.
    """
    seen = judge(reply, name, now=now)
    if seen.delivered or seen.code is Code.AUTH_FAILED:
        return seen
    if isinstance(reply, Answer) and seen.code is Code.REJECTED_CLIENT_ERROR:
        return _worded(_STRANGE, name=name, status=reply.status)
    return replace(seen, culprit=Culprit.PROVIDER, retry=True, fix=_VENDOR_FIX)


def no_access(reason: str, *, fix: str, inactive: Inactive | None, renew: bool = False) -> Outcome:
    """The account does not let us in: what is to be sent is held until its connection is mended."""
    return Outcome(
        code=Code.AUTH_FAILED,
        culprit=Culprit.CONNECTION,
        retry=True,
        reason=reason,
        fix=fix,
        inactive=inactive,
        renew=renew,
    )


def unread(outcome: Outcome) -> Unread:
    """What an outcome means for a directory, where nothing is held: what a person has to mend is not tried again."""
    retry = outcome.retry and (outcome.culprit is Culprit.PROVIDER or outcome.code is Code.RATE_LIMITED)
    fix = "" if retry else outcome.fix
    wait = outcome.retry_after if retry else None
    return Unread(outcome.reason, fix=fix, retry=retry, retry_after=wait, no_access=is_locked_out(outcome))


def is_locked_out(outcome: Outcome) -> bool:
    """Whether nothing at all goes with these credentials any more; a missing permission leaves the rest as it is."""
    return outcome.inactive in (Inactive.AUTHENTICATION_INVALID, Inactive.AUTHORIZATION_REVOKED) and not outcome.renew


def retry_after(answer: Answer, *, now: datetime | None = None) -> float | None:
    """Seconds to wait, from ``Retry-After`` as seconds or as a date; rubbish and the past are no wish.

    A date is measured against the answer's own ``Date``, so that a skewed clock does not matter, else against ``now``.
    Source: RFC 9110, section 10.2.3.
    """
    wish = answer.headers.get("retry-after", "").strip()
    if wish.isascii() and wish.isdigit():
        return float(min(int(wish[:12]), RETRY_AFTER_MOST)) or None
    then, since = _date(wish), _date(answer.headers.get("date", "")) or now
    if then is None or since is None or then <= since:
        return None
    return min((then - since).total_seconds(), float(RETRY_AFTER_MOST))


def may_have_arrived(reply: Reply) -> bool:
    """Whether the other side may have done what we asked although it did not say so."""
    return reply.trouble in _AMBIGUOUS if isinstance(reply, Failure) else reply.status >= 500


def _troubled(reply: Failure) -> Outcome:
    seen = _TROUBLES[reply.trouble]
    return replace(seen, reason=_BEGUN.get(reply.trouble, seen.reason)) if reply.begun else seen


def _by_status(status: int) -> Outcome:
    if status in _STATUSES:
        return _STATUSES[status]
    if 300 <= status < 400:
        return _REDIRECT
    return _SERVER_FAULT if status >= 500 else _OTHER_REFUSAL


def _worded(outcome: Outcome, **values: object) -> Outcome:
    return replace(outcome, reason=outcome.reason.format(**values))


def _date(text: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, IndexError, OverflowError):
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)
