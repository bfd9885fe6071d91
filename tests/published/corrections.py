"""Where a published description is wrong or behind, and what its vendor's own documentation says instead.

Nothing is let pass: what stands here is put into the description, and each request is judged by that. Whoever adds a
row gives the page that says so. Slack's description is of 2021 and is no longer kept; Resend's is of August 2026.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Correction:
    """``at`` leads through the document by keys, in a list of parameters by their names.

    ``put`` is merged into an object that stands there, and else takes the place; None takes away what is there.
    """

    vendor: str
    at: tuple[str, ...]
    put: Mapping[str, Any] | None
    why: str
    source: str


_POST = ("paths", "/chat.postMessage", "post", "parameters")
_ACCESS, _REVOKE, _LIST = "/oauth.v2.access", "/auth.revoke", "/conversations.list"
_FORM = {"consumes": ["application/x-www-form-urlencoded"]}
_TEXT, _OBJECT = {"type": "string"}, {"type": "object"}
_WEB_API = "https://docs.slack.dev/apis/web-api"
_METHODS = "https://docs.slack.dev/reference/methods"
_NAMED = ("client_id", "client_secret", "code", "redirect_uri", "grant_type", "refresh_token", "code_verifier")
_SCHEMAS = ("components", "schemas")
_SEND = "https://resend.com/docs/api-reference/emails/send-email"

CORRECTIONS = (
    *(
        Correction("slack", at, None, "The token goes as a bearer token, which JSON bodies even require.", _WEB_API)
        for at in ((*_POST, "token"), ("paths", "/auth.test", "get", "parameters", "token"))
    ),
    Correction(
        "slack",
        (*_POST, "blocks"),
        {"type": "array", "maxItems": 50, "items": {"type": "object", "required": ["type"]}},
        "Described as the text that it is in a form; in a JSON body it is the list itself.",
        _WEB_API,
    ),
    Correction(
        "slack",
        (*_POST, "metadata"),
        {
            "in": "formData",
            "type": "object",
            "required": ["event_type", "event_payload"],
            "properties": {"event_type": _TEXT, "event_payload": _OBJECT},
            "additionalProperties": False,
        },
        "Messages have had metadata since 2022.",
        "https://docs.slack.dev/messaging/message-metadata",
    ),
    Correction(
        "slack",
        ("paths", _LIST, "get", "parameters", "team_id"),
        {"in": "query", "type": "string"},
        "Apps that are installed for a whole organization have to name the team.",
        f"{_METHODS}/conversations.list",
    ),
    Correction(
        "slack",
        ("paths", _ACCESS, "post"),
        {
            **_FORM,
            "parameters": [{"in": "formData", "name": name, **_TEXT} for name in _NAMED],
            "security": [],
            "x-body": {
                "oneOf": [
                    {"required": ["code"], "properties": {"grant_type": {"const": "authorization_code"}}},
                    {"required": ["refresh_token"], "properties": {"grant_type": {"const": "refresh_token"}}},
                ],
            },
        },
        "Described as GET, with the secret in the address. It is a POST, and renews tokens since 2021.",
        f"{_METHODS}/oauth.v2.access",
    ),
    Correction(
        "slack",
        ("paths", _REVOKE, "post"),
        {
            **_FORM,
            "security": [{"slackAuth": []}],
            "parameters": [{"in": "formData", "name": "test", "type": "boolean"}],
        },
        "Described as GET, with the token in the address. Every method takes its arguments as a POST, too.",
        _WEB_API,
    ),
    Correction(
        "resend",
        (*_SCHEMAS, "SendEmailRequest"),
        {
            "required": ["to"],
            "if": {"required": ["template"]},
            "then": {"not": {"anyOf": [{"required": ["html"]}, {"required": ["text"]}]}},
            "else": {"required": ["from", "subject"], "anyOf": [{"required": ["html"]}, {"required": ["text"]}]},
        },
        "Sender and subject are asked for always; a template has its own, and takes the place of text and HTML.",
        _SEND,
    ),
    Correction(
        "resend",
        (*_SCHEMAS, "CreateContactOptions", "properties", "segments"),
        {"items": {"type": "object", "required": ["id"], "properties": {"id": _TEXT}, "additionalProperties": False}},
        "Described as a list of texts, which the API does not accept.",
        "https://github.com/resend/resend-openapi/pull/110",
    ),
)

# What a description leaves open and the documentation does not. These can only find more faults.
LIMITS = (
    Correction(
        "slack",
        ("paths", _LIST, "get", "parameters", "limit"),
        {"minimum": 1, "maximum": 999},
        "A page has less than a thousand channels.",
        f"{_METHODS}/conversations.list",
    ),
    Correction(
        "resend",
        (*_SCHEMAS, "EmailTemplateInput", "properties", "variables"),
        {
            "propertyNames": {"pattern": "^[A-Za-z0-9_]{1,50}$"},
            "additionalProperties": {
                "anyOf": [{"type": "string", "maxLength": 2_000}, {"type": "number", "maximum": 2**53 - 1}]
            },
        },
        "A template's variables have names and values of a certain form.",
        _SEND,
    ),
    Correction(
        "resend",
        (*_SCHEMAS, "Tag"),
        {
            "required": ["name", "value"],
            "additionalProperties": {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,256}$"},
            "properties": {},
        },
        "Tags are of plain letters.",
        _SEND,
    ),
)


def corrected(document: Mapping[str, Any], corrections: Iterable[Correction]) -> dict[str, Any]:
    """A copy of the document with the corrections in it."""
    found = copy.deepcopy(dict(document))
    for correction in corrections:
        _correct(found, correction)
    return found


def _correct(document: dict[str, Any], correction: Correction) -> None:
    *way, last = correction.at
    place: Any = document
    for key in way:
        place = place[key]
    if isinstance(place, list):
        _correct_parameter(place, last, correction.put)
    elif correction.put is None:
        place.pop(last, None)
    else:
        place[last] = {**place.get(last, {}), **correction.put}


def _correct_parameter(parameters: list[dict[str, Any]], name: str, put: Mapping[str, Any] | None) -> None:
    before: dict[str, Any] = next((one for one in parameters if one["name"] == name), {"name": name})
    parameters[:] = [one for one in parameters if one["name"] != name]
    if put is not None:
        parameters.append({**before, **put})
