"""Time-ordered ids (UUID version 7, RFC 9562 §5.7), made by us, and ids derived from other ids.

The first 48 bits are milliseconds since 1970, so ids sort by time and a table can be partitioned on its own id.
A derived id keeps its parent's time and hashes the rest: the primary key alone says "once per parent and parts".
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import UTC, datetime, timedelta
from threading import Lock
from uuid import UUID

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_TAIL_BITS = 74  # what is left beside the time, the version and the variant


def uuid7(at: datetime | None = None) -> UUID:
    """A fresh id of now, or of a given moment with its zone.

    Ids of now, made by one process within one millisecond, ascend; across processes they are random.
    """
    if at is not None:
        return _assemble(_milliseconds(at), secrets.randbits(_TAIL_BITS))
    return _assemble(*_sequence.following(_milliseconds(datetime.now(UTC))))


def derive(parent: UUID, *parts: UUID | str | int) -> UUID:
    """The id that belongs to ``parent`` and ``parts``, for ever the same, with the parent's time.

    Raises ``ValueError`` when the parent is not a version 7 id: it has no time to hand on.
    """
    _require_version_7(parent)
    digest = hashlib.sha256(b"".join(_unambiguous(part) for part in (parent, *parts))).digest()
    return _assemble(parent.int >> 80, int.from_bytes(digest) >> (256 - _TAIL_BITS))


def timestamp(identifier: UUID) -> datetime:
    """The moment of an id, to the millisecond, in UTC.

    Raises ``ValueError`` for an id of another version, or of a year past 9999.
    """
    _require_version_7(identifier)
    try:
        return _EPOCH + (identifier.int >> 80) * _MILLISECOND
    except OverflowError:
        raise ValueError(f"{identifier} lies past the year 9999.") from None


def floor(at: datetime) -> UUID:
    """The lowest id of that millisecond: a partition's bound, or a filter "from this moment on"."""
    return _assemble(_milliseconds(at), 0)


def parse(text: str) -> UUID | None:
    """The id that somebody wrote; None when it is none."""
    try:
        return UUID(text)
    except ValueError:
        return None


class _Sequence:
    """The last id's parts. Steps are random, so that a forked process does not repeat its parent's next id."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._milliseconds = -1
        self._tail = 0

    def following(self, milliseconds: int) -> tuple[int, int]:
        """The parts of an id that is above the last one of the same millisecond (RFC 9562 §6.2, method 2)."""
        with self._lock:
            if milliseconds == self._milliseconds:
                self._tail += 1 + secrets.randbits(_TAIL_BITS // 2)
            else:  # a bit less than the full width leaves room to count up
                self._milliseconds, self._tail = milliseconds, secrets.randbits(_TAIL_BITS - 1)
            return milliseconds, self._tail


_sequence = _Sequence()


def _assemble(milliseconds: int, tail: int) -> UUID:
    head, rest = divmod(tail, 1 << 62)
    return UUID(int=milliseconds << 80 | 7 << 76 | head << 64 | 0b10 << 62 | rest)


def _milliseconds(at: datetime) -> int:
    return (at - _EPOCH) // _MILLISECOND


def _unambiguous(part: UUID | str | int) -> bytes:
    """Kind and length lead, so that ("ab", "c") and ("a", "bc"), or 1 and "1", never meet."""
    if isinstance(part, UUID):
        return b"u" + part.bytes
    kind = b"i" if isinstance(part, int) else b"s"
    text = str(part).encode()
    return kind + len(text).to_bytes(8) + text


def _require_version_7(identifier: UUID) -> None:
    if identifier.version != 7:
        raise ValueError(f"{identifier} is not a time-ordered id (UUID version 7).")
