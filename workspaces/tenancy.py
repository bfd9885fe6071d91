"""The wall between tenants: every tenant's row names its workspace and organization, every look-up names the caller's.

Row-level security can later stand behind it as a second wall, one policy for each kind of actor.
"""

from __future__ import annotations

from typing import Any, Self
from uuid import UUID

from django.db import models


class ScopedQuerySet[M: models.Model](models.QuerySet[M]):
    """Look-ups that cannot be written without saying on whose behalf."""

    def for_workspace(self, workspace_id: UUID) -> Self:
        """The rows of one workspace."""
        return self.filter(workspace_id=workspace_id)

    def for_organization(self, organization_id: UUID) -> Self:
        """The rows of every workspace of one organization (machine keys, support staff)."""
        return self.filter(organization_id=organization_id)


class WorkspaceScoped(models.Model):
    """A row that belongs to one workspace. Both ids are written on the row itself, never looked up through a join."""

    organization = models.ForeignKey("workspaces.Organization", on_delete=models.CASCADE, related_name="+")
    workspace = models.ForeignKey("workspaces.Workspace", on_delete=models.CASCADE, related_name="%(class)ss")

    objects: Any = ScopedQuerySet.as_manager()

    class Meta:
        abstract = True
