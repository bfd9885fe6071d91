"""How a page of the documentation names what the API takes: rows of a table, made from what a provider declares."""

from __future__ import annotations

from collections.abc import Iterable

from connections.provider import Auth, Field, Provider
from rules.inputs import read_by


def names(kind: Provider) -> list[str]:
    """A row for the connection, and one for each action of a rule."""
    signed_in = kind.auth is Auth.OAUTH
    asked = "made by signing in, in the portal" if signed_in else _listed(kind.fields)
    actions = [
        f'| a rule, `"action": "{action.key}"` | {_listed(read_by(action).values())} |' for action in kind.actions
    ]
    return [f'| a connection, `"type": "{kind.slug}"` | {asked} |', *actions]


def _listed(fields: Iterable[Field]) -> str:
    return ", ".join(map(_named, fields)) or "nothing"


def _named(asked: Field) -> str:
    star = r"\*" if asked.required and not asked.default else ""
    options = ", ".join(f"`{value}`" for value, _ in asked.options)
    condition = f"with `{asked.depends_on[0]}` `{asked.depends_on[1]}`" if asked.depends_on else ""
    facts = "; ".join(filter(None, (options, condition)))
    return f"`{asked.key}`{star}" + (f" ({facts})" if facts else "")
