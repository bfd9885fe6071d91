"""What a draft of a rule is tried on: an event that the visitor may see, chosen or typed.

Whoever may not see payloads gets one of the same shape with made-up values, and a session that is locked to a resource
gets events of that resource only.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext

from deliveries.reading import PAYLOAD_MOST
from deliveries.trying import samples
from deliveries.trying.samples import Sample
from rules.instants import instant
from rules.patterns import check_pattern, matches
from rules.severity import SEVERITY_PATH, Severity
from rules.showing import storable
from rules.suggesting import Suggestion, suggest
from workspaces.embed.visitor import PortalRequest
from workspaces.errors import ApiError
from workspaces.models import SessionType
from workspaces.permissions import Permission
from workspaces.strict import read_json

CHOICES_MOST = 10
MADE_UP = "made-up"


@dataclass(frozen=True, slots=True)
class Tried:
    """The event that is tried, the ones that could be, and what is wrong with what was typed."""

    sample: Sample
    choices: list[Sample]
    typed: str = ""  # the payload as it stands in the form
    error: str = ""
    masked: bool = False  # its values are made up


def tried(request: PortalRequest, *, pattern: str, asked: str) -> Tried:
    """The event that was asked for; the latest that the pattern wants where it is none of these."""
    choices = recent(request, pattern=pattern)[:CHOICES_MOST]
    chosen = _chosen(request, choices, pattern, asked)
    masked = not request.visitor.may(Permission.SEE_PAYLOAD) and chosen.id is not None
    shown = _masked(chosen) if masked else chosen
    return Tried(sample=shown, choices=choices, typed=pretty(shown.payload), masked=masked)


def typed(request: PortalRequest, *, pattern: str) -> Tried:
    """The event with the payload as it was typed; ``error`` says why it cannot be used."""
    found = tried(request, pattern=pattern, asked=request.POST.get("sample", ""))
    text, type = request.POST.get("sample_payload", ""), request.POST.get("sample_type", "")
    if not text or not _wants(pattern, type):
        return found
    found = replace(found, sample=replace(found.sample, type=type), typed=text)
    if text.replace("\r\n", "\n") == pretty(found.sample.payload):
        return found
    if error := _payload_error(text):
        return replace(found, error=error)
    about = {"resource": found.sample.resource, "resource_id": found.sample.resource_id}
    workspace = request.visitor.workspace
    return replace(found, sample=samples.of(workspace=workspace, event=type, payload=text, **about))


def recent(request: PortalRequest, *, pattern: str) -> list[Sample]:
    """The latest events that the pattern wants and the visitor may know of."""
    if check_pattern(pattern):
        return []
    session = request.visitor.session
    found = samples.latest(workspace=request.visitor.workspace, pattern=pattern)
    if session.session_type != SessionType.RESOURCE:
        return found
    return [one for one in found if (one.resource, one.resource_id) == (session.resource, session.resource_id)]


def known_fields(request: PortalRequest, *, pattern: str) -> list[Suggestion]:
    """What the payloads of these events hold; without their values for whoever may not see them."""
    found = suggest(one.values for one in recent(request, pattern=pattern))
    if request.visitor.may(Permission.SEE_PAYLOAD):
        return found
    return [replace(one, samples=()) for one in found]


def pretty(payload: str) -> str:
    """The payload to be read and edited."""
    return storable(json.dumps(json.loads(payload), indent=2, ensure_ascii=False))


def _chosen(request: PortalRequest, choices: list[Sample], pattern: str, asked: str) -> Sample:
    if choices and asked != MADE_UP:
        return next((one for one in choices if str(one.id) == asked), choices[0])
    pattern = pattern if not check_pattern(pattern) else "*"
    made_up = samples.made_up(workspace=request.visitor.workspace, pattern=pattern)
    session = request.visitor.session
    if session.session_type != SessionType.RESOURCE:
        return made_up
    return replace(made_up, resource=session.resource, resource_id=session.resource_id)


def _wants(pattern: str, type: str) -> bool:
    return bool(type) and not check_pattern(pattern) and matches(pattern, type)


def _payload_error(text: str) -> str:
    try:
        found = read_json(text.encode())
    except UnicodeEncodeError:
        return gettext("This has a character that no event may hold.")
    except ApiError as error:
        return gettext("This is no JSON that an event may hold: %(why)s") % {"why": error.message}
    if not isinstance(found, dict):
        return gettext("This must be a JSON object: it begins with { and ends with }.")
    return gettext("This is more than an event may hold.") if len(text.encode()) > PAYLOAD_MOST else ""


def _masked(sample: Sample) -> Sample:
    """The same keys, and values that tell nothing; the severity stays one that passes."""
    values = _made_up(sample.values)
    if isinstance(values.get(SEVERITY_PATH), str):
        values[SEVERITY_PATH] = Severity.HIGH.label
    return replace(sample, payload=json.dumps(values), severity=Severity.HIGH)


def _made_up(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _made_up(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_made_up(inner) for inner in value[:1]]
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | float):
        return 120
    return "2026-01-01T12:00:00Z" if instant(value) else "example"
