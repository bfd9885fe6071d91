"""The form of a connection: what a provider asks for, what was typed, and what is wrong with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext

from connections.models import Connection
from connections.provider import Fault as Said
from connections.provider import Field, Kind, Provider
from workspaces.crypto import SealBroken
from workspaces.errors import ApiError

NAME_MOST = 128
BLANK_ROWS = 2  # more header rows than are filled in
Fault = tuple[str, str]
Pairs = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Typed:
    """What stands in the form. ``faults`` are of the reading alone; the rest is checked where it is stored."""

    name: str
    values: Mapping[str, Any]
    pairs: Mapping[str, Pairs] = field(default_factory=dict)  # rows of header fields, as they were typed
    faults: Sequence[Fault] = ()


@dataclass(frozen=True, slots=True)
class Shown:
    """One control. ``kept``: a secret is stored, is not shown, and stays when the control is left empty."""

    asked: Field
    value: str = ""
    pairs: Pairs = ()
    error: str = ""
    kept: bool = False

    @property
    def id(self) -> str:
        """Of the control, and its name: a provider may ask for a ``name`` besides the connection's own."""
        return f"in-{self.asked.key}"

    @property
    def control(self) -> str:
        """What kind of control: its kind, but a secret is always hidden."""
        return Kind.PASSWORD if self.asked.secret else self.asked.kind


# --------------------------------------------------------------------------- reading


def read(kind: Provider, post: QueryDict) -> Typed:
    """What was typed. A secret that was left empty is not among the values."""
    name = post.get("name", "").strip()
    values: dict[str, Any] = {}
    pairs: dict[str, Pairs] = {}
    faults = _name_faults(name)
    for asked in kind.fields:
        if asked.kind is Kind.HEADERS:
            pairs[asked.key] = _pairs(post, f"in-{asked.key}")
            values[asked.key] = {key: value for key, value in pairs[asked.key] if key}
            faults += [(asked.key, words) for words in _pair_faults(pairs[asked.key])]
        elif text := post.get(f"in-{asked.key}", ""):
            values[asked.key] = text if asked.secret else text.replace("\r\n", "\n").strip()
    return Typed(name, values, pairs, faults)


def expect_readable(typed: Typed) -> None:
    """Raises ApiError 422 naming what could not even be read."""
    if typed.faults:
        raise ApiError(422, "The form is not complete.", faults=typed.faults)


def _name_faults(name: str) -> list[Fault]:
    if not name:
        return [("name", gettext("The name is missing. Give it one by which your team knows it."))]
    if len(name) > NAME_MOST:
        return [("name", gettext("The name must be at most %(most)s characters.") % {"most": NAME_MOST})]
    return [("name", gettext("The name holds a character that cannot be stored."))] if "\0" in name else []


def _pairs(post: QueryDict, id: str) -> list[tuple[str, str]]:
    names, values = post.getlist(f"{id}-name"), post.getlist(f"{id}-value")
    rows = [(name.strip(), value.strip()) for name, value in zip(names, values, strict=False)]
    return [row for row in rows if any(row)]


def _pair_faults(pairs: Pairs) -> list[str]:
    """What an object of names and values could not tell any more."""
    twice = [name for name, count in Counter(name.lower() for name, _ in pairs if name).items() if count > 1]
    said = [gettext("%(name)s is there twice. Remove one of the two.") % {"name": repr(name)} for name in twice]
    nameless = [value for name, value in pairs if not name]
    return said + [
        gettext("Name the header that has the value %(value)s.") % {"value": value} for value in nameless[:1]
    ]


# --------------------------------------------------------------------------- showing


def secrets_of(connection: Connection) -> set[str]:
    """Which secrets are stored, without their values; none when they cannot be opened."""
    try:
        return set(connection.unseal_values("credentials"))
    except (SealBroken, ValueError):
        return set()


def stored(connection: Connection) -> Typed:
    """What is stored of a connection, without its secrets."""
    pairs = {key: list(value.items()) for key, value in connection.settings.items() if isinstance(value, dict)}
    return Typed(connection.name, connection.settings, pairs)


def controls(
    kind: Provider, typed: Typed, *, errors: Mapping[str, str] | None = None, kept: Iterable[str] = ()
) -> list[Shown]:
    """Every control of the form, in the provider's order. ``kept`` are the secrets that are stored."""
    return [_control(asked, typed, (errors or {}).get(f"in-{asked.key}", ""), set(kept)) for asked in kind.fields]


def _control(asked: Field, typed: Typed, error: str, kept: set[str]) -> Shown:
    if asked.secret:
        return Shown(asked, error=error, kept=asked.key in kept and not error)  # a faulty one cannot be left empty
    if asked.kind is Kind.HEADERS:
        return Shown(asked, pairs=[*typed.pairs.get(asked.key, ()), *([("", "")] * BLANK_ROWS)], error=error)
    value = typed.values.get(asked.key, asked.default)
    return Shown(asked, "\n".join(value) if isinstance(value, list) else str(value), error=error)


def by_control(kind: Provider, faults: Iterable[Fault]) -> dict[str, str]:
    """The faults by the id of the control that they are about, each as a whole sentence, in the form's order."""
    labels = {asked.key: gettext(asked.label) for asked in kind.fields}
    found: dict[str, str] = {}
    for key, words in faults:
        id = f"in-{key}" if key in labels else "name"
        said = sentence(labels.get(key, ""), words)
        found[id] = f"{found[id]} {said}" if id in found else said
    return {id: found[id] for id in ("name", *(f"in-{key}" for key in labels)) if id in found}


def sentence(label: str, words: str) -> str:
    """ "is missing." with its subject: a fault that begins in lower case is about the field itself."""
    return f"{label} {words}" if label and words[:1].islower() else words


def warned(kind: Provider, warnings: Iterable[Said]) -> list[str]:
    """What should be looked at although it was saved, in sentences."""
    labels = {asked.key: gettext(asked.label) for asked in kind.fields}
    return [sentence(labels.get(fault.field, ""), fault.message) for fault in warnings]
