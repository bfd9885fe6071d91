"""Sentences that were stored in English, told in the reader's language.

Why a rule stayed silent and how an attempt ended are kept as they were said, so that they stay true when the words of
the program change. The catalogue knows their patterns, under the context ``stored``: ``{name} refused the message
({status}).`` What stands in a gap is told, too, where it is a sentence or a word of ours; else it stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from django.utils.translation import get_language, gettext, pgettext
from django.utils.translation.trans_real import catalog

STORED = "stored"
LENGTH_MOST = 1_000  # characters of a sentence that is looked for among the patterns
DEPTH_MOST = 4  # sentences inside of sentences
_KEPT_MOST = 4_096
_GAP = re.compile(r"\{(\w+)\}")
_END = re.compile("(?<=[.!?]) ")  # of a sentence that another follows
_FOLLOWS = "\x04"  # stands between context and text in a catalogue


class _Pattern(NamedTuple):
    """A stored sentence with gaps, and how the language says it."""

    form: re.Pattern[str]
    said: str


def retell(text: str) -> str:
    """The sentence in the language of now; as it is where nobody has translated it."""
    language = get_language() or "en"
    return text if not text or language.startswith("en") else _retold(text, language)


@lru_cache(_KEPT_MOST)
def _retold(text: str, language: str, depth: int = 0) -> str:
    whole = _whole(text)
    if whole is not None or depth == DEPTH_MOST or len(text) > LENGTH_MOST:
        return whole or text
    for pattern in _patterns(language):
        if found := pattern.form.fullmatch(text):
            told = {name: _retold(value, language, depth + 1) for name, value in found.groupdict().items()}
            return "".join(literal + told.get(name, "") for literal, name in _split(pattern.said))
    sentences = _END.split(text)
    return " ".join(_retold(one, language, depth + 1) for one in sentences) if len(sentences) > 1 else text


def _whole(text: str) -> str | None:
    """The translation of a sentence without gaps, or of a word of ours."""
    said = (gettext(text), pgettext(STORED, text))
    return next((one for one in said if one != text), None)


@lru_cache(8)
def _patterns(_language: str) -> tuple[_Pattern, ...]:
    """Those with gaps, the most telling first. The language is the active one."""
    known = catalog()._catalog  # type: ignore[attr-defined]  # noqa: SLF001  Django's own view of it does so, too
    entries = [(key, said) for key, said in known.items() if isinstance(key, str)]
    start = STORED + _FOLLOWS
    found = [(key.removeprefix(start), said) for key, said in entries if said and _is_pattern(key.removeprefix(start))]
    found.sort(key=lambda pair: -len(_GAP.sub("", pair[0])))
    return tuple(_Pattern(_form(text), said) for text, said in found)


def _is_pattern(text: str) -> bool:
    """A text with gaps, and of no other context."""
    return _FOLLOWS not in text and bool(_GAP.search(text))


def _form(text: str) -> re.Pattern[str]:
    """``a {b} c`` → ``a (?P<b>.+?) c``; a gap that comes twice holds the same twice."""
    parts, seen = [], set[str]()
    for literal, name in _split(text):
        parts.append(re.escape(literal))
        if name:
            parts.append(f"(?P={name})" if name in seen else f"(?P<{name}>.+?)")
            seen.add(name)
    return re.compile("".join(parts), re.DOTALL)


def _split(text: str) -> Iterator[tuple[str, str]]:
    at = 0
    for gap in _GAP.finditer(text):
        yield text[at : gap.start()], gap[1]
        at = gap.end()
    yield text[at:], ""
