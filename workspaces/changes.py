"""Changes of a workspace's rules stand in line, and every one of them moves the rule set's version on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django.db import transaction
from django.db.models import F

from workspaces.models import Workspace


@contextmanager
def of_rules(workspace_id: UUID) -> Iterator[None]:
    """A transaction in which rules, or the connections they use, may be changed.

    Race: two changes at once. The update locks the workspace's row first, so the second waits here, and reads what
    the first has left; nothing else is locked before it, so they cannot lock each other out.
    """
    with transaction.atomic():
        Workspace.objects.filter(id=workspace_id).update(ruleset_version=F("ruleset_version") + 1)
        yield
