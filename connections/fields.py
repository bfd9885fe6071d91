"""What was typed into the fields of a connection: parted, tidied, and held against what they declare."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext

from connections.provider import Fault, Field, Kind, Provider
from workspaces.errors import ApiError

_EMPTY: tuple[Any, ...] = (None, "", [], {})


def part(kind: Provider, metadata: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Settings and secrets apart; what is empty falls back to the field's default. Raises ApiError 422."""
    known = {asked.key: asked for asked in kind.fields}
    if unknown := sorted(set(metadata) - set(known)):
        fields = f"it has {', '.join(known)}" if known else "it has none"
        faults = [(name, f"is not a field of {kind.name}: {fields}.") for name in unknown]
        raise ApiError(422, "; ".join(f"{name}: {message}" for name, message in faults), faults=faults)
    tidied = {key: tidy(asked, metadata.get(key)) for key, asked in known.items()}
    typed = {key: value for key, value in tidied.items() if value not in _EMPTY}
    secret = {key for key in typed if known[key].secret}
    return (
        {key: value for key, value in typed.items() if key not in secret},
        {key: typed[key] for key in secret},
    )


def tidy(asked: Field, value: Any) -> Any:
    """What was typed as it is kept: without blanks around it, the default where nothing was.

    A password may begin with a blank; an address that is a secret may not.
    """
    if asked.secret and asked.kind is not Kind.URL:
        return value
    if asked.kind is Kind.EMAILS and isinstance(value, str):
        return value.replace(",", " ").replace(";", " ").split()
    if isinstance(value, str):
        return value.strip() or asked.default
    return asked.default if value is None else value


def field_faults(kind: Provider, values: Mapping[str, Any]) -> list[Fault]:
    """What is wrong with each field by its declaration alone."""
    return [fault for asked in kind.fields if (fault := field_fault(asked, values)) is not None]


def field_fault(asked: Field, values: Mapping[str, Any]) -> Fault | None:
    """What is wrong with one field's value by its declaration alone, among the others that it may depend on."""
    value = values.get(asked.key)
    if value not in _EMPTY:
        problem = _shape_problem(asked, value)
        return Fault(asked.key, problem) if problem else None
    return Fault(asked.key, gettext("is missing.")) if asked.required and asked.applies(values) else None


def _shape_problem(asked: Field, value: Any) -> str:
    match asked.kind:
        case Kind.EMAILS:
            right = isinstance(value, list) and all(isinstance(address, str) for address in value)
            return "" if right else gettext("must be a list of mail addresses.")
        case Kind.HEADERS:
            right = isinstance(value, dict) and all(isinstance(text, str) for text in value.values())
            if not right:
                return "must be an object of header names and texts."
            longest = max(map(len, value.values()))
            return f"each must be at most {asked.max_length} characters." if longest > asked.max_length else ""
    return _text_problem(asked, value)


def _text_problem(asked: Field, value: Any) -> str:
    if not isinstance(value, str):
        return gettext("must be a text.")
    if len(value) > asked.max_length:
        return gettext("must be at most %(most)s characters.") % {"most": asked.max_length}
    if "\0" in value:
        return "must not hold the character U+0000."
    choices = [choice for choice, _ in asked.options]
    return f"must be one of {', '.join(choices)}." if choices and value not in choices else ""
