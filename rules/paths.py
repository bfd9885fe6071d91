"""Dotted paths into a payload: ``user.name``, ``lines.0.sku``, ``lines.*.sku``.

One rule holds everywhere: an object is read by key, a list by index (``0`` is its first member) or by ``*`` (each
of its members); anything else has nothing inside. A path starts at the payload's root. A leading ``payload``
stands for that root, here as in templates, so ``payload.value`` and ``value`` are the same field. A key that
contains a dot, or a root key that is itself called ``payload``, is reached with the path as a list of keys:
``["host.name"]``, ``["payload"]``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import islice
from typing import Any, Final

ANY_MEMBER: Final = "*"
MEMBERS_MOST: Final = 1_000  # members looked at under one path, so that a long list cannot stall the pipeline


class Missing(Enum):
    """What is read where there is nothing; not the same as null."""

    MISSING = "missing"


MISSING: Final = Missing.MISSING


@dataclass(frozen=True, slots=True)
class Path:
    """A path that was parsed once; ``text`` is how a person reads it."""

    text: str
    segments: tuple[str, ...]
    many: bool  # contains ``*``

    def one(self, payload: Any) -> Any:
        """The value at this path, or ``MISSING``. Only for a path without ``*``."""
        value = payload
        for segment in self.segments:
            value = _inside(value, segment)
            if value is MISSING:
                return MISSING
        return value

    def all(self, payload: Any) -> list[Any]:
        """The values at this path, the first ``MEMBERS_MOST`` of them; ``[MISSING]`` where there is none at all.

        A member that lacks the rest of the path counts as ``MISSING``.
        """
        if not self.many:
            return [self.one(payload)]
        return list(islice(_spread(payload, self.segments), MEMBERS_MOST)) or [MISSING]


def parse_path(path: str | Sequence[str]) -> Path:
    """Parse a dotted text, or take a list of keys as it is. Raises nothing: a path that leads nowhere reads nothing."""
    if isinstance(path, str):
        segments = tuple(path.split("."))
        segments = segments[1:] if segments[0] == "payload" else segments
        return Path(text=path, segments=segments, many=ANY_MEMBER in segments)
    keys = tuple(path)
    return Path(text=".".join(f'"{key}"' if "." in key else key for key in keys), segments=keys, many=False)


def _inside(value: Any, segment: str) -> Any:
    if isinstance(value, dict | Mapping):
        return value.get(segment, MISSING)
    if isinstance(value, list) and segment.isascii() and segment.isdigit():
        index = int(segment[:10])  # no list is longer, and a number of any length stays cheap
        return value[index] if index < len(value) else MISSING
    return MISSING


def _spread(value: Any, segments: tuple[str, ...]) -> Iterator[Any]:
    for position, segment in enumerate(segments):
        if segment == ANY_MEMBER and isinstance(value, list):
            for member in value:
                yield from _spread(member, segments[position + 1 :])
            return
        value = _inside(value, segment)
        if value is MISSING:
            break
    yield value
