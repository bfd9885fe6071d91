"""Liquid templates: the text of an alert, filled in from the event.

A payload's fields are read from its root: ``{{ value }}``, ``{{ user.name }}``, ``{{ lines.0.sku }}``. Three names
are ours whatever the payload holds: ``payload`` (all of it), ``event`` (id, type, resource, resource_id, created_at,
severity) and ``workspace`` (name, tenant, environment); a payload's own field of such a name is
``payload.event``. Every other name is the payload's own, ``severity`` and ``resource`` too; only where the payload
has no ``severity`` does that name stand for the event's.

Rendering is pure: it reads plain values (no attribute, no clock, no other template) and cannot run away. Whatever
stops it becomes a sentence, and then there is no text at all, so that nothing half made is sent.
"""

from rules.templates.filters import FILTERS
from rules.templates.language import TAG_NAMES
from rules.templates.rendering import Problem, Rendered, check, is_template, render, scope

__all__ = ["FILTERS", "TAG_NAMES", "Problem", "Rendered", "check", "is_template", "render", "scope"]
