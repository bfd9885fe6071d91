"""The catalogue: what can be plugged in, what each destination asks for and what it can do, as the wire has it."""

from __future__ import annotations

from typing import Any

from connections.provider import Action, Field, Kind, Provider

_WIRE_KINDS = {Kind.TEXTAREA: "textarea", Kind.TEMPLATE: "textarea", Kind.PASSWORD: "password", Kind.SELECT: "select"}


def integration_shape(kind: Provider) -> dict[str, Any]:
    """A destination."""
    authentication: dict[str, Any] = {"type": kind.auth, "fields": [_asked(asked) for asked in kind.fields]}
    if kind.auth == "oauth":
        authentication["oauth"] = {"version": 2}
    return {
        "name": kind.name,
        "type": kind.slug,
        "description": kind.description,
        "authentication": authentication,
        "actions": {action.key: _action(action) for action in kind.actions},
    }


def _action(action: Action) -> dict[str, Any]:
    return {
        "key": action.key,
        "label": action.label,
        "noun": action.label.lower(),
        "fields": [{**_asked(asked), "field": asked.key, "kind": "field"} for asked in action.fields],
        "display": {"label": action.label, "description": action.description},
    }


def _asked(asked: Field) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "key": asked.key,
        "label": asked.label,
        "type": _WIRE_KINDS.get(asked.kind, "text"),
        "required": asked.required,
        "helpText": asked.hint,
        "defaultValue": asked.default,
        "maxLength": asked.max_length,
    }
    if asked.kind is Kind.URL:
        shown["validate"] = "url"
    if asked.options:
        shown["options"] = [{"value": value, "label": label} for value, label in asked.options]
    if asked.depends_on:
        shown["dependsOn"] = {"field": asked.depends_on[0], "value": asked.depends_on[1]}
    return shown
