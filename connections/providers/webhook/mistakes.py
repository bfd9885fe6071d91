"""What a signature comes out as when a receiver makes one of the usual mistakes, and how a body was changed."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol

from connections.providers.webhook.slips import Slip

_BOM = b"\xef\xbb\xbf"
_HEX = re.compile(r"[0-9a-fA-F]{64}")
_BEGINNING = re.compile(r"v1[,=:]|sha256=")


class Kept(Protocol):
    """What is known of a body that was sent."""

    @property
    def body(self) -> bytes | None: ...
    @property
    def sha256(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Form:
    """What stands before the body in what is signed."""

    before: bytes
    slip: Slip | None = None


# --------------------------------------------------------------------------- what a signature is made of


def forms(id: str, timestamp: str) -> Iterator[Form]:
    """The right way to put it together, and the wrong ones."""
    yield Form(f"{id}.{timestamp}.".encode())
    yield Form(b"", Slip.BODY_ONLY)
    yield from (Form(text.encode(), Slip.PART_MISSING) for text in (f"{timestamp}.", f"{id}.", f"{timestamp}.{id}."))
    yield Form(f"{id}{timestamp}".encode(), Slip.NO_DOTS)


def keys(secret: str) -> Iterator[tuple[Slip | None, bytes]]:
    """The right key, and the wrong ones."""
    bare = secret.removeprefix("whsec_")
    yield None, base64.b64decode(bare)
    yield Slip.KEY_TEXT, secret.encode()
    yield Slip.KEY_UNDECODED, bare.encode()
    yield Slip.KEY_PREFIX, _lenient(secret)
    yield Slip.KEY_PREFIX, _lenient(secret.replace("_", "/"))  # where the alphabet of URLs is read, too


def bodies(got: bytes, sent: bytes | None) -> Iterator[tuple[Slip | None, bytes]]:
    """The body as it was received, and the same changed as programs change bodies."""
    yield None, got
    if sent is not None and sent != got and (slip := _difference(got, sent)):
        yield slip, sent
    yield Slip.BODY_BOM, got.removeprefix(_BOM) if got.startswith(_BOM) else _BOM + got
    yield from ((Slip.BODY_LINE_END, text) for text in (got.rstrip(), got + b"\n", got + b"\r\n"))
    lines = got.replace(b"\r\n", b"\n")
    yield from ((Slip.BODY_LINE_ENDS, text) for text in (lines, lines.replace(b"\n", b"\r\n")) if text != got)
    for text in _rewritten(got):
        yield Slip.BODY_REWRITTEN, text


def digest_of(text: str) -> tuple[bytes, list[Slip]] | None:
    """The bytes of a signature however it is written, and what is wrong with the writing; None for what is none."""
    bare = _BEGINNING.sub("", text, count=1)
    slips = [] if text.startswith("v1,") else [Slip.NO_VERSION]
    if _HEX.fullmatch(bare):
        return bytes.fromhex(bare), [Slip.HEX]
    with suppress(binascii.Error, ValueError):
        digest = base64.b64decode(bare.replace("-", "+").replace("_", "/") + "=" * (-len(bare) % 4), validate=True)
        spelled = [] if base64.b64encode(digest).decode() == bare else [Slip.SPELLING]
        return digest, [*slips, *spelled]
    return None


def body_slip(got: bytes, sent: Kept) -> Slip | None:
    """How a body differs from the one that was sent; None when it does not."""
    if sent.body is not None:
        return _difference(got, sent.body)
    return None if not sent.sha256 or hashlib.sha256(got).hexdigest() == sent.sha256 else Slip.BODY_OTHER


# --------------------------------------------------------------------------- how bodies differ


def _difference(got: bytes, sent: bytes) -> Slip | None:
    if got == sent:
        return None
    if got.removeprefix(_BOM) == sent.removeprefix(_BOM):
        return Slip.BODY_BOM
    if got.rstrip() == sent.rstrip():
        return Slip.BODY_LINE_END
    if got.replace(b"\r\n", b"\n") == sent.replace(b"\r\n", b"\n"):
        return Slip.BODY_LINE_ENDS
    ours, theirs = _parsed(sent), _parsed(got)
    if ours is None or theirs is None:
        return Slip.BODY_OTHER
    if ours == theirs:
        return Slip.BODY_REWRITTEN
    inside = ours.get("payload") if isinstance(ours, dict) else None
    return Slip.BODY_PART if inside is not None and inside == theirs else Slip.BODY_OTHER


def _parsed(body: bytes) -> Any:
    """The value of a JSON body, as most parsers see it; None for what is no JSON."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _rewritten(body: bytes) -> Iterator[bytes]:
    """As the usual libraries write the same value: compact or spaced, in ASCII or not, in order or sorted."""
    value = _parsed(body)
    if value is None:
        return
    for compact in (True, False):
        for plain in (True, False):
            for sort in (False, True):
                separators = (",", ":") if compact else (", ", ": ")
                text = json.dumps(value, separators=separators, ensure_ascii=plain, sort_keys=sort)
                yield text.encode("utf-8", "replace")


def _lenient(text: str) -> bytes:
    """Base64 as many libraries read it: what does not belong there is skipped, and a torn end is left out."""
    fit = re.sub(r"[^A-Za-z0-9+/]", "", text)
    return base64.b64decode(fit[: len(fit) // 4 * 4])
