"""Where the story leads: the pages of other rooms, by their names."""

from __future__ import annotations

from uuid import UUID

from django.urls import NoReverseMatch, reverse


def connection_url(id: UUID) -> str:
    """The connection's page."""
    return _url("connection", id, otherwise="connections")


def rule_url(id: UUID) -> str:
    """The rule's page."""
    return _url("rule", id, otherwise="rules")


def _url(route: str, id: UUID, *, otherwise: str) -> str:
    try:
        return reverse(route, args=[id])
    except NoReverseMatch:
        return reverse(otherwise)
