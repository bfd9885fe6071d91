"""Event type names, and the patterns by which a rule says which of them it wants.

An event type is what the vendor's developer calls it: ``contact.created``, ``user:signed-up``, ``Order Completed``.
So any printable text of up to 128 characters is one, as long as it does not begin or end with a space and has no
``*``. Upper and lower case differ.

In a pattern, ``*`` stands for one or more characters of any kind, dots included: ``alert.*`` wants
``alert.triggered`` and ``alert.disk.full`` but not ``alert``; ``*.created`` wants ``crm.contact.created``; ``*``
wants everything. There is nothing else to learn, and no regular expression that could run away.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext

LONGEST: Final = 128  # characters
WILDCARD: Final = "*"


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern that was split once at its wildcards."""

    text: str
    parts: tuple[str, ...]

    @property
    def exact(self) -> bool:
        """Without a wildcard: it wants one event type only."""
        return len(self.parts) == 1

    def matches(self, event_type: str) -> bool:
        """Whether it wants that event type. Each part is looked for once, from left to right."""
        if self.exact:
            return event_type == self.text
        first, *middle, last = self.parts
        if not event_type.startswith(first):
            return False
        position = len(first)
        for part in middle:
            found = event_type.find(part, position + 1)  # + 1: the wildcard before it stands for at least one
            if found < 0:
                return False
            position = found + len(part)
        return event_type.endswith(last) and len(event_type) - len(last) > position


def compile_pattern(pattern: str) -> Pattern:
    """Split a pattern at its wildcards; ``check_pattern`` says beforehand whether it is one."""
    return Pattern(text=pattern, parts=tuple(pattern.split(WILDCARD)))


def matches(pattern: str, event_type: str) -> bool:
    """Whether a pattern wants an event type; compile it first where it is asked often."""
    return compile_pattern(pattern).matches(event_type)


def check_event_type(event_type: str) -> str:
    """What is wrong with an event type, in a plain sentence; empty when nothing is."""
    if WILDCARD in event_type:
        return "An event type cannot contain *, because * is the wildcard of the rules."
    return _check_text(event_type, name=gettext("event type"), example="alert.triggered")


def check_pattern(pattern: str) -> str:
    """What is wrong with a pattern, in a plain sentence; empty when nothing is."""
    if WILDCARD * 2 in pattern:
        return gettext("Write one * instead of several: it already stands for any number of characters.")
    return _check_text(pattern, name=gettext("pattern"), example="alert.*")


def _check_text(text: str, *, name: str, example: str) -> str:
    if not text.strip():
        return gettext("The %(name)s is empty: write one such as %(example)s.") % {"name": name, "example": example}
    if len(text) > LONGEST:
        words = gettext("The %(name)s has %(count)s characters: shorten it to %(most)s.")
        return words % {"name": name, "count": len(text), "most": LONGEST}
    if text != text.strip():
        return gettext("The %(name)s begins or ends with a space: remove it.") % {"name": name}
    if not text.isprintable():
        return gettext("The %(name)s contains a character that cannot be printed: remove it.") % {"name": name}
    return ""
