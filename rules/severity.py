"""How bad an event is: one scale of six words, and the words that others use for them.

``debug < info < low < medium < high < critical``. Spelling is forgiving about case, spaces, hyphens and
underscores: ``SEV-1``, ``sev 1`` and ``Sev1`` are one word. Syslog's eight levels land in order: emergency, alert
and critical are critical, error is high, warning is medium, notice is low, info and debug are themselves.

Numbers are not read. Syslog counts 0 as the worst, CVSS 10 and Jira 1: a guess would send a disaster as a
whisper, and nobody would see it. The word ``none``, an unknown word and a number all mean "no severity".
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from types import MappingProxyType
from typing import Any, Final

from rules.paths import parse_path

SEVERITY_PATH: Final = "severity"


class Severity(IntEnum):
    """A step of the scale; steps compare by how bad they are."""

    DEBUG = 0
    INFO = 1
    LOW = 2
    MEDIUM = 3
    HIGH = 4
    CRITICAL = 5

    @property
    def label(self) -> str:
        """The word of the scale, in lower case."""
        return self.name.lower()


WORDS: Final[Mapping[Severity, tuple[str, ...]]] = MappingProxyType(
    {
        Severity.DEBUG: ("debug", "trace", "verbose"),
        Severity.INFO: ("info", "information", "informational", "ok", "resolved", "sev5", "p5"),
        Severity.LOW: ("low", "minor", "notice", "sev4", "p4"),
        Severity.MEDIUM: ("medium", "med", "moderate", "average", "warn", "warning", "sev3", "p3"),
        Severity.HIGH: ("high", "major", "severe", "err", "error", "sev2", "p2"),
        Severity.CRITICAL: (
            *("critical", "crit", "alert", "emergency", "emerg", "fatal", "panic", "disaster", "blocker"),
            *("sev0", "sev1", "p0", "p1"),
        ),
    }
)
"""Every word that is understood, by what it means: the published table."""

_BY_WORD: Final = {word: severity for severity, words in WORDS.items() for word in words}
_LONGEST: Final = 40  # characters; no word of the table comes near, however it is spaced
_FORGIVEN: Final = str.maketrans("", "", " -_\t")


def parse(value: Any) -> Severity | None:
    """The severity that a value of a payload names; None for none, an unknown word, or anything that is not text."""
    if not isinstance(value, str) or len(value) > _LONGEST:
        return None
    return _BY_WORD.get(value.casefold().translate(_FORGIVEN))


def read(payload: Any, *, path: str = SEVERITY_PATH) -> Severity | None:
    """The severity that a payload carries at a dotted path."""
    return parse(parse_path(path).one(payload))
