"""Say which web pages may emit into a workspace from a browser."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from workspaces import audit
from workspaces.errors import ApiError
from workspaces.models import Workspace
from workspaces.origins import read_origin

MOST = 50


def admit(workspace: Workspace, written: Sequence[str], *, actor: str) -> list[str]:
    """These origins, and no others; none means any. Raises ApiError 422 naming every one that is none."""
    found = [(text, read_origin(text)) for text in written]
    words = gettext("%(text)s must look like https://app.example.com, without a path.")
    faults = [("allowed_origins", words % {"text": repr(text)}) for text, origin in found if origin is None]
    if len(found) > MOST:
        faults.append(("allowed_origins", gettext("must be %(most)s at most.") % {"most": MOST}))
    if faults:
        raise ApiError(422, " ".join(message for _, message in faults), faults=faults)
    origins = list(dict.fromkeys(origin for _, origin in found if origin))
    with transaction.atomic():
        Workspace.objects.filter(id=workspace.id).update(allowed_origins=origins, updated_at=timezone.now())
        audit.record(
            workspace,
            actor=actor,
            verb="workspace.origins_set",
            origins=origins,
        )
    workspace.allowed_origins = origins
    return origins
