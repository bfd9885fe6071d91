"""What may be kept of an exchange: everything but the secrets, and not more of a body than a person will read.

Struck out are the connection's credentials in every form in which they travel (an answer may repeat what it got), the
headers whose names speak of secrets, and the values of a URL's query: that is where receivers expect their tokens.
"""

from __future__ import annotations

import base64
import hashlib
import html
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from json.encoder import encode_basestring, encode_basestring_ascii
from typing import Any
from urllib.parse import quote, quote_plus, unquote_plus

from connections.provider import Answer, Failure, Mail, Record, Reply, Request, Step
from rules.showing import storable

KEPT_BODY = 16 * 1024  # characters
STRUCK = "••••••"
_SHORTEST_SECRET = 4  # characters; striking out shorter ones would garble every text
_SHORTEST_TOKEN = 8  # the same for what only stands where secrets use to stand
_SECRET_NAME = re.compile(
    r"auth(?!enticate)|cookie|token|secret|passw|credential|session|api[-_]?key|access[-_]?key", re.IGNORECASE
)
_USERINFO = re.compile(r"(?<=://)[^/?#]*@")
_QUERY_VALUE = re.compile(r"(?<==)[^&#]+|(?<![^&])[^&=#]+(?![^&#])")  # behind "=", or a parameter without one


class Redactor:
    """Strikes the given secrets, and those that the steps carry, out of whatever is about to be stored."""

    def __init__(self, secrets: Iterable[str], steps: Iterable[Step] = ()) -> None:
        known = {secret for secret in secrets if len(secret) >= _SHORTEST_SECRET}
        for step in steps:
            known.update(secret for secret in _carried(step) if len(secret) >= _SHORTEST_TOKEN)
            known.update(s for s in getattr(step, "secrets", ()) if len(s) >= _SHORTEST_SECRET)
        self._forms = sorted({form for secret in known for form in _forms(secret)}, key=len, reverse=True)

    def __call__(self, text: str) -> str:
        """The text without secrets, and without the characters that PostgreSQL does not take."""
        for form in self._forms:
            text = text.replace(form, STRUCK)
        return storable(text)

    def exchange(self, step: Step, reply: Reply) -> dict[str, Any]:
        """One step and what came back."""
        return {"request": self.step(step), "response": self.reply(reply)}

    def step(self, step: Step, *, most: int = KEPT_BODY) -> dict[str, Any]:
        """What was sent, with so many characters of its body at most."""
        match step:
            case Request():
                head = {"method": step.method, "url": self._url(step.url), "headers": self.headers(step.headers)}
                return {**head, **self.body(step.body, most=most)}
            case Mail():
                head = {"method": "MAIL", "to": [self(address) for address in step.to], "subject": self(step.subject)}
                text = self.body(step.text.encode(errors="replace"), most=most)
                return {**head, "message_id": self(step.message_id), **text}
            case Record():
                return {"method": "CAPTURE", "headers": self.headers(step.headers), **self.body(step.body, most=most)}

    def reply(self, reply: Reply) -> dict[str, Any]:
        """What came back, or why nothing did."""
        match reply:
            case Failure():
                return {"trouble": reply.trouble, "detail": self(reply.detail), "elapsed_ms": reply.elapsed_ms}
            case Answer():
                head = {"status": reply.status, "headers": self.headers(reply.headers)}
                return {**head, **self.body(reply.body), "truncated": reply.truncated, "elapsed_ms": reply.elapsed_ms}

    def headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        """Headers, those with names that speak of secrets struck out whole."""
        return {self(name): STRUCK if _is_secret(name) else self(value) for name, value in headers.items()}

    def body(self, body: bytes, *, most: int = KEPT_BODY) -> dict[str, Any]:
        """The beginning of a body, its length in bytes, and the hash that proves the rest."""
        text = self(body.decode("utf-8", "replace"))
        kept: dict[str, Any] = {"body": text[:most], "bytes": len(body)}
        if len(text) > most:
            kept["sha256"] = hashlib.sha256(body).hexdigest()
        return kept

    def _url(self, url: str) -> str:
        base, mark, rest = _USERINFO.sub(f"{STRUCK}@", url, count=1).partition("?")
        return self(base) + mark + self(_QUERY_VALUE.sub(STRUCK, rest))


def _carried(step: Step) -> Iterator[str]:
    """What only its place gives away as a secret."""
    if not isinstance(step, Request):
        return
    for name, value in step.headers.items():
        if _is_secret(name):
            yield value.rpartition(" ")[2]  # "Bearer <token>"
    for value in _QUERY_VALUE.findall(step.url.partition("?")[2]):
        yield from (value, unquote_plus(value))


@lru_cache(maxsize=1_000)
def _is_secret(name: str) -> bool:
    """Whether a header's name speaks of a secret. Kept, since the same few names come with every answer."""
    return bool(_SECRET_NAME.search(name))


def _forms(secret: str) -> set[str]:
    """A secret as it may stand in an answer: as it is, escaped for JSON, a URL or a page, or in base64."""
    escaped = {encode_basestring_ascii(secret)[1:-1], encode_basestring(secret)[1:-1], html.escape(secret)}
    encoded = base64.b64encode(secret.encode(errors="replace")).decode().rstrip("=")
    return {secret, *escaped, quote(secret, safe="", errors="replace"), quote_plus(secret, errors="replace"), encoded}
