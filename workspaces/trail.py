"""The audit log in plain words: who did what, one sentence an entry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from workspaces.models import AuditEntry

PAGE = 25
_SAID: Mapping[str, str | Promise] = {
    "connection.created": gettext_lazy("connected %(name)s"),
    "connection.changed": gettext_lazy("changed the connection %(name)s"),
    "connection.reconnected": gettext_lazy("reconnected %(name)s"),
    "connection.deleted": gettext_lazy("disconnected %(name)s"),
    "connection.switched_on": gettext_lazy("switched %(name)s on"),
    "connection.switched_off": gettext_lazy("switched %(name)s off"),
    "held.all": gettext_lazy("let everything go that had waited for %(name)s"),
    "held.newest": gettext_lazy("let only the newest go of what had waited for %(name)s"),
    "held.none": gettext_lazy("called off what had waited for %(name)s"),
    "held.failed_again": gettext_lazy("sent again what had failed while %(name)s was broken"),
    "notices.addresses_set": gettext_lazy("set who is told when a connection breaks"),
    "connection.secret_rotated": gettext_lazy("made a new signing secret for %(name)s"),
    "connection.old_secret_ended": gettext_lazy("ended the old signing secret of %(name)s"),
    "recipient.asked_again": gettext_lazy("asked a mail recipient for a yes again"),
    "connection.tested": gettext_lazy("sent a test through a connection"),
    "mapping.saved": gettext_lazy("changed which fields of %(name)s get what"),
    "rule.created": gettext_lazy("made the rule %(name)s"),
    "rule.changed": gettext_lazy("changed the rule %(name)s"),
    "rule.deleted": gettext_lazy("deleted the rule %(name)s"),
    "rule.reverted": gettext_lazy("brought back an earlier version of the rule %(name)s"),
    "rule.tested": gettext_lazy("sent a test of a rule"),
    "rule.muted": gettext_lazy("muted the rule %(name)s"),
    "delivery.retried": gettext_lazy("sent a delivery again"),
    "delivery.canceled": gettext_lazy("called a delivery off"),
    "event.canceled": gettext_lazy("called an event off"),
    "link.created": gettext_lazy("made a link for somebody else to connect with"),
    "link.withdrawn": gettext_lazy("took such a link back"),
    "key.rotated": gettext_lazy("rotated the publishable key %(name)s (%(key_id)s)"),
    "key.revoked": gettext_lazy("revoked the publishable key %(name)s (%(key_id)s)"),
    "workspace.created": gettext_lazy("made this workspace"),
    "workspace.changed": gettext_lazy("changed this workspace"),
    "workspace.origins_set": gettext_lazy("set which web pages may send events"),
    "session.revoked": gettext_lazy("ended somebody's stay in this portal"),
}


class _Told(dict[str, object]):
    """What an entry tells; what it does not is called so."""

    def __missing__(self, name: str) -> str:
        return _("(without a name)")


@dataclass(frozen=True, slots=True)
class Trace:
    """One entry: ``actor`` did ``words``."""

    actor: str
    words: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Trail:
    """A page of the log, newest first; ``older`` is where the next one goes on."""

    traces: Sequence[Trace]
    older: UUID | None


def trail(workspace_id: UUID, *, before: UUID | None = None, most: int = PAGE) -> Trail:
    """What was done in a workspace."""
    rows = AuditEntry.objects.filter(workspace_id=workspace_id).order_by("-id")
    if before:
        rows = rows.filter(id__lt=before)
    found = list(rows[: most + 1])
    return Trail([_trace(row) for row in found[:most]], found[most - 1].id if len(found) > most else None)


def _trace(row: AuditEntry) -> Trace:
    said = _SAID.get(row.verb)
    told = _Told({name: value for name, value in row.detail.items() if value not in (None, "")})
    return Trace(row.actor, str(said) % told if said else row.verb.replace(".", " ").replace("_", " "), row.at)
