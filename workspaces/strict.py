"""JSON as strict as what becomes of it: every text that passes can be stored by PostgreSQL and read by any client.

Two kinds of refusal. What is not JSON (RFC 8259), or is beyond what we read, is 400. What is JSON but cannot be kept
as it is (the character U+0000, one name twice in an object) is a *flaw*, 422: told only after the whole text proved
to be JSON, so that a text which is wrong in both ways always gets 400.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from json.decoder import scanstring  # type: ignore[attr-defined]
from math import isinf
from threading import local
from typing import Any

from workspaces.errors import ApiError

DEPTH_MOST = 64
MEMBERS_MOST = 64  # of an object that is cut apart by hand
_SPACE = " \t\n\r"
Member = tuple[Any, int, int]
"""A member's value, and where its text begins and ends."""


def read_json(body: bytes) -> Any:
    """The value of a whole body. Raises ApiError 400 or 422."""
    reader = Reader(body)
    value, end = reader.value(reader.skip(0))
    reader.expect_end(end)
    reader.expect_flawless()
    return value


class _TooManyError(Exception):
    """Leads out of an object with more members than we cut apart."""


class Reader:
    """Reads values out of one text, by position, and gathers the flaws. A thread has one at a time.

    ``longest`` is how many characters one value may have: what is longer is refused after so many were read, because
    a value takes up to thirty times the memory of its text.
    """

    def __init__(self, body: bytes, *, longest: int | None = None) -> None:
        try:
            self.text = body.decode("utf-8")
        except UnicodeDecodeError:
            raise ApiError(400, "The body is not UTF-8.") from None
        self.longest = longest or len(self.text)
        self.flaws = _thread.flaws
        self.flaws.clear()

    def value(self, at: int) -> tuple[Any, int]:
        """The value that begins there, and where it ends."""
        cut = len(self.text) - at > self.longest
        text, start = (self.text[at : at + self.longest], 0) if cut else (self.text, at)
        try:
            value, end = _thread.decoder.raw_decode(text, start)
        except json.JSONDecodeError as error:
            raise _too_long(self.longest) if cut else malformed(error.pos) from None
        except RecursionError:
            raise _too_deep() from None
        except ValueError:  # an integer of more digits than Python reads
            raise ApiError(400, "The JSON holds a number that is too long.") from None
        end += at - start
        self._check(value, at, end)
        return value, end

    def members(self, start: int) -> tuple[dict[str, Member], int]:
        """The members of the object that begins there, each with its place in the text, and where the object ends."""
        found: dict[str, Member] = {}

        def member(at: int) -> int:
            if len(found) == MEMBERS_MOST:
                raise _TooManyError
            name, colon = self._name(at)
            value_at = self.skip(self._expect(":", self.skip(colon)))
            value, end = self.value(value_at)
            if name in found:
                _note_twice(name)
            found[name] = (value, value_at, end)
            return end

        try:
            return found, self.each(start, "}", member)
        except _TooManyError:  # the decoder finds out much faster whether the rest of it is JSON
            _, end = self.value(start)
            self.flaws.append(ApiError(422, f"At most {MEMBERS_MOST} members may stand beside one another here."))
            return found, end

    def each(self, start: int, closing: str, read: Callable[[int], int]) -> int:
        """Walk what stands between brackets: ``read`` takes one member's start and returns its end."""
        at = self.skip(start + 1)
        if self.text[at : at + 1] == closing:
            return at + 1
        while True:
            at = self.skip(read(at))
            if self.text[at : at + 1] == closing:
                return at + 1
            at = self.skip(self._expect(",", at))

    def skip(self, at: int) -> int:
        """The next character that is no white space."""
        text, end = self.text, len(self.text)
        while at < end and text[at] in _SPACE:
            at += 1
        return at

    def expect_end(self, at: int) -> None:
        """Raises ApiError 400 when more than white space follows."""
        at = self.skip(at)
        if at != len(self.text):
            raise malformed(at)

    def expect_flawless(self) -> None:
        """Raises the first flaw, if there is one."""
        if self.flaws:
            raise self.flaws[0]

    def _expect(self, mark: str, at: int) -> int:
        if self.text[at : at + 1] != mark:
            raise malformed(at)
        return at + 1

    def _name(self, at: int) -> tuple[str, int]:
        start = self._expect('"', at)
        try:
            name, end = scanstring(self.text, start)
        except json.JSONDecodeError as error:
            raise malformed(error.pos) from None
        self._check(name, at, end)
        return name, end

    def _check(self, value: Any, at: int, end: int) -> None:
        """Depth, and the characters that only an escape can bring in. Both are looked for where they may be at all."""
        text = self.text
        if text.count("[", at, end) + text.count("{", at, end) > DEPTH_MOST and _depth(value) > DEPTH_MOST:
            raise _too_deep()
        if text.find("\\u", at, end) >= 0:
            written = json.dumps(value, ensure_ascii=False)
            if not _is_unicode(written):
                raise ApiError(400, "The JSON holds half of a surrogate pair, which is no character.")
            if "\\u0000" in written.replace("\\\\", ""):
                self.flaws.append(ApiError(422, "The JSON holds the character U+0000, which cannot be stored."))


def malformed(at: int) -> ApiError:
    """Not JSON, and where it ceases to be."""
    return ApiError(400, f"The body is not JSON: see character {at + 1}.")


def _too_deep() -> ApiError:
    return ApiError(400, f"The JSON is nested deeper than {DEPTH_MOST} levels.")


def _too_long(most: int) -> ApiError:
    return ApiError(413, f"A value is longer than {most} characters, or is not JSON.")


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _depth(value: Any) -> int:
    depth, level = 0, [value]
    while level:
        depth += 1
        insides = (node.values() if isinstance(node, dict) else node for node in level)
        level = [child for inside in insides for child in inside if isinstance(child, dict | list)]
    return depth


# --------------------------------------------------------------------------- the decoder


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        _note_twice(Counter(name for name, _ in pairs).most_common(1)[0][0])
    return found


def _note_twice(name: str) -> None:
    shown = name[:40].encode("utf-8", "replace").decode()
    _thread.flaws.append(ApiError(422, f"The name {shown!r} stands twice in one object: keep one of the two."))


def _finite(text: str) -> float:
    number = float(text)
    if isinf(number):
        raise ApiError(400, f"The number {text[:40]} is too large.")
    return number


def _refuse_constant(name: str) -> None:
    raise ApiError(400, f"{name} is not JSON.")


class _Thread(local):
    """A decoder is dear to make, and cannot say which text it is decoding: so each thread has one, and its flaws."""

    def __init__(self) -> None:
        self.flaws: list[ApiError] = []
        self.decoder = json.JSONDecoder(object_pairs_hook=_object, parse_float=_finite, parse_constant=_refuse_constant)


_thread = _Thread()
