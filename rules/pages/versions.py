"""Pages of this room: what a rule has said over time, and the way back."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.http import Http404, HttpResponse
from django.utils.translation import gettext

from rules import versions
from rules.authoring import Wording
from rules.models import Rule, RuleVersion
from rules.pages.listing import own_rule
from rules.sentences import Part
from rules.telling import sentence_of
from rules.versions import Change, changes_between
from workspaces.embed.guard import portal
from workspaces.embed.showing import go_to, show
from workspaces.embed.visitor import PortalRequest
from workspaces.errors import ApiError
from workspaces.models import SessionType
from workspaces.permissions import Permission


@dataclass(frozen=True, slots=True)
class Told:
    """One version: its sentence, and what it says otherwise than the one before."""

    version: RuleVersion
    sentence: list[Part]
    changes: list[Change]
    current: bool


@portal(Permission.SEE_RULES)
def history(request: PortalRequest, rule_id: UUID) -> HttpResponse:
    """Every version, newest first."""
    return _show(request, own_rule(request, rule_id))


@portal(Permission.CHANGE_RULES, methods=("POST",))
def revert(request: PortalRequest, rule_id: UUID, version_id: UUID) -> HttpResponse:
    """The rule says again what it said then."""
    rule = own_rule(request, rule_id)
    version = next((one for one in _own_versions(request, rule) if one.id == version_id), None)
    if version is None:
        raise Http404
    try:
        versions.revert(rule, number=version.number, actor=request.visitor.name)
    except ApiError as error:
        return _show(request, rule, problem=error, number=version.number)
    words = gettext("The rule says again what version %(number)s said.") % {"number": version.number}
    return go_to("rule-versions", rule.id, toast=words)


def _show(request: PortalRequest, rule: Rule, *, problem: ApiError | None = None, number: int = 0) -> HttpResponse:
    found = _own_versions(request, rule)
    context = {
        "rule": rule,
        "told": [_told(rule, version, before) for version, before in zip(found, [*found[1:], None], strict=True)],
        "problem": problem,
        "problem_number": number,
    }
    return show(request, "rules/versions.html", context, status=422 if problem else 200)


def _own_versions(request: PortalRequest, rule: Rule) -> list[RuleVersion]:
    """A session that is locked to a resource sees those that were about it."""
    found, session = versions.versions_of(rule), request.visitor.session
    if session.session_type != SessionType.RESOURCE:
        return found
    own = (session.resource, session.resource_id)
    return [version for version in found if (version.resource, version.resource_id) == own]


def _told(rule: Rule, version: RuleVersion, before: RuleVersion | None) -> Told:
    wording = Wording.of(version)
    provider = rule.connection.provider
    return Told(
        version=version,
        sentence=sentence_of(wording, rule.connection, {}),
        changes=changes_between(Wording.of(before), wording, provider=provider) if before else [],
        current=version.id == rule.version_id,
    )
