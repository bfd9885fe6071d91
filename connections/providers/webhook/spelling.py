"""Texts with what nobody sees made visible: line ends, tabs, marks without width, spaces at the end."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

SHOWN_MOST = 4_000  # characters; of a longer text the beginning and the end are shown

_NAMES = {"\n": "LF", "\r": "CR", "\t": "TAB", "\u00a0": "NBSP", "\ufeff": "BOM"}
_AT_THE_END = re.compile(r"\s+\Z")


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a text: as it is, or ``hidden``, and then the text is its name."""

    text: str
    hidden: bool = False


def spell(text: str) -> list[Piece]:
    """The pieces of a text, in their order."""
    if len(text) <= SHOWN_MOST:
        return list(_pieces(text))
    half, left_out = SHOWN_MOST // 2, len(text) - SHOWN_MOST
    return [*_pieces(text[:half]), Piece(f"… {left_out} …", hidden=True), *_pieces(text[-half:])]


def _pieces(text: str) -> Iterator[Piece]:
    end = _AT_THE_END.search(text)
    last = end.start() if end else len(text)
    begin = 0
    for place, char in enumerate(text):
        if _is_hidden(char) or place >= last:
            yield from [Piece(text[begin:place])] if begin < place else []
            yield Piece(_named(char), hidden=True)
            yield from [Piece("\n")] if char == "\n" else []
            begin = place + 1
    yield from [Piece(text[begin:])] if begin < len(text) else []


def _is_hidden(char: str) -> bool:
    """Whether nothing is seen of it, or only a blank that is not the usual one. Source: Unicode's categories."""
    return char != " " and unicodedata.category(char) in ("Cc", "Cf", "Zs", "Zl", "Zp", "Cs")


def _named(char: str) -> str:
    return "SPACE" if char == " " else _NAMES.get(char, f"U+{ord(char):04X}")
