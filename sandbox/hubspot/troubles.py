"""What can be dialled: HubSpot's own errors, beside those that any HTTP server can have."""

from __future__ import annotations

from collections.abc import Callable

from sandbox import faults
from sandbox.hubspot.errors import (
    HubSpotError,
    expired,
    invalid,
    invalid_values,
    lacking,
    not_found,
    too_many,
    unauthenticated,
)

TOKEN = {"invalid_grant": "invalid_grant: the app was removed"}
ACCOUNT = {
    "expired_authentication": "EXPIRED_AUTHENTICATION: the access token has ended",
    "invalid_authentication": "INVALID_AUTHENTICATION: the token is not known",
    "missing_scopes": "MISSING_SCOPES: contacts may not be written",
    "missing_list_scopes": "MISSING_SCOPES: lists may not be seen",
    "admin_rule": "VALIDATION_ERROR: an admin's rule asks for the job title",
    "invalid_value": "VALIDATION_ERROR: a value breaks a property's rule",
    "conflict": "CONFLICT: somebody else makes the same contact",
    "not_found": "OBJECT_NOT_FOUND: what is written to was deleted",
    "locked": "423 Locked: many contacts change",
    "migrating": "477: the account is being moved",
    "ten_secondly": "TEN_SECONDLY_ROLLING: too many calls in ten seconds",
    "daily": "DAILY: the calls of the day are used up",
}
SWITCHES = {
    "strict_pace": "Pace: 10 calls in ten seconds",
    "unpaced": "Pace: no limit",
    "coop": "Consent page: cut the window off from its opener (COOP)",
}
FAULTS = {**ACCOUNT, **TOKEN, **faults.FAULTS, **SWITCHES}

# Which of them make sense for which call.
TOKEN_FAULTS = ("expired_authentication", "invalid_authentication")
EVERYWHERE = (*TOKEN_FAULTS, "locked", "migrating", "ten_secondly", "daily")
ON_WRITING = ("missing_scopes", "admin_rule", "invalid_value", "conflict")
ON_LISTS = ("missing_list_scopes",)
ON_ONE = ("not_found",)

_REQUIRED = {
    "message": 'Property "jobtitle" is required when lifecyclestage is set.',
    "code": "CONDITIONAL_REQUIRED_PROPERTY",
    "context": {"propertyName": ["jobtitle"]},
}
_LETTERS = {"isValid": False, "message": "Enter only letters", "error": "INVALID_ALPHA", "name": "firstname"}

_MAKE: dict[str, Callable[[int], HubSpotError]] = {
    "expired_authentication": lambda _: expired(),
    "invalid_authentication": lambda _: unauthenticated(),
    "missing_scopes": lambda _: lacking("crm.objects.contacts.write"),
    "missing_list_scopes": lambda _: lacking("crm.lists.read"),
    "admin_rule": lambda _: invalid("Required properties are missing", errors=[_REQUIRED]),
    "invalid_value": lambda _: invalid_values([_LETTERS]),
    "conflict": lambda _: HubSpotError(409, "CONFLICT", "Contact already exists. Existing ID: 51"),
    "not_found": lambda _: not_found(),
    "locked": lambda _: HubSpotError(423, "LOCKED", "The records are locked."),
    "migrating": lambda seconds: HubSpotError(
        477, "MIGRATION_IN_PROGRESS", "The account is being migrated.", headers={"Retry-After": str(seconds)}
    ),
    "ten_secondly": lambda _: too_many("TEN_SECONDLY_ROLLING"),
    "daily": lambda _: too_many("DAILY"),
}


def error_of(fault: str, *, retry_after: int) -> HubSpotError:
    """The error that a dial of ``ACCOUNT`` asks for."""
    return _MAKE[fault](retry_after)
