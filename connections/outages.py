"""Which destinations have trouble of their own at the moment: nobody but they can mend it, and they were told of it."""

from __future__ import annotations

from collections.abc import Iterable

from connections.models import Connection, Outage
from connections.provider import Kind, Provider
from connections.registry import all_providers


def shared(kind: Provider) -> bool:
    """Whether all workspaces send to one and the same place. A receiver of the customer's own is nobody else's."""
    return not any(asked.kind is Kind.URL for asked in kind.fields)


def shared_slugs() -> list[str]:
    """The destinations that can have an outage."""
    return [slug for slug, kind in all_providers().items() if shared(kind)]


def among(rows: Iterable[Connection]) -> frozenset[str]:
    """Which of their destinations have an outage now. Asks nothing while none of the connections fails."""
    failing = {row.provider for row in rows if row.active and row.failing_since}
    if not failing:
        return frozenset()
    return frozenset(Outage.objects.filter(provider__in=failing, ended_at=None).values_list("provider", flat=True))
