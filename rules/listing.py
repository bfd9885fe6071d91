"""The rules that a page lists: filtered, newest first, page by page."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db.models import BooleanField, F, Func, Q, QuerySet, Value
from django.db.models.functions import Replace

from rules.models import Rule

PER_PAGE = 25


@dataclass(frozen=True, slots=True)
class Listed:
    """One page of rules; ``before`` begins the next one, and is None on the last."""

    rules: list[Rule]
    before: UUID | None


def list_rules(rows: QuerySet[Rule], *, text: str = "", event: str = "", before: UUID | None = None) -> Listed:
    """The rules among the rows that say the text, and that want events of that type."""
    rows = rows.select_related("version", "connection")
    rows = _saying(rows, text) if text else rows
    rows = _wanting(rows, event) if event else rows
    rows = rows.filter(id__lt=before) if before else rows
    found = list(rows.order_by("-id")[: PER_PAGE + 1])
    shown = found[:PER_PAGE]
    return Listed(rules=shown, before=shown[-1].id if len(found) > PER_PAGE else None)


def _saying(rows: QuerySet[Rule], text: str) -> QuerySet[Rule]:
    """Every word of it stands in the rule's name, its event, its connection's name or its inputs."""
    for word in text.replace("\0", "").removeprefix("#").split()[:10]:
        said = Q(name__icontains=word) | Q(version__event__icontains=word) | Q(connection__name__icontains=word)
        rows = rows.filter(said | Q(version__inputs__icontains=word) | Q(version__resource__icontains=word))
    return rows


def _wanting(rows: QuerySet[Rule], event: str) -> QuerySet[Rule]:
    """The pattern as SQL's own: a wildcard stands for at least one character."""
    pattern: Replace | F = F("version__event")
    for plain, escaped in (("\\", "\\\\"), ("%", "\\%"), ("_", "\\_"), ("*", "_%")):
        pattern = Replace(pattern, Value(plain), Value(escaped))
    wanted = Value(event.replace("\0", ""))
    wants = Func(wanted, pattern, template="(%(expressions)s)", arg_joiner=" LIKE ", output_field=BooleanField())
    return rows.filter(wants)
