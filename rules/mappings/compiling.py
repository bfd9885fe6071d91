"""A mapping, prepared once so that running it over an event is quick."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rules.mappings.fitting import Fit
from rules.mappings.schema import SKIP_FIELD
from rules.mappings.transforms import transform
from rules.paths import Path, parse_path


@dataclass(frozen=True, slots=True)
class Step:
    """One transform. ``instead`` is what ``default`` brings; it has no ``fit``."""

    fit: Fit | None
    instead: Any = None


@dataclass(frozen=True, slots=True)
class Row:
    """One field: from the first of the ``paths`` that is there, or always the ``literal``."""

    dest: str
    paths: tuple[Path, ...]
    literal: Any
    steps: tuple[Step, ...]
    on_error: str

    @property
    def source(self) -> str:
        """The places that the value may be from; "" for a fixed one."""
        return ", ".join(path.text for path in self.paths)


@dataclass(frozen=True, slots=True)
class Compiled:
    """A mapping ready to be run. ``fault`` says why it cannot be."""

    rows: tuple[Row, ...] = ()
    fault: str = ""


def compile_mapping(schema: Mapping[str, Any]) -> Compiled:
    """Prepare a mapping that passed ``check``.

    Never raises: one that an earlier or a later version of this code wrote must not stop the worker, so it is compiled
    into a fault.
    """
    try:
        return Compiled(tuple(_row(field) for field in schema["fields"]))
    except (AttributeError, KeyError, TypeError, ValueError):
        return Compiled(fault="The mapping of this connection cannot be read: save it again.")


def _row(field: Mapping[str, Any]) -> Row:
    source = field["source"]
    is_path = source["type"] == "path"
    paths = (source["value"], *source.get("or", ())) if is_path else ()
    return Row(
        dest=field["dest"],
        paths=tuple(parse_path(path) for path in paths),
        literal=None if is_path else source["value"],
        steps=tuple(_step(one) for one in field.get("transforms", ())),
        on_error=field.get("on_error", SKIP_FIELD),
    )


def _step(said: Mapping[str, Any]) -> Step:
    if said["type"] == "default":
        return Step(fit=None, instead=said["value"])
    return Step(fit=transform(said))
