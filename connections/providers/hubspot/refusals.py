"""Which property HubSpot refuses, and why: a 400 says it in one of three places, depending on the API's age.

Sources: https://developers.hubspot.com/changelog/upcoming-property-validations-rules-will-be-enforced-for-apis-and-integrations
(a list inside the message) and https://developers.hubspot.com/changelog/crm-api-write-validation-enforcement (the
``errors``, with rules of the account's own admins). What HubSpot says in free words is never quoted: it repeats values.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from connections.answers import list_of, object_of, text_of
from connections.provider import Code, Culprit, Outcome

TOLD_MOST = 4  # properties that a sentence names

_NAME = re.compile("[a-z][a-z0-9_]{0,99}")
_WORD = re.compile("[A-Z][A-Z_]{2,59}")
_IN_QUOTES = re.compile(r'[Pp]ropert(?:y|ies) "([a-z][a-z0-9_]{0,99})"')
_CONTEXT = ("propertyName", "invalidPropertyName", "properties")

_MAP_ANOTHER = "Choose another property, or make this one in HubSpot; then send again."
_MEND_VALUE = "Correct the value where it comes from, or what is mapped to the property; then send again."
_NUMBER = ("The value for HubSpot's property {name} is no number as HubSpot takes them.", _MEND_VALUE)
_TIME = ("The value for HubSpot's property {name} is no date as HubSpot takes them.", _MEND_VALUE)
_REQUIRED = (
    "An admin of the HubSpot account has ruled that the property {name} must be filled in, and it is empty.",
    "Map a value to the property, or let an admin of the HubSpot account change its rule; then send again.",
)
_OWN_RULE = (
    "HubSpot did not take the value for the property {name}: it breaks a rule of the HubSpot account ({word}).",
    "Correct the value, or let an admin of the HubSpot account change the property's rule; then send again.",
)

_OF_THE_RULE: Mapping[str, tuple[str, str]] = {
    "PROPERTY_DOESNT_EXIST": ("HubSpot's contacts have no property {name}.", _MAP_ANOTHER),
    "READ_ONLY_VALUE": ("HubSpot fills in the property {name} itself, and lets nobody write it.", _MAP_ANOTHER),
}
_OF_THE_VALUE: Mapping[str, tuple[str, str]] = {
    "INVALID_EMAIL": ("HubSpot does not take the e-mail address.", _MEND_VALUE),
    "INVALID_OPTION": (
        "The value for HubSpot's property {name} is none of the options that it has there.",
        "Add the option in HubSpot, or correct the value; then send again.",
    ),
    "INVALID_INTEGER": _NUMBER,
    "INVALID_LONG": _NUMBER,
    "INVALID_FLOAT": _NUMBER,
    "INVALID_NUMERIC": _NUMBER,
    "INVALID_DATE": _TIME,
    "INVALID_DATETIME": _TIME,
    "CONFLICTING_UNIQUE_VALUE": (
        "Another contact in HubSpot has the same value of the property {name}, which must be unique.",
        "Correct the value, or merge the two contacts in HubSpot; then send again.",
    ),
}


@dataclass(frozen=True, slots=True)
class Refused:
    """One property, and HubSpot's word for what is wrong with it; both may be empty."""

    name: str
    word: str
    required: bool


def outcome_of(said: Mapping[str, Any]) -> Outcome | None:
    """What a person has to mend; None when HubSpot names neither a property nor a reason that we know."""
    found = sorted(refused_in(said), key=lambda one: (one.word not in _OF_THE_RULE, one.name))
    named = [one for one in found if one.name or one.word == "INVALID_EMAIL"]
    if not named:
        return None
    first = named[0]
    reason, fix = _words(first)
    others = sorted({one.name for one in named if one.name} - {first.name})
    more = f" The same request has trouble with {', '.join(others[:TOLD_MOST])}." if others else ""
    by_value = first.word not in _OF_THE_RULE and not first.required
    return Outcome(
        code=Code.REJECTED_CLIENT_ERROR,
        culprit=Culprit.DELIVERY if by_value else Culprit.RULE,
        reason=reason.format(name=first.name, word=first.word or "VALIDATION_ERROR") + more,
        fix=fix,
    )


def refused_in(said: Mapping[str, Any]) -> list[Refused]:
    """Every property that is complained of."""
    details = [object_of(one) for one in list_of(said.get("errors"))]
    return [*_in_message(text_of(said.get("message"))), *(one for each in (*details, said) for one in _in_detail(each))]


def _words(refused: Refused) -> tuple[str, str]:
    if refused.required:
        return _REQUIRED
    return _OF_THE_RULE.get(refused.word) or _OF_THE_VALUE.get(refused.word) or _OWN_RULE


def _in_message(message: str) -> Iterator[Refused]:
    """``Property values were not valid: [{"isValid": false, "error": "INVALID_EMAIL", "name": "email"}]``"""
    start = message.find("[")
    try:
        found, _ = json.JSONDecoder().raw_decode(message, start) if start >= 0 else ([], 0)
    except (ValueError, RecursionError):
        return
    for one in list_of(found):
        told = object_of(one)
        yield _refused(told.get("name"), told.get("error"), told.get("message"))


def _in_detail(detail: Mapping[str, Any]) -> Iterator[Refused]:
    """``{"message": "…", "code": "INVALID_EMAIL", "context": {"propertyName": ["email"]}}``"""
    context = object_of(detail.get("context"))
    names = [name for key in _CONTEXT for name in _several(context.get(key))]
    names += _IN_QUOTES.findall(text_of(detail.get("message")))
    word = detail.get("code") or detail.get("subCategory")
    for name in dict.fromkeys(names or [""]):
        yield _refused(name, word, detail.get("message"))


def _refused(name: object, word: object, message: object) -> Refused:
    found = _matching(_WORD, text_of(word).rpartition(".")[2])
    required = "REQUIRED" in found or "required" in text_of(message).lower()
    return Refused(_matching(_NAME, name), found, required)


def _several(value: object) -> list[str]:
    return [one for one in map(text_of, value if isinstance(value, list) else [value]) if one]


def _matching(pattern: re.Pattern[str], value: object) -> str:
    """The vendor's word if it looks like one: it goes into a sentence that people read."""
    return value if isinstance(value, str) and pattern.fullmatch(value) else ""
