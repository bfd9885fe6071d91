"""Rules as a list shows them: each one a sentence, with what people call the places in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.utils.translation import gettext

from connections.finding import Reference, entries_of
from connections.icons import icon
from connections.models import Connection, DirectoryEntry
from connections.provider import Action
from connections.registry import all_providers, provider
from rules import sentences
from rules.authoring import Wording
from rules.models import Rule
from rules.sentences import Part

Entries = Mapping[Reference, DirectoryEntry]


@dataclass(frozen=True, slots=True)
class Row:
    """One rule. ``trouble`` is what it points at and nothing can be sent to any more, by its name."""

    rule: Rule
    sentence: list[Part]
    icon: str
    provider: str
    muted: bool
    trouble: str


def rows_of(rules: Sequence[Rule], *, now: datetime) -> list[Row]:
    """The rules as rows; one look-up of names for all of them."""
    entries = entries_of(
        reference for rule in rules for reference in references(Wording.of(rule.version), rule.connection)
    )
    return [_row(rule, entries, now) for rule in rules]


def sentence_of(wording: Wording, connection: Connection, entries: Entries | None = None) -> list[Part]:
    """What a rule says, in the reader's language."""
    entries = entries_of(references(wording, connection)) if entries is None else entries
    action = action_of(wording, connection)
    named = replace(wording, inputs=_named(wording, connection, entries))
    said = sentences.sentence(named, connection=connection.name, does=action.does if action else "")
    return sentences.parts(said, translate=gettext)


def references(wording: Wording, connection: Connection) -> list[Reference]:
    """What its inputs point at in the connection's directories."""
    action = action_of(wording, connection)
    asked = [one for one in (action.fields if action else ()) if one.directory]
    return [
        (connection.id, one.directory, str(wording.inputs[one.key])) for one in asked if wording.inputs.get(one.key)
    ]


def action_of(wording: Wording, connection: Connection) -> Action | None:
    """The action as the provider declares it; None when it has it no more."""
    kind = all_providers().get(connection.provider)
    return next((one for one in kind.actions if one.key == wording.action), None) if kind else None


def _row(rule: Rule, entries: Entries, now: datetime) -> Row:
    wording, connection = Wording.of(rule.version), rule.connection
    pointed_at = references(wording, connection)
    kind = all_providers().get(connection.provider)
    return Row(
        rule=rule,
        sentence=sentence_of(wording, connection, entries),
        icon=icon(connection.provider),
        provider=kind.name if kind else connection.provider,
        muted=rule.muted_until is not None and rule.muted_until > now,
        trouble=next((_called(connection, at, entries[at].name) for at in pointed_at if _is_over(entries.get(at))), ""),
    )


def _is_over(entry: DirectoryEntry | None) -> bool:
    return entry is not None and (entry.archived or entry.gone_at is not None)


def _named(wording: Wording, connection: Connection, entries: Entries) -> dict[str, Any]:
    """The inputs with the name that the vendor gives the place today, if it is known, as people write it."""
    pointed_at = references(wording, connection)
    name = next((entries[one].name for one in pointed_at if one in entries), wording.inputs.get("name"))
    if not name or not pointed_at:
        return dict(wording.inputs)
    return {**wording.inputs, "name": _called(connection, pointed_at[0], str(name))}


def _called(connection: Connection, reference: Reference, name: str) -> str:
    return provider(connection.provider).directory_kind(reference[1]).called(name)
