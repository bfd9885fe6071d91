"""What kind of account a connection is to. ``{% load accounts %}``, then ``{% account_mismatch row environment %}``."""

from __future__ import annotations

from django import template

from connections import matching_accounts
from connections.models import Connection

register = template.Library()


@register.simple_tag
def account_kind(connection: Connection | None) -> str:
    """production, sandbox, test or developer; "" where there are no kinds, and without a connection."""
    return matching_accounts.kind_of(connection) if connection else ""


@register.simple_tag
def account_mismatch(connection: Connection | None, environment: str) -> str:
    """The sentence of ``matching_accounts.mismatch``; "" without a connection."""
    return matching_accounts.mismatch(connection, environment=environment) if connection else ""
