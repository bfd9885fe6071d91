"""One call of an org's REST API: the request, and the JSON of its answer, in which anything may be missing.

Source: https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from connections.answers import object_of
from connections.provider import Answer, Request
from connections.providers.salesforce import hosts

# Spring '26: every org has it, and none will have to leave it soon, since Salesforce keeps a version for three years
# at least. Source: https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/api_rest_eol.htm
VERSION = "v66.0"
BASE = f"/services/data/{VERSION}"

_ESCAPES = str.maketrans(
    {"\\": "\\\\", "'": "\\'", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}
)
_ID = re.compile("[a-zA-Z0-9]{15}(?:[a-zA-Z0-9]{3})?")


@dataclass(frozen=True, slots=True)
class Org:
    """An org's address and the token that opens it."""

    url: str
    token: str = field(repr=False)

    def call(self, method: str, path: str, *, body: object = None) -> Request:
        """A request below ``/services/data/<version>``; ``body`` is sent as JSON unless it is None."""
        return self.ask(method, BASE + path, body=body)

    def query(self, soql: str) -> Request:
        """A query. What comes from outside stands in it by ``literal`` or ``id_of`` only."""
        return self.call("GET", f"/query?q={quote(soql, safe='')}")

    def ask(self, method: str, path: str, *, body: object = None) -> Request:
        """A request to a whole path."""
        headers = {"Authorization": f"Bearer {self.token}", "Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        return Request(
            method=method,
            url=self.url + path,
            headers=headers,
            body=b"" if body is None else json.dumps(body, ensure_ascii=False).encode("utf-8", "replace"),
            secrets=(self.token,),
        )


def org(settings: Mapping[str, Any], credentials: Mapping[str, str]) -> Org | None:
    """The org of a connection; None without a token or without an address that is Salesforce's."""
    url, token = hosts.instance(settings.get("instance_url")), credentials.get("access_token", "")
    return Org(url, token) if url and token else None


def literal(text: str) -> str:
    """A text inside of a query, in its quotes.

    Source: https://developer.salesforce.com/docs/atlas.en-us.soql_sosl.meta/soql_sosl/
    sforce_api_calls_soql_select_quotedstringescapes.htm
    """
    return f"'{text.translate(_ESCAPES)}'"


def id_of(value: object, prefix: str = "") -> str:
    """A record's id if it looks like one (15 or 18 letters and digits, the first three its kind's); else ""."""
    text = value if isinstance(value, str) else ""
    return text if _ID.fullmatch(text) and text.startswith(prefix) else ""


def parsed(answer: Answer) -> Any:
    """The JSON of an answer; None when it is none, or only a part."""
    try:
        return None if answer.truncated else json.loads(answer.body)
    except (ValueError, RecursionError):
        return None


def records(answer: Answer) -> list[dict[str, Any]] | None:
    """The rows of a query's answer; None when it is none."""
    found = object_of(parsed(answer)).get("records") if answer.status == 200 else None
    return [row for row in found if isinstance(row, dict)] if isinstance(found, list) else None
