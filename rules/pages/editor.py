"""Pages of this room: the editor of a rule."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext

from connections.icons import icon
from connections.registry import all_providers
from rules import authoring, telling
from rules.drafting.draft import Draft, blank_draft, draft_of
from rules.drafting.faults import Fault, by_control
from rules.drafting.rows import write
from rules.drafting.showing import Known, inputs_shown, rows_shown, severities
from rules.drafting.visiting import connections_of, locked, posted_draft
from rules.models import Resource, Rule
from rules.pages.listing import event_types, own_rule
from rules.zones import zone_of
from workspaces.embed.guard import portal
from workspaces.embed.showing import go_to, show
from workspaces.embed.visitor import PortalRequest
from workspaces.errors import ApiError
from workspaces.models import SessionType
from workspaces.permissions import Permission

RESOURCES_MOST = 200


@portal(Permission.CHANGE_RULES, methods=("GET", "POST"))
def new(request: PortalRequest) -> HttpResponse:
    """A rule that is not saved yet."""
    if request.method == "POST":
        return _save(request, rule=None)
    chosen = connections_of(request)
    asked = chosen.get(request.GET.get("connection", ""))
    first = asked or next((one for one in chosen.values() if one.active), None)
    draft = blank_draft(connection=first, zone=zone_of(request))
    return _form(request, locked(request, replace(draft, event=request.GET.get("event", "")[:128])), rule=None)


@portal(Permission.SEE_RULES, methods=("GET", "POST"))
def rule(request: PortalRequest, rule_id: UUID) -> HttpResponse:
    """One rule: its editor, or what it says for whoever may only read."""
    found = own_rule(request, rule_id)
    if request.method == "POST":
        if not request.visitor.may(Permission.CHANGE_RULES):
            raise ApiError(403, gettext("Your role may look at rules, and not change them."))
        return _save(request, rule=found)
    return _form(request, draft_of(found, now=timezone.now(), zone=zone_of(request)), rule=found)


@portal(Permission.CHANGE_RULES, methods=("POST",))
def action(request: PortalRequest) -> HttpResponse:
    """The fragment of what the rule does, after another connection or action was chosen."""
    draft = posted_draft(request, rule=None)
    return show(request, "rules/editor.html#does", _context(request, draft, rule=None))


@portal(Permission.CHANGE_RULES, methods=("POST",))
def delete(request: PortalRequest, rule_id: UUID) -> HttpResponse:
    """It is gone; what it has sent stays to be read."""
    authoring.remove(own_rule(request, rule_id), actor=request.visitor.name)
    return go_to("rules", toast=gettext("The rule was deleted."))


# --------------------------------------------------------------------------- saving


def _save(request: PortalRequest, *, rule: Rule | None) -> HttpResponse:
    """Saved, and back to the list; or the form again, with what was typed and what is wrong with it."""
    draft = posted_draft(request, rule=rule)
    try:
        _write(request, draft, rule)
    except ApiError as error:
        if not error.faults:
            raise
        return _form(request, draft, rule=rule, faults=error.faults)
    return go_to("rules", toast=gettext("The rule was saved.") if rule else gettext("The rule is on."))


def _write(request: PortalRequest, draft: Draft, rule: Rule | None) -> None:
    """Raises ApiError 400 naming every fault."""
    if draft.faults:
        raise ApiError(
            400, "The form is not complete.", faults=[*draft.faults, *authoring.asking_faults(draft.wording)]
        )
    assert draft.connection is not None  # noqa: S101  a fault otherwise
    settings = draft.restraints.settings(now=timezone.now(), zone=zone_of(request))
    row = {"name": draft.name, "active": draft.active, **settings}
    actor = request.visitor.name
    if rule is None:
        authoring.create(connection=draft.connection, wording=draft.wording, hidden=False, actor=actor, **row)
    else:
        reworded = {name: getattr(draft.wording, name) for name in draft.wording.__slots__}
        authoring.change(rule, reworded=reworded, actor=actor, connection=draft.connection, **row)


# --------------------------------------------------------------------------- showing


def _form(request: PortalRequest, draft: Draft, *, rule: Rule | None, faults: Iterable[Fault] = ()) -> HttpResponse:
    errors = by_control(faults, write(draft.rows).places)
    context = _context(request, draft, rule=rule, errors=errors)
    may_change = request.visitor.may(Permission.CHANGE_RULES)
    template = "rules/editor.html" if may_change else "rules/read.html"
    return show(request, template, context, status=422 if errors else 200)


def _context(
    request: PortalRequest, draft: Draft, *, rule: Rule | None, errors: Mapping[str, str] | None = None
) -> dict[str, Any]:
    errors = errors or {}
    chosen = connections_of(request)
    if draft.connection:
        chosen.setdefault(str(draft.connection.id), draft.connection)
    kind = all_providers().get(draft.connection.provider) if draft.connection else None
    return {
        "draft": draft,
        "rule": rule,
        "errors": errors,
        "rows": rows_shown(draft.rows, errors, Known()),
        "inputs": inputs_shown(draft, errors),
        "severities": severities(draft.min_severity),
        "connections": list(chosen.values()),
        "actions": kind.actions if kind else (),
        "action": draft.known_action,
        "icon": icon(draft.connection.provider) if draft.connection else "",
        "sentence": telling.sentence_of(draft.wording, draft.connection) if rule and draft.connection else [],
        "types": event_types(request),
        "resources": _resources(request),
        "locked": request.visitor.session.session_type == SessionType.RESOURCE,
        "days": _days(draft),
    }


def _resources(request: PortalRequest) -> list[Resource]:
    rows = Resource.objects.for_workspace(request.visitor.workspace.id).filter(active=True)
    return list(rows.order_by("seen", "key")[:RESOURCES_MOST])


def _days(draft: Draft) -> list[tuple[str, str, bool]]:
    """Value, word, chosen."""
    words = [gettext(day) for day in ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")]
    return [(str(number), word, str(number) in draft.restraints.days) for number, word in enumerate(words)]
