"""Which fields a rule can ask about: learnt from a few events, so that nobody has to know a payload by heart.

Everything is bounded, because a payload is whatever its sender makes of it: how deep we look, at how many members, how
many fields are told. A field is spelt the way ``rules.paths`` reads it, and one that cannot be spelt there is left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import islice
from math import isfinite
from typing import Any, Final

from rules.conditions.schema import PATH_LONGEST
from rules.instants import instant
from rules.paths import ANY_MEMBER, parse_path
from rules.showing import storable

PAYLOADS_MOST: Final = 50
DEPTH_MOST: Final = 6  # keys of a path
KEYS_MOST: Final = 200  # of one object
MEMBERS_MOST: Final = 20  # of one list
VISITS_MOST: Final = 2_000  # values of one payload
FIELDS_MOST: Final = 100
SAMPLES_MOST: Final = 5
SAMPLE_LONGEST: Final = 100  # characters

Spelling = str | tuple[str, ...]
"""``user.plan``, or the list of keys where one of them holds a dot."""


class Form(StrEnum):
    """What a field holds, as far as it was seen; it decides which operators make sense."""

    NUMBER = "number"
    TEXT = "text"
    DATE = "date"
    LIST = "list"
    TRUTH = "true/false"


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One field: ``path`` as a condition takes it, ``label`` as a person reads it.

    It was ``present`` in so many of the ``considered`` payloads. ``samples`` are plain values, the latest first; of a
    list they are its members. ``many``: it holds for several members, so nothing can be compared *with* it.
    """

    path: Spelling
    label: str
    form: Form
    present: int
    considered: int
    samples: tuple[Any, ...] = ()
    many: bool = False


@dataclass
class _Seen:
    """What was seen of one field."""

    forms: Counter[Form] = field(default_factory=Counter)
    payloads: set[int] = field(default_factory=set)
    samples: dict[tuple[type, Any], None] = field(default_factory=dict)  # an ordered set that tells 1 from true

    def add(self, value: Any, *, number: int) -> None:
        self.payloads.add(number)
        form = _form(value)
        if form is None:
            return
        self.forms[form] += 1
        for sample in value[:MEMBERS_MOST] if isinstance(value, list) else [value]:
            if len(self.samples) < SAMPLES_MOST and _is_sample(sample):
                self.samples[type(sample), sample] = None


def suggest(payloads: Iterable[Mapping[str, Any]]) -> list[Suggestion]:
    """The fields of these payloads (newest first), those that most of them have before the others. Never raises."""
    seen: dict[Spelling, _Seen] = {}
    considered = 0
    for payload in islice(payloads, PAYLOADS_MOST):
        for keys, value in islice(_walk(payload, ()), VISITS_MOST):
            spelling = spell(keys)
            if spelling is not None and (spelling in seen or len(seen) < 2 * FIELDS_MOST):
                seen.setdefault(spelling, _Seen()).add(value, number=considered)
        considered += 1
    found = sorted(seen.items(), key=lambda pair: -len(pair[1].payloads))
    return [_suggestion(spelling, what, considered) for spelling, what in found[:FIELDS_MOST]]


def spell(keys: tuple[str | None, ...]) -> Spelling | None:
    """How ``rules.paths`` writes these keys, where None is any member of a list. None when it cannot be written."""
    written = tuple(ANY_MEMBER if key is None else key for key in keys)
    text = ".".join(written)
    if not all(written) or len(parse_path(written).text) > PATH_LONGEST or storable(text) != text:
        return None
    plain = not any("." in key for key in written) and written[0] != "payload" and ANY_MEMBER not in keys
    if plain:
        return text
    return None if None in keys else written  # a list of keys is read letter by letter: it has no any member


# --------------------------------------------------------------------------- the walk

Place = tuple[str | None, ...]


def _walk(value: Any, keys: Place) -> Iterator[tuple[Place, Any]]:
    """Every field with its value: the plain values, and the lists of them. Objects are only walked through."""
    if isinstance(value, dict | Mapping):
        if len(keys) < DEPTH_MOST:
            for key, inner in islice(value.items(), KEYS_MOST):
                yield from _walk(inner, (*keys, key))
    elif keys:
        yield keys, value
        if isinstance(value, list) and len(keys) < DEPTH_MOST:
            for member in value[:MEMBERS_MOST]:
                if isinstance(member, dict):
                    yield from _walk(member, (*keys, None))


def _form(value: Any) -> Form | None:
    """None for null, which could have been anything."""
    if isinstance(value, bool):
        return Form.TRUTH
    if isinstance(value, int | float):
        return Form.NUMBER
    if isinstance(value, list):
        return Form.LIST
    if isinstance(value, str):
        return Form.DATE if instant(value) else Form.TEXT
    return None


def _is_sample(value: Any) -> bool:
    """Worth offering: short, and one that can be compared with."""
    if isinstance(value, int):
        return value.bit_length() < SAMPLE_LONGEST
    if isinstance(value, float):
        return isfinite(value)
    return (
        isinstance(value, str) and 0 < len(value.strip()) <= SAMPLE_LONGEST >= len(value) and storable(value) == value
    )


def _suggestion(spelling: Spelling, seen: _Seen, considered: int) -> Suggestion:
    path = parse_path(spelling)
    return Suggestion(
        path=spelling,
        label=path.text,
        form=seen.forms.most_common(1)[0][0] if seen.forms else Form.TEXT,
        present=len(seen.payloads),
        considered=considered,
        samples=tuple(sample for _, sample in seen.samples),
        many=path.many,
    )
