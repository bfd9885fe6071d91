"""What each operator means. Strict about types: nothing is turned into something else so that it fits.

- ``eq``, ``neq``, ``in``: 1 equals 1.0, but not "1" and not true. ``neq`` is exactly the opposite of ``eq``, so it is
  true of a missing field too. Texts are compared letter by letter, dates as texts; ``ignore_case`` forgives case.
- ``gt``, ``gte``, ``lt``, ``lte``, ``between`` (both ends included): numbers with numbers, exactly, however large;
  ISO 8601 dates with dates, as instants. Other texts have no order.
- ``contains``: a text in a text, or a member in a list. ``starts_with``, ``ends_with``: texts.
- ``exists``: the field is there, even when null. ``is_empty``: missing, null, a blank text, [] or {}.
  ``"value": false`` asks for the opposite.
- A field with ``*`` says yes when any member does; where there is no member at all, the field is missing.
- With ``other``, the right-hand side is read from the payload. A ``factor`` multiplies it as decimals, so that
  3.3 is at least 1.1 times 3.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal
from math import isfinite
from typing import Any, Final

from rules.instants import instant
from rules.paths import MISSING

UNFIT: Final = object()  # what reading gives for a value of the wrong type

Reader = Callable[[Any], Any]
Comparison = Callable[[Any, Any], bool]

_EXACT: Final = Context(prec=20_000, Emax=MAX_EMAX, Emin=MIN_EMIN)  # more digits than any number json.loads reads


# --------------------------------------------------------------------------- reading a value as what is compared


def as_is(value: Any) -> Any:
    """Any value at all."""
    return value


def as_number(value: Any) -> Any:
    """A number; true and false are none, and infinity (a JSON number too large for a float) is none either."""
    kind = type(value)
    return value if kind is int or (kind is float and isfinite(value)) else UNFIT


def as_decimal(value: Any) -> Any:
    """A number as it is written in decimal, for exact multiplication."""
    number = as_number(value)
    if number is UNFIT:
        return UNFIT
    return Decimal(repr(number) if isinstance(number, float) else number)


def as_instant(value: Any) -> Any:
    """An ISO 8601 date."""
    return instant(value) or UNFIT


def as_text(value: Any) -> Any:
    """A text."""
    return value if isinstance(value, str) else UNFIT


def as_container(value: Any) -> Any:
    """A text or a list: what can contain something."""
    return value if isinstance(value, str | list) else UNFIT


def as_single(value: Any) -> Any:
    """Neither a list nor an object."""
    return UNFIT if isinstance(value, list | dict) or value is MISSING else value


def multiply(value: Any, factor: float) -> Decimal:
    """Exactly, as decimals. Both must be numbers."""
    return _EXACT.normalize(_EXACT.multiply(as_decimal(value), as_decimal(factor)))


def fold(value: Any) -> Any:
    """A text, or the texts in a list, without the difference between upper and lower case."""
    if isinstance(value, list):
        return [member.casefold() if isinstance(member, str) else member for member in value]
    return value.casefold() if isinstance(value, str) else value


# --------------------------------------------------------------------------- comparing


def same(seen: Any, wanted: Any) -> bool:
    """Equal and of one kind; ``wanted`` is a single value."""
    return (type(seen) is bool) is (type(wanted) is bool) and bool(seen == wanted)


def _one_of(seen: Any, wanted: list[Any]) -> bool:
    return any(same(seen, value) for value in wanted)


def _within(seen: Any, bounds: tuple[Any, Any]) -> bool:
    return bool(bounds[0] <= seen <= bounds[1])


def _contains(seen: Any, wanted: Any) -> bool:
    if isinstance(seen, str):
        return isinstance(wanted, str) and wanted in seen
    return any(same(member, wanted) for member in seen)


def _exists(seen: Any, _: Any) -> bool:
    return seen is not MISSING


def _is_empty(seen: Any, _: Any) -> bool:
    return seen is MISSING or seen is None or seen in ([], {}) or (isinstance(seen, str) and not seen.strip())


COMPARISONS: Final[dict[str, Comparison]] = {
    "eq": same,
    "neq": same,  # negated by whoever asks
    "in": _one_of,
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
    "between": _within,
    "contains": _contains,
    "starts_with": str.startswith,
    "ends_with": str.endswith,
    "exists": _exists,
    "is_empty": _is_empty,
}
READERS: Final[dict[str, tuple[Reader, str]]] = {
    "eq": (as_single, "a single value"),
    "neq": (as_single, "a single value"),
    "in": (as_single, "a single value"),
    "contains": (as_container, "a text or a list"),
    "starts_with": (as_text, "a text"),
    "ends_with": (as_text, "a text"),
    "exists": (as_is, "anything"),
    "is_empty": (as_is, "anything"),
}
"""How the field is read for the operators that have no order, and what to call that."""
