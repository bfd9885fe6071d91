"""Fill the inputs of a rule in before any event is there, so that what they come to can be judged when it is saved."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connections.provider import Action, Fault, Kind, Provider
from rules import templates


class Anything(dict[str, Any]):
    """A payload that has every field, each of which is such a payload again.

    Written out it is ``{}``, which is JSON by itself and between quotation marks as well: so a template is not blamed
    for a field that the payload of a sample happens not to have.
    """

    def __missing__(self, key: str) -> Anything:
        return Anything()


_EVENT = {
    "id": "018f2f66-0000-7000-8000-000000000000",
    "type": "alert.triggered",
    "resource": "alert",
    "resource_id": "alert-1",
    "created_at": "2026-01-02T03:04:05.678+00:00",
}
_WORKSPACE = {"name": "Example", "tenant": "example", "environment": "production"}


def faults(kind: Provider, action: Action, inputs: Mapping[str, str]) -> list[Fault]:
    """What is wrong with the inputs as they would be sent; nothing where they cannot be filled in without an event."""
    scope = Anything(templates.scope(payload=Anything(), event=_EVENT, workspace=_WORKSPACE, severity="high"))
    filled = dict(inputs)
    for asked in action.fields:
        source = inputs.get(asked.key) or asked.default
        if asked.kind is Kind.TEMPLATE and source:
            rendered = templates.render(source, scope, by_line=asked.by_line)
            if rendered.problem:
                return []
            filled[asked.key] = rendered.text
    return kind.check_rendered(action.key, filled)
