"""The form of a rule, read: everything that was typed, whether it can be saved or not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.http import QueryDict
from django.utils.translation import gettext

from connections.models import Connection
from connections.provider import Action, Field
from connections.registry import all_providers
from rules.authoring import Wording
from rules.drafting.reading_rows import read_rows
from rules.drafting.restraints import Restraints, read_restraints, restraints_of
from rules.drafting.rows import Rows, write
from rules.drafting.stored_rows import rows_of
from rules.models import Rule
from rules.showing import storable

NAME_MOST: Final = 128
RESOURCE_MOST: Final = 128
TEXT_MOST: Final = 20_000  # of one field; longer than anything that is accepted


@dataclass(frozen=True, slots=True)
class Draft:
    """A rule in the making. ``inputs`` are those of the action, by key; ``connection`` is None before one is chosen."""

    event: str = ""
    resource: str = ""
    resource_id: str = ""
    min_severity: str = ""
    rows: Rows = field(default_factory=Rows)
    connection: Connection | None = None
    action: str = ""
    inputs: Mapping[str, Any] = field(default_factory=dict)
    name: str = ""
    active: bool = True
    restraints: Restraints = field(default_factory=Restraints)

    @property
    def known_action(self) -> Action | None:
        """What it does, as the provider declares it; its first action unless another one was chosen."""
        kind = all_providers().get(self.connection.provider) if self.connection else None
        actions = kind.actions if kind else ()
        return next((one for one in actions if one.key == self.action), next(iter(actions), None))

    @property
    def wording(self) -> Wording:
        """What it says, faults and all."""
        action = self.known_action
        return Wording(
            event=self.event,
            action=action.key if action else self.action,
            resource=self.resource,
            resource_id=self.resource_id,
            min_severity=self.min_severity,
            conditions=write(self.rows).conditions,
            inputs=self.inputs,
        )

    @property
    def faults(self) -> list[tuple[str, str]]:
        """What a rule's verbs do not check: how long the texts are, and whether there is a connection."""
        lengths = (("name", NAME_MOST), ("resource", RESOURCE_MOST), ("resource_id", RESOURCE_MOST))
        words = gettext("must be at most %(most)s characters.")
        found = [(name, words % {"most": most}) for name, most in lengths if len(getattr(self, name)) > most]
        return found if self.connection else [*found, ("connection", gettext("Choose where it goes."))]


def blank_draft(*, connection: Connection | None, zone: ZoneInfo) -> Draft:
    """Where a new rule begins."""
    return Draft(connection=connection, restraints=Restraints(zone=zone.key))


def draft_of(rule: Rule, *, now: datetime, zone: ZoneInfo) -> Draft:
    """The draft that stands for a saved rule."""
    wording = Wording.of(rule.version)
    return Draft(
        event=wording.event,
        resource=wording.resource,
        resource_id=wording.resource_id,
        min_severity=wording.min_severity,
        rows=rows_of(wording.conditions),
        connection=rule.connection,
        action=wording.action,
        inputs=wording.inputs,
        name=rule.name,
        active=rule.active,
        restraints=restraints_of(rule, now=now, zone=zone),
    )


def read_draft(post: QueryDict, *, connections: Mapping[str, Connection], zone: ZoneInfo, rule: Rule | None) -> Draft:
    """What was posted. A connection that is not among these is none."""
    draft = Draft(
        event=_text(post, "event").strip(),
        resource=_text(post, "resource").strip(),
        resource_id=_text(post, "resource_id").strip(),
        min_severity=_text(post, "min_severity"),
        rows=read_rows(post),
        connection=connections.get(post.get("connection", "")),
        action=_text(post, "action"),
        name=_text(post, "name").strip(),
        active=post.get("active", "yes") == "yes",
        restraints=read_restraints(post, muted_until=rule.muted_until if rule else None, zone=zone),
    )
    return replace(draft, inputs=_inputs(post, draft))


def _inputs(post: QueryDict, draft: Draft) -> dict[str, Any]:
    """What was typed for the action.

    A text that says what is written anyway is left out, so that the rule goes on following it.
    """
    action = draft.known_action
    found: dict[str, Any] = {}
    for one in action.fields if action else ():
        text = _text(post, f"in-{one.key}")
        if text and text != one.default:
            found[one.key] = text
        if one.directory:
            found |= _picked(post, one, text)
    return found


def _picked(post: QueryDict, asked: Field, id: str) -> dict[str, str]:
    """The name beside an id that was picked; a text that was typed and not picked stands for the id."""
    name = _text(post, f"find-{asked.key}").strip()
    if not id.strip():
        return {asked.key: name} if name else {}
    return {"name": name.lstrip("#")} if name and asked.key == "id" else {}


def _text(post: QueryDict, name: str) -> str:
    return storable(post.get(name, "")[:TEXT_MOST]).replace("\r\n", "\n")
