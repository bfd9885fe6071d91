"""How an attempt ended, who has to act, and why a connection is switched off."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Code(StrEnum):
    """The wire contract's outcome codes."""

    DELIVERED = "delivered"
    REJECTED_CLIENT_ERROR = "rejected_client_error"
    REJECTED_SERVER_ERROR = "rejected_server_error"
    RATE_LIMITED = "rate_limited"
    AUTH_FAILED = "auth_failed"
    TIMEOUT = "timeout"
    NETWORK_ERROR = "network_error"
    MAPPING_ERROR = "mapping_error"
    INTERNAL_ERROR = "internal_error"


class Culprit(StrEnum):
    """Who has to act before trying again can help."""

    NOBODY = "nobody"
    DELIVERY = "delivery"  # this one message: its payload, its size
    RULE = "rule"  # the channel is gone, the list was deleted
    CONNECTION = "connection"  # the token was revoked, the password is wrong
    PROVIDER = "provider"  # the destination is down, slow or throttling
    US = "us"


class Inactive(StrEnum):
    """Why a connection is switched off: the contract's reasons, and two of ours."""

    AUTHENTICATION_INVALID = "authentication_invalid"
    AUTHORIZATION_REVOKED = "oauth_authorization_revoked"
    REAUTHORIZATION_REQUIRED = "oauth_reauthorization_required"
    MANUALLY_INACTIVATED = "manually_inactivated"
    ENDPOINT_GONE = "endpoint_gone"  # ours: the receiver answered 410
    FAILING_FOR_DAYS = "failing_for_days"  # ours: everything failed for five days


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt ended: a value, never an exception.

    ``reason`` says what happened and ``fix`` what a person can do, both in plain sentences.
    ``retry`` says whether sending the same again can help, once the culprit has acted. ``retry_after`` is in seconds.
    ``inactive`` switches the connection off; the delivery is then held for it (``retry``), or failed.
    ``renew`` says that the access token is no longer good: a new one is asked for, and it is sent again; ``inactive``
    counts only when there is none to be had.
    ``reference`` is the vendor's own id for what it created; ``notes`` are things worth knowing that did not stop it.
    """

    code: Code
    reason: str
    culprit: Culprit = Culprit.NOBODY
    retry: bool = False
    retry_after: float | None = None
    fix: str = ""
    inactive: Inactive | None = None
    renew: bool = False
    reference: str = ""
    notes: tuple[str, ...] = ()

    @property
    def delivered(self) -> bool:
        return self.code is Code.DELIVERED
