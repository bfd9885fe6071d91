"""Run with ``make published SPECS=<directory>``, where the vendors' published descriptions are, as JSON.

Slack's: https://github.com/slackapi/slack-api-specs. Resend's: https://github.com/resend/resend-openapi.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest

from connections.provider import Request
from connections.providers.slack import errors
from tests.published.asking import every_request
from tests.published.corrections import CORRECTIONS, LIMITS, Correction, corrected
from tests.published.described import Description, closed, describe, server_of
from tests.published.judging import faults_of, operation_of

SPECS = os.environ.get("PUBLISHED_SPECS", "")
SERVERS = {"slack": "https://slack.com/api", "resend": "https://api.resend.com"}
OPERATIONS = {
    "slack": {
        "POST /chat.postMessage",
        "GET /conversations.list",
        "GET /conversations.info",
        "GET /auth.test",
        "POST /auth.revoke",
        "POST /oauth.v2.access",
    },
    "resend": {
        "POST /emails",
        "GET /templates",
        "GET /templates/{id}",
        "GET /segments",
        "GET /segments/{id}",
        "POST /contacts",
        "POST /contacts/{contact_id}/segments/{segment_id}",
        "DELETE /contacts/{contact_id}/segments/{segment_id}",
    },
}

every_vendor = pytest.mark.parametrize("slug", sorted(SERVERS))


@cache
def document(slug: str) -> dict[str, Any]:
    """The vendor's published description, whatever its file is called."""
    for path in sorted(Path(SPECS).rglob("*.json")):
        found = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(found, dict) and server_of(found) == SERVERS[slug]:
            return closed(found)
    raise AssertionError(f"No JSON file below {SPECS} describes {SERVERS[slug]}.")


def description(slug: str, *, without: Correction | None = None) -> Description:
    rows = [row for row in (*CORRECTIONS, *LIMITS) if row.vendor == slug and row is not without]
    return describe(corrected(document(slug), rows))


@cache
def one_of_each(slug: str) -> tuple[Request, ...]:
    """A request for each operation, the one that says the most."""
    judge, found = description(slug), dict[str, Request]()
    for asked in every_request(slug, nth=100):
        name = operation_of(asked.request, judge)
        found[name] = max(asked.request, found.get(name, asked.request), key=_length)
    return tuple(found.values())


def _length(request: Request) -> int:
    return len(request.url) + len(request.body)


# --------------------------------------------------------------------------- what we send


@every_vendor
def test_every_request_is_as_its_vendor_describes_it(slug: str) -> None:
    judge, seen, faults = description(slug), set[str](), dict[str, str]()
    for asked in every_request(slug):
        seen.add(operation_of(asked.request, judge))
        faults |= {fault[:120]: fault for fault in faults_of(asked.request, judge)}
    assert not faults, "\n".join(faults.values())
    assert seen == OPERATIONS[slug]


def test_every_error_that_slack_describes_for_a_message_has_words_here() -> None:
    described = document("slack")["paths"]["/chat.postMessage"]["post"]["responses"]["default"]
    assert set(described["schema"]["properties"]["error"]["enum"]) <= set(errors.NAMED)


# --------------------------------------------------------------------------- that the judge would see it


@every_vendor
def test_a_wrong_name_anywhere_is_seen(slug: str) -> None:
    judge = description(slug)
    assert {operation_of(request, judge) for request in one_of_each(slug)} == OPERATIONS[slug]
    for request in one_of_each(slug):
        assert not faults_of(request, judge)
        for broken in (*misnamed(request), *elsewhere(request)):
            assert faults_of(broken, judge), broken


@every_vendor
def test_a_missing_or_needless_token_is_seen(slug: str) -> None:
    judge = description(slug)
    for request in one_of_each(slug):
        bare = {name: value for name, value in request.headers.items() if name != "Authorization"}
        other = bare if bare != request.headers else {**bare, "Authorization": "Bearer needless"}
        assert faults_of(replace(request, headers=other), judge), request


def misnamed(request: Request) -> Iterator[Request]:
    """The request with one of its names wrong, in the query, the form or the JSON."""
    address, _, query = request.url.partition("?")
    for pairs in _renamed(parse_qsl(query, keep_blank_values=True)):
        yield replace(request, url=f"{address}?{urlencode(pairs)}")
    if "json" in request.headers.get("Content-Type", "") and request.body:
        body = json.loads(request.body)
        yield from (replace(request, body=json.dumps(dict(pairs)).encode()) for pairs in _renamed(list(body.items())))
    elif request.body:
        for pairs in _renamed(parse_qsl(request.body.decode(), keep_blank_values=True)):
            yield replace(request, body=urlencode(pairs).encode())


def elsewhere(request: Request) -> Iterator[Request]:
    """The request with another method, at another address, and with more in its query and its headers."""
    address, _, query = request.url.partition("?")
    yield replace(request, method="PATCH")
    yield replace(request, url=f"{address}/more?{query}")
    yield replace(request, url=f"{address}?{query}&more=1")
    yield replace(request, headers={**request.headers, "X-More": "1"})


def _renamed(pairs: list[tuple[str, Any]]) -> Iterator[list[tuple[str, Any]]]:
    for index, (name, value) in enumerate(pairs):
        yield [*pairs[:index], (f"{name}_", value), *pairs[index + 1 :]]


# --------------------------------------------------------------------------- that no correction hides anything


@pytest.mark.parametrize("row", CORRECTIONS, ids=lambda row: "/".join((row.vendor, *row.at[-2:])))
def test_a_correction_is_still_needed(row: Correction) -> None:
    judge = description(row.vendor, without=row)
    if not any(faults_of(asked.request, judge) for asked in every_request(row.vendor, nth=100)):
        pytest.skip(f"By this description of {row.vendor}, no request needs this row: {row.why}")
