"""Send a test: one event, asked for by hand, on the real path, for one rule or one connection alone.

The event is stored with the kind ``test`` and already decided: the verdict is written with it in one transaction, by
the code that fan-out writes with. So fan-out never sees it, no other rule is asked, and nobody outside can aim an event
at a rule. From there on the workers claim, send, retry and record it as any other; its kind makes the message say
"test". It goes out although its rule is switched off, muted or would have stayed silent: somebody asked for it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection as database
from django.db import transaction
from django.db.backends.utils import CursorWrapper

from connections.models import Connection
from connections.registry import provider
from deliveries import fanout
from deliveries.deciding import Decided, Undecided
from deliveries.models import TEST, Event
from deliveries.trying import samples
from deliveries.trying.samples import Sample
from rules.authoring import Wording, action_faults
from rules.matching import EventValues, Verdict, decide
from rules.models import Rule, RuleVersion
from rules.rulesets import compiled
from workspaces import audit
from workspaces.errors import ApiError, bad_request, not_found
from workspaces.ids import derive

_OFF = "The connection is switched off, so a test would not be sent. Switch it on, then test."


def send_for_rule(rule: Rule, *, actor: str, sample: Sample | None = None) -> Event:
    """Send a test under a saved rule, with the latest event that it wants unless another is given.

    The caller wakes the workers after the commit; what became of it can be read by the event's id. Raises ApiError 400
    for an event that the rule does not want, 409 while its connection is switched off.
    """
    assert rule.version is not None  # noqa: S101  a rule is saved together with its first version
    sample = sample or samples.one(workspace=rule.workspace, pattern=rule.version.event)
    verdict = _asked_for(rule, sample)
    return _send(rule.connection, sample, verdict, actor=actor, verb="rule.tested", subject=rule.id)


def send_for_connection(
    connection: Connection, *, inputs: Mapping[str, Any], actor: str, action: str = "", sample: Sample | None = None
) -> Event:
    """Send a test through a connection that may not have a rule yet, with these inputs.

    ``action`` is the key of what it shall do; the provider's first one unless it is named.
    As above; raises ApiError 400 naming every input that is wrong.
    """
    sample = sample or samples.one(workspace=connection.workspace, pattern="*")
    action = action or provider(connection.provider).actions[0].key
    wording = Wording(event=sample.type, action=action, inputs=inputs)
    if faults := action_faults(wording, connection):
        raise ApiError(400, "; ".join(f"{param}: {message}" for param, message in faults), faults=faults)
    version = _version_of_no_rule(wording, connection)
    verdict = Verdict(
        rule_id=version.rule_id,
        version_id=version.id,
        connection_id=connection.id,
        name=f"Test of {connection.name}",
        fired=True,
        summary="Sent because somebody asked for a test of this connection.",
        clauses=(),
    )
    return _send(connection, sample, verdict, actor=actor, verb="connection.tested", subject=connection.id)


def _version_of_no_rule(wording: Wording, connection: Connection) -> RuleVersion:
    """What the test says, in the form that deliveries point at; one for all tests of a connection that say the same."""
    said = json.dumps(wording.inputs, sort_keys=True)
    version, _ = RuleVersion.objects.get_or_create(
        rule_id=derive(connection.id, TEST, wording.action, said),
        number=1,
        defaults={"event": "*", "action": wording.action, "inputs": dict(wording.inputs), "created_by": TEST},
    )
    return version


def _asked_for(rule: Rule, sample: Sample) -> Verdict:
    """What the rule says to the event, turned into a yes; its own answer stays readable."""
    paths = samples.severity_paths(rule.workspace)
    values = EventValues(
        type=sample.type,
        payload=sample.values,
        resource=sample.resource,
        resource_id=sample.resource_id,
        severity=sample.severity,
        severity_path=paths.get(sample.type, "severity"),
    )
    verdicts = decide([replace(compiled(rule), restraint=None)], values)
    if not verdicts:
        raise bad_request("event", "must be one that the rule wants: its pattern does not match this type.")
    (verdict,) = verdicts
    itself = "would have fired" if verdict.fired else f"would have stayed silent: {verdict.summary}"
    said = f"Sent because somebody asked for a test. By itself the rule {itself.removesuffix('.')}."
    return replace(verdict, fired=True, summary=said)


def _send(connection: Connection, sample: Sample, verdict: Verdict, *, actor: str, verb: str, subject: UUID) -> Event:
    if not connection.active:
        raise ApiError(409, _OFF)
    with transaction.atomic(), database.cursor() as cursor:
        event = _stored(connection, sample, actor=actor)
        decided = Decided(
            _undecided(event, now=_now(cursor)),
            severity=None if sample.severity is None else int(sample.severity),
            verdicts=[verdict],
            ruleset_version=connection.workspace.ruleset_version,
        )
        if not fanout.write(cursor, [decided]):
            raise not_found()  # the connection was deleted at this very moment
        audit.record(event, actor=actor, verb=verb, subject=subject, event=str(event.id))
    event.refresh_from_db()
    return event


def _stored(connection: Connection, sample: Sample, *, actor: str) -> Event:
    event = Event.objects.create(
        organization_id=connection.organization_id,
        workspace_id=connection.workspace_id,
        kind=TEST,
        event=sample.type,
        resource=sample.resource,
        resource_id=sample.resource_id,
        payload=sample.payload,
        created_by=actor,
    )
    event.refresh_from_db(fields=["created_at"])
    return event


def _undecided(event: Event, *, now: datetime) -> Undecided:
    return Undecided(
        id=event.id,
        organization_id=event.organization_id,
        workspace_id=event.workspace_id,
        event=event.event,
        resource=event.resource,
        resource_id=event.resource_id,
        payload=event.payload,
        created_at=event.created_at,
        now=now,
    )


def _now(cursor: CursorWrapper) -> datetime:
    """The database's clock, as fan-out reads it."""
    cursor.execute("SELECT now()")
    now: datetime = cursor.fetchone()[0]
    return now
