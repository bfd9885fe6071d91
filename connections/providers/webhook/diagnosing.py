"""Why a signature does not hold: what was signed, what each live secret makes of it, and the likely mistake.

Receivers fail at the same few places, so these are tried one by one: a signature that a mistake explains exactly names
that mistake. Nothing here sends, reads or keeps anything, and no secret is in what comes out.
Source of the rules: Standard Webhooks 1.0.0, "Verifying signatures".
"""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from connections.providers.webhook.mistakes import bodies, body_slip, digest_of, forms, keys
from connections.providers.webhook.slips import Slip

TOLERANCE = timedelta(minutes=5)  # what the libraries of Standard Webhooks allow, either way
SHOWN = 10  # characters of a signature that nobody has seen yet

_NEEDED = ((Slip.NO_ID, "id"), (Slip.NO_TIMESTAMP, "timestamp"), (Slip.NO_SIGNATURE, "signature"))
_PLAIN = {Slip.KEY_TEXT, Slip.BODY_ONLY}  # how the older header is meant to be made
_OTHER_VERSION = re.compile(r"v(?!1[,=:])\w*,")
_SLIPS_MOST = 2  # at once; with three nearly everything could be explained


@dataclass(frozen=True, slots=True)
class Received:
    """What the receiver got, letter by letter, and what its own code ``computed`` where somebody can tell."""

    id: str
    timestamp: str
    signature: str
    body: bytes
    computed: str = ""


@dataclass(frozen=True, slots=True)
class Sent:
    """One request as it was kept. ``body`` is None where no more than its length (bytes) and its hash are known."""

    id: str
    timestamp: str
    signature: str
    body: bytes | None
    length: int = 0
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Expected:
    """What one live secret makes of what was received. ``shown`` is short where a whole one could be misused.

    Whoever sees this page could else have anything signed in our name.
    """

    secret: str  # its name: current or old
    shown: str
    matches: bool


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found; ``slip`` has the words, ``values`` what stands in them."""

    slip: Slip
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Difference:
    """A body that is not the one that was sent: their lengths, and the first byte that differs, from 1.

    ``at`` is None where what was sent is not known whole.
    """

    sent: int
    got: int
    at: int | None


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What was ``signed``, which signatures there are, the findings (the cause before what follows from it)."""

    signed: bytes
    received: tuple[str, ...]
    expected: tuple[Expected, ...]
    findings: tuple[Finding, ...]
    difference: Difference | None = None

    @property
    def holds(self) -> bool:
        """Whether the received signature is right."""
        return any(one.matches for one in self.expected)


def diagnose(received: Received, *, secrets: Mapping[str, str], sent: Sequence[Sent] = (), now: datetime) -> Diagnosis:
    """Find the mistake. ``secrets`` are the live ones by their names, the current one first; ``sent`` what is known."""
    content = b".".join([received.id.encode(), received.timestamp.encode(), received.body])
    tokens = tuple(received.signature.split())
    right = {name: f"v1,{_base64(_sign(secret, content))}" for name, secret in secrets.items()}
    known = {token for one in sent if one.id == received.id for token in one.signature.split()} | set(tokens)
    expected = tuple(
        Expected(name, text if text in known else f"{text[:SHOWN]}…", text in tokens) for name, text in right.items()
    )
    slips = [*_header_slips(received, now), *_signature_slips(received, right, secrets, sent)]
    found = _findings(slips, received, sent)
    return Diagnosis(content, tokens, expected, found, _differing(received, sent))


# --------------------------------------------------------------------------- the headers by themselves


def _header_slips(received: Received, now: datetime) -> Iterator[Finding]:
    yield from (Finding(slip) for slip, name in _NEEDED if not getattr(received, name))
    if received.signature and all(map(_OTHER_VERSION.match, received.signature.split())):
        yield Finding(Slip.OTHER_VERSION)
    if not received.timestamp:
        return
    if not (received.timestamp.isascii() and received.timestamp.isdigit()) or len(received.timestamp) > 16:
        yield Finding(Slip.TIMESTAMP_NO_NUMBER)
    elif len(received.timestamp) > 11:
        yield Finding(Slip.TIMESTAMP_MILLISECONDS)
    elif abs(away := now.timestamp() - int(received.timestamp)) > TOLERANCE.total_seconds():
        yield Finding(Slip.TOO_OLD if away > 0 else Slip.AHEAD, {"minutes": round(abs(away) / 60)})


# --------------------------------------------------------------------------- the signature


def _signature_slips(
    received: Received, right: Mapping[str, str], secrets: Mapping[str, str], sent: Sequence[Sent]
) -> Iterator[Finding]:
    """About what the code computed, where that is told; else about the header."""
    given = [received.computed.strip()] if received.computed.strip() else received.signature.split()
    if not given:
        return
    names = list(right)
    for name, text in right.items():
        if text in given:
            yield Finding(Slip.RIGHT if name == names[0] else Slip.OLD_SECRET)
            return
    yield from (
        _of_another(given, received, sent) or _explained(given, received, secrets, sent) or _unexplained(received, sent)
    )


def _of_another(given: Sequence[str], received: Received, sent: Sequence[Sent]) -> list[Finding]:
    for one in sent:
        if (one.id, one.timestamp) != (received.id, received.timestamp) and set(given) & set(one.signature.split()):
            slip = Slip.OTHER_ATTEMPT if one.id == received.id else Slip.OTHER_MESSAGE
            return [Finding(slip, {"id": one.id, "timestamp": one.timestamp})]
    return []


def _explained(
    given: Sequence[str], received: Received, secrets: Mapping[str, str], sent: Sequence[Sent]
) -> list[Finding]:
    wanted = [read for text in given if (read := digest_of(text))]
    for digest, slips in _ways(received, secrets, _match(received, sent)):
        for found, spelling in wanted:
            if hmac.compare_digest(digest, found):
                named = [Slip.PLAIN_HEADER] if set(slips) == _PLAIN else [*slips, *spelling]
                return [Finding(slip) for slip in dict.fromkeys(named)]
    return []


def _ways(received: Received, secrets: Mapping[str, str], sent: Sent | None) -> Iterator[tuple[bytes, list[Slip]]]:
    """Every way to come to a signature, the ways with the fewest mistakes first."""
    texts = list(bodies(received.body, sent.body if sent else None))
    plans = [
        ([slip for slip in (form.slip, key_slip, body_slip) if slip], secret, key, form, body)
        for secret in secrets.values()
        for key_slip, key in keys(secret)
        for form in forms(received.id, received.timestamp)
        for body_slip, body in texts
    ]
    for slips, _secret, key, form, body in sorted(plans, key=lambda plan: len(plan[0])):
        if len(slips) <= _SLIPS_MOST:
            yield hmac.digest(key, form.before + body, "sha256"), slips


def _unexplained(received: Received, sent: Sequence[Sent]) -> list[Finding]:
    """It is another secret's if the body is what was sent; else the body is reason enough, and is told of below."""
    one = _match(received, sent)
    if one is None:
        return [Finding(Slip.CANNOT_TELL)]
    return [] if body_slip(received.body, one) else [Finding(Slip.UNKNOWN_SECRET)]


# --------------------------------------------------------------------------- all of it together


def _findings(slips: Sequence[Finding], received: Received, sent: Sequence[Sent]) -> tuple[Finding, ...]:
    """What was found, and that the body is not the one that was sent, or the id unknown."""
    one, found = _match(received, sent), list(slips)
    slip = body_slip(received.body, one) if one else Slip.UNKNOWN_ID if sent and received.id else None
    if slip and slip not in {finding.slip for finding in found}:
        found.append(Finding(slip))
    return tuple(sorted(found, key=lambda finding: finding.slip.rank))


def _match(received: Received, sent: Sequence[Sent]) -> Sent | None:
    """The request that was received: of its id, and of its time where there were several."""
    of_it = [one for one in sent if one.id == received.id]
    return next((one for one in of_it if one.timestamp == received.timestamp), of_it[0] if of_it else None)


def _differing(received: Received, sent: Sequence[Sent]) -> Difference | None:
    one = _match(received, sent)
    if one is None or body_slip(received.body, one) is None:
        return None
    return Difference(one.length, len(received.body), _first_difference(received.body, one.body))


def _first_difference(got: bytes, sent: bytes | None) -> int | None:
    if sent is None:
        return None
    pairs = zip(got, sent, strict=False)
    return next((place for place, (a, b) in enumerate(pairs, 1) if a != b), min(len(got), len(sent)) + 1)


def _sign(secret: str, content: bytes) -> bytes:
    return hmac.digest(base64.b64decode(secret.removeprefix("whsec_")), content, "sha256")


def _base64(digest: bytes) -> str:
    return base64.b64encode(digest).decode()
