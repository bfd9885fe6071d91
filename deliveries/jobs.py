"""The job that a provider gets: the event, the rule's inputs rendered, and what the connection knows."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext

from connections import alerts
from connections.provider import (
    Code,
    Culprit,
    Digest,
    DigestLine,
    EventFacts,
    Field,
    Job,
    Kind,
    Outcome,
    Provider,
    WorkspaceFacts,
)
from deliveries import lost, mapped
from deliveries.claiming import Claimed
from deliveries.digests import NAMED, TOLD, Folded, FoldedEvent
from deliveries.models import TEST
from rules import templates
from rules.mapping_loading import InForce
from rules.severity import Severity


@dataclass(frozen=True, slots=True)
class Prepared:
    """A claimed delivery with all that its sending needs."""

    claimed: Claimed
    action: str
    inputs: Mapping[str, str]
    workspace: WorkspaceFacts
    settings: Mapping[str, Any]
    credentials: Mapping[str, str] = field(repr=False)
    recipients: tuple[str, ...] = ()
    folded: Folded | None = None
    retry_delays: tuple[int, ...] | None = None
    failing: bool = False  # nothing has arrived there lately
    token_fence: int = 0  # tells the access token in the credentials from the next one
    capture_only: bool = False
    mapping: InForce | None = None  # of the connection, for an action that writes a record


def job_for(prepared: Prepared, kind: Provider) -> tuple[Job | Outcome, list[str]]:
    """The job, or why there is none; and notes on what stayed empty in it and on attempts nobody heard of again.

    Raises ``KeyError`` when the provider has no such action.
    """
    claimed = prepared.claimed
    event = _facts(claimed)
    inputs, notes, faults = _rendered(prepared, kind, event)
    record, said, unmapped = _record(prepared, event)
    notes += said
    digest = _digest(prepared, kind, event, prepared.folded) if prepared.folded else None
    if digest:  # of the one event's texts it shows the title at most
        notes, faults = [], []
    job = Job(
        delivery_id=claimed.id,
        action=prepared.action,
        inputs=inputs,
        event=event,
        workspace=prepared.workspace,
        connection_id=claimed.connection_id,
        settings=prepared.settings,
        credentials=prepared.credentials,
        now=claimed.claimed_at,
        first_sent_at=claimed.first_sent_at,
        attempt=claimed.attempt_count + 1,
        test=claimed.kind == TEST,
        recipients=prepared.recipients,
        digest=digest,
        record=record,
    )
    unheard = lost.notes(claimed.lost, attempts=claimed.attempt_count, first_sent_at=claimed.first_sent_at)
    return (_unrendered(faults) if faults else unmapped or job), [*unheard, *notes]


def _facts(row: Claimed | FoldedEvent) -> EventFacts:
    return EventFacts(
        id=row.event_id,
        type=row.event,
        resource=row.resource,
        resource_id=row.resource_id,
        payload=json.loads(row.payload),
        payload_text=row.payload,
        severity=_word(row.severity),
        created_at=row.event_created_at,
    )


def _word(severity: int | None) -> str:
    return Severity(severity).label if severity is not None else ""


def _rendered(prepared: Prepared, kind: Provider, event: EventFacts) -> tuple[dict[str, str], list[str], list[str]]:
    """The inputs filled in, notes on what stayed empty, and why templates could not be filled in."""
    inputs, notes, faults = dict(prepared.inputs), list[str](), list[str]()
    scope: dict[str, Any] | None = None
    for asked in kind.action(prepared.action).fields:
        source = inputs.get(asked.key) or asked.default
        if asked.kind is Kind.TEMPLATE and source:
            scope = scope or _scope(prepared, event)
            rendered = templates.render(source, scope, by_line=asked.by_line)
            empty = gettext("the event has no %(path)s, so it stayed empty.")
            notes += [f"{asked.label}: {empty % {'path': path}}" for path in rendered.missing]
            faults += [f"{asked.label}: {rendered.problem}"] if rendered.problem else []
            notes += _too_long(asked, rendered.text)
            source = rendered.text
        inputs[asked.key] = source
    return inputs, notes, faults


def _digest(prepared: Prepared, kind: Provider, event: EventFacts, folded: Folded) -> Digest:
    counts = Counter(folded.counts) + Counter([prepared.claimed.severity])
    worst_first = sorted(counts, key=lambda severity: -1 if severity is None else severity, reverse=True)
    told = [event, *map(_facts, folded.first)][:TOLD]
    return Digest(
        count=counts.total(),
        by_severity={_word(severity): counts[severity] for severity in worst_first},
        first=tuple(DigestLine(_title(prepared, kind, one), one.severity, one.created_at) for one in told),
        began_at=min(event.created_at, folded.began_at),
        ended_at=max(event.created_at, folded.ended_at),
        event_ids=(event.id, *folded.event_ids)[:NAMED],
    )


def _title(prepared: Prepared, kind: Provider, event: EventFacts) -> str:
    """As the rule calls its alerts; the event's type where that comes to nothing."""
    asked = alerts.title_field(kind.action(prepared.action))
    source = (prepared.inputs.get(asked.key) if asked else "") or alerts.TITLE
    return templates.render(source, _scope(prepared, event)).text.strip() or event.type


def _too_long(asked: Field, text: str) -> list[str]:
    if not asked.fits or len(" ".join(text.split())) <= asked.fits:
        return []
    words = gettext("longer than %(most)s characters, so its end is missing.")
    return [f"{asked.label}: {words % {'most': asked.fits}}"]


def _unrendered(faults: list[str]) -> Outcome:
    """Sending it with an empty text would hide the fault, and trying again meets the same event and template."""
    return Outcome(
        code=Code.MAPPING_ERROR,
        culprit=Culprit.RULE,
        reason=f"A template of the rule could not be filled in, so nothing was sent. {' '.join(faults)}",
        fix="Correct the template in the rule: events from then on are sent with it.",
    )


def _scope(prepared: Prepared, event: EventFacts) -> dict[str, Any]:
    return templates.scope(payload=event.payload, **mapped.around(event, prepared.workspace))


def _record(prepared: Prepared, event: EventFacts) -> tuple[dict[str, Any], list[str], Outcome | None]:
    """The record, notes on it, and why nothing may be sent; all empty for an action that writes none."""
    if prepared.mapping is None:
        return {}, [], None
    made = prepared.mapping.make(event.payload, around=mapped.around(event, prepared.workspace))
    return made.record, mapped.notes(prepared.mapping, made), mapped.unmapped(made)


def template_faults(prepared: Prepared, kind: Provider) -> dict[str, str]:
    """Why templates cannot be filled in with this event, by input. Raises ``KeyError`` as ``job_for`` does."""
    scope = _scope(prepared, _facts(prepared.claimed))
    asked = [one for one in kind.action(prepared.action).fields if one.kind is Kind.TEMPLATE]
    texts = {one: prepared.inputs.get(one.key) or one.default for one in asked}
    found = {one.key: templates.render(text, scope, by_line=one.by_line).problem for one, text in texts.items()}
    return {key: problem for key, problem in found.items() if problem}
