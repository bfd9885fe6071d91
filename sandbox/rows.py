"""Rows of a seed: JSON objects made into frozen dataclasses, or the place that is wrong in one sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields
from typing import Any


class SeedError(Exception):
    """The seed file cannot be used; the message names the place and the mend."""


def rows[Row](kind: type[Row], parsed: Mapping[str, Any], key: str, *, inside: str = "") -> tuple[Row, ...]:
    """The rows of the list under ``key``; ``inside`` says in whose (``zoom.``). Raises ``SeedError``."""
    return tuple(build(kind, row, where=where) for where, row in objects(parsed, key, inside=inside))


def objects(parsed: Mapping[str, Any], key: str, *, inside: str = "") -> list[tuple[str, Mapping[str, Any]]]:
    rows = parsed.get(key, [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise SeedError(f"In the sandbox seed, {inside}{key} must be a list of objects.")
    return [(f"{inside}{key}[{number}]", row) for number, row in enumerate(rows)]


def build[Row](kind: type[Row], row: Mapping[str, Any], *, where: str) -> Row:
    refuse_unknown(row, known=[each.name for each in fields(kind)], where=where)  # type: ignore[arg-type]
    missing = [each.name for each in fields(kind) if each.default is MISSING and each.name not in row]  # type: ignore[arg-type]
    if missing:
        raise SeedError(f"In the sandbox seed, {where} lacks {', '.join(missing)}.")
    return kind(**row)


def refuse_unknown(row: Mapping[str, Any], *, known: Sequence[str], where: str) -> None:
    """Raises ``SeedError`` for a field that nobody reads: it is a slip of the pen, or meant for another simulator."""
    unknown = sorted(set(row) - set(known))
    if unknown:
        raise SeedError(f"In the sandbox seed, {where} has {', '.join(unknown)}; known are {', '.join(known)}.")
