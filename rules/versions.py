"""What a rule has said over time: its versions, what changed between two of them, and the way back to one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from connections.provider import Action
from connections.registry import all_providers
from rules import authoring
from rules.authoring import Wording
from rules.models import Rule, RuleVersion
from rules.sentences import UNREADABLE, Message, as_text, asked, parts, severity
from workspaces.errors import not_found

SHOWN_MOST = 200  # versions of one rule
NOTHING = _("nothing")  # what stands where a rule said nothing

_UNREADABLE = _("conditions that cannot be read")
_LABELS = {
    "event": _("Event"),
    "resource": _("Resource"),
    "resource_id": _("Resource ID"),
    "min_severity": _("Severity"),
    "conditions": _("Conditions"),
    "action": _("Action"),
}


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is said otherwise, in the words that a person knows it by."""

    label: str
    before: str
    after: str


def versions_of(rule: Rule) -> list[RuleVersion]:
    """Its versions, the newest first, ``SHOWN_MOST`` at most."""
    return list(RuleVersion.objects.filter(rule_id=rule.id).order_by("-number")[:SHOWN_MOST])


def version_of(rule: Rule, *, number: int) -> RuleVersion:
    """One of its versions. Raises ApiError 404 when it has no such one."""
    found = RuleVersion.objects.filter(rule_id=rule.id, number=number).first() if 0 < number < 2**31 else None
    if found is None:
        raise not_found()
    return found


def changes_between(before: Wording, after: Wording, *, provider: str) -> list[Change]:
    """What ``after`` says otherwise than ``before``; nothing when they say the same. ``provider`` is a slug."""
    said = [_told(wording, _action(wording, provider)) for wording in (before, after)]
    labels = dict.fromkeys([*said[0], *said[1]])
    nothing = gettext(NOTHING)
    changes = [Change(label, said[0].get(label, nothing), said[1].get(label, nothing)) for label in labels]
    return [change for change in changes if change.before != change.after]


def revert(rule: Rule, *, number: int, actor: str) -> Rule:
    """Let a rule say again what it said in that version: its next version has the old words.

    Raises ApiError 404 when it has no such version, 400 naming what can no longer be said (its connection may have
    changed since).
    """
    wording = Wording.of(version_of(rule, number=number))
    reworded = {part.name: getattr(wording, part.name) for part in fields(wording)}
    detail = {"reverted_to": number}
    return authoring.change(rule, reworded=reworded, actor=actor, verb="rule.reverted", detail=detail)


# --------------------------------------------------------------------------- in words


def _told(wording: Wording, action: Action | None) -> dict[str, str]:
    """Everything that a wording says, by its label."""
    told = {name: value for name, value in asdict(wording).items() if name in _LABELS}
    said = {gettext(_LABELS[name]): _words(name, value, action) for name, value in told.items()}
    return {**said, **_inputs(wording.inputs, action)}


def _words(name: str, value: Any, action: Action | None) -> str:
    if name == "conditions":
        return _sentence(value)
    if name == "min_severity" and value:
        return as_text(parts(severity(value), translate=gettext))
    return (gettext(action.label) if action and name == "action" else str(value)) or gettext(NOTHING)


def _sentence(said: Mapping[str, Any]) -> str:
    found = asked(said) if said else Message(NOTHING)
    readable = Message(_UNREADABLE) if found == UNREADABLE else found
    return as_text(parts(readable, translate=gettext))


def _inputs(inputs: Mapping[str, Any], action: Action | None) -> dict[str, str]:
    fields = action.fields if action else ()
    labels = {one.key: gettext(one.label) for one in fields}
    found = {key: str(value) for key, value in inputs.items() if value not in (None, "")}
    if (name := found.pop("name", "")) and (picked := next((field for field in fields if field.directory), None)):
        found[picked.key] = f"{name} ({found.get(picked.key, '')})"  # the name that its id had when it was picked
    elif name:
        found["name"] = name
    return {labels.get(key, key): value for key, value in found.items()}


def _action(wording: Wording, provider: str) -> Action | None:
    kind = all_providers().get(provider)
    return next((action for action in kind.actions if action.key == wording.action), None) if kind else None
