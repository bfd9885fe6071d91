"""Who is calling: the vendor's back-end with a machine key, or anybody who may emit with a publishable key.

Keys are looked up at most every two seconds in each process, so a revoked key stops working within that time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest

from workspaces.errors import ApiError, not_found
from workspaces.keys import read_publishable_key
from workspaces.machine_tokens import Credential, Refusal, read_claims
from workspaces.models import MachineKey, PublishableKey, Workspace
from workspaces.tenancy import ScopedQuerySet

KEY_SECONDS = 2.0
USED_EVERY = timedelta(minutes=1)
_NO_CREDENTIALS = (
    "Send a machine token: `Authorization: Bearer <JWT>`. To emit, a publishable key does as well:"
    " `X-Meshes-Publishable-Key: mesh_pub_…`."
)
_KEPT_MOST = 50_000
_kept: dict[str, tuple[float, Any]] = {}


@dataclass(frozen=True, slots=True)
class Machine:
    """The vendor's back-end: sees every workspace of its organization."""

    name: str
    organization_id: UUID

    def rows[Rows: ScopedQuerySet[Any]](self, rows: Rows, *, resource: str = "") -> Rows:
        """Those of its organization. ``resource`` matters to callers that see one resource only."""
        return rows.for_organization(self.organization_id)

    def workspaces(self) -> QuerySet[Workspace]:
        """All that it sees."""
        return Workspace.objects.for_organization(self.organization_id)

    def keep_within(self, *, resource: str, resource_id: str) -> None:
        """It may name any resource."""

    def need_whole_workspace(self) -> None:
        """It sees all of every workspace."""

    def refuse_hiding(self) -> None:
        """It may hide things from the portal."""

    def workspace(self, workspace_id: UUID, *, param: str = "") -> Workspace:
        """One of its workspaces. Raises ApiError 404 for one that is not its own, as if it did not exist.

        ``param`` is the field of the body that named it.
        """
        found = Workspace.objects.for_organization(self.organization_id).filter(id=workspace_id).first()
        if found is None:
            raise not_found(param)
        return found


@dataclass(frozen=True, slots=True)
class Emitter:
    """Somebody who may put events into one workspace, and nothing else. ``origins`` empty means any."""

    name: str
    organization_id: UUID
    workspace_id: UUID
    origins: tuple[str, ...]


def machine(request: HttpRequest) -> Machine:
    """The machine key that signed the request. Raises ApiError 401, or 403 for a publishable key that is good."""
    token = _bearer(request)
    if not token and emitter(request):
        raise ApiError(403, "A publishable key may only emit events; use a machine key here.")
    if not token:
        raise unauthorized(_NO_CREDENTIALS)
    claims = read_claims(token, find_secret=_credential, now=datetime.now(UTC))
    if isinstance(claims, Refusal):
        raise unauthorized(claims.reason)
    return Machine(claims.access_key, claims.organization)


def emitter(request: HttpRequest) -> Emitter | None:
    """The publishable key of the request, if it carries one. Raises ApiError 401 for one that is not good."""
    text = request.headers.get("X-Meshes-Publishable-Key", "")
    if not text:
        return None
    found = _emitter(text)
    if found is None:
        raise unauthorized("This publishable key is not known, or no longer valid.")
    return found


def unauthorized(message: str) -> ApiError:
    """No credentials, or none that are good."""
    return ApiError(401, message, headers={"WWW-Authenticate": "Bearer"})


def _bearer(request: HttpRequest) -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


# --------------------------------------------------------------------------- look-ups


def _credential(access_key: str) -> Credential | None:
    def look_up() -> Credential | None:
        key = MachineKey.objects.filter(access_key=access_key, revoked_at__isnull=True).first()
        return Credential(secret=key.unseal("secret"), organization=key.organization_id) if key else None

    return _remembered(access_key, look_up)


def _emitter(text: str) -> Emitter | None:
    def look_up() -> Emitter | None:
        key = PublishableKey.objects.select_related("workspace").filter(text=text).first()
        if key is None or not key.live(datetime.now(UTC)):
            return None
        _note_use(key)
        origins = tuple(key.workspace.allowed_origins)
        return Emitter(f"pub_{key.key_id}", key.organization_id, key.workspace_id, origins)

    return _remembered(text, look_up) if read_publishable_key(text) else None


def _note_use(key: PublishableKey) -> None:
    """When it was last used, to the minute: one small write for each key and minute, however much it is used."""
    now = datetime.now(UTC)
    if key.last_used_at is None or now - key.last_used_at > USED_EVERY:
        PublishableKey.objects.filter(id=key.id).update(last_used_at=now)


def _remembered[T](name: str, look_up: Callable[[], T | None]) -> T | None:
    """What was looked up lately. What was not found is asked for again: strangers cannot fill the memory."""
    until, found = _kept.get(name, (0.0, None))
    if monotonic() < until:
        remembered: T = found
        return remembered
    fresh = look_up()
    if len(_kept) > _KEPT_MOST:
        _kept.clear()
    if fresh is not None:
        _kept[name] = (monotonic() + KEY_SECONDS, fresh)
    else:
        _kept.pop(name, None)
    return fresh


def forget_keys() -> None:
    """Look every key up anew (tests, and after a rotation in this process)."""
    _kept.clear()
