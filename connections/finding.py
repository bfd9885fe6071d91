"""Find entries of a directory while somebody types, and tell honestly how good the list is.

No extension is needed: every index begins with the connection and the kind. What begins with the text is a range of
``directory_entry_by_name``, whose collation is "C"; what only holds it is looked for among the connection's entries.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Case, IntegerField, Q, QuerySet, Value, When
from django.utils import timezone

from connections.entries import clean, fold
from connections.models import Connection, DirectoryEntry, DirectoryRun
from connections.registry import provider

_AFTER = "\U0010ffff"  # the last code point: ends the range of what begins with a text
_SEPARATORS = "-_. "

type Reference = tuple[UUID, str, str]
"""A connection, a kind, and the vendor's id."""


def find(connection: Connection, kind: str, text: str, *, limit: int = 20) -> list[DirectoryEntry]:
    """The entries that fit best: the very one (id, pasted link, name), then by beginning, by word, by any part.

    What is archived or gone comes last, unless it is the very one. An empty text finds the first by name.
    """
    wanted, rows = _wanted(text), _of(connection, kind)
    found = _exact(connection, kind, text)
    for better in (_beginning(rows, wanted), _holding(rows, wanted)):
        if len(found) < limit:
            known = [entry.id for entry in found]
            found += _entries(better.exclude(id__in=known).values_list("id", flat=True)[: limit - len(found)])
    return found[:limit]


def very_one(connection: Connection, kind: str, text: str) -> DirectoryEntry | None:
    """The one entry with that id, link or name; None when there is none, or several that can be used."""
    found = _exact(connection, kind, text)
    usable = [entry for entry in found if entry.usable]
    return next(iter(usable or found), None) if len(usable) < 2 else None


def _of(connection: Connection, kind: str) -> QuerySet[DirectoryEntry]:
    rows: QuerySet[DirectoryEntry] = DirectoryEntry.objects.filter(connection_id=connection.id, kind=kind)
    return rows


def _wanted(text: str) -> str:
    return fold(" ".join(text.split()))


def _exact(connection: Connection, kind: str, text: str) -> list[DirectoryEntry]:
    """By id, else by name; of several with one name, those that can be used come first."""
    id, wanted, rows = provider(connection.provider).entry_id(kind, text), _wanted(text), _of(connection, kind)
    by_id = list(rows.filter(external_id=clean(id))) if id else []
    if by_id or not wanted:
        return by_id
    return list(rows.filter(usable__in=(True, False), folded=wanted).order_by("-usable", "external_id")[:20])


def _entries(ids: Iterable[UUID]) -> list[DirectoryEntry]:
    """The entries of these ids, in this order: the index has found the ids alone."""
    wanted = list(ids)
    rows: dict[UUID, DirectoryEntry] = DirectoryEntry.objects.in_bulk(wanted)
    return [rows[id] for id in wanted if id in rows]


def _beginning(rows: QuerySet[DirectoryEntry], wanted: str) -> QuerySet[DirectoryEntry]:
    """Usable entries whose name begins with the text, by name: a range of the index, in its order."""
    begin = wanted.replace(" ", "-")
    return rows.filter(usable=True, folded__gte=begin, folded__lt=begin + _AFTER).order_by("folded")


def _holding(rows: QuerySet[DirectoryEntry], wanted: str) -> QuerySet[DirectoryEntry]:
    """Entries that hold every word of the text: usable ones first, and those first where a word begins with it."""
    words = wanted.split()
    for word in words:
        rows = rows.filter(folded__contains=word)
    first = words[0] if words else ""
    starts = Q(folded__startswith=first)
    for separator in _SEPARATORS:
        starts |= Q(folded__contains=f"{separator}{first}")
    rank = Case(When(starts, then=Value(0)), default=Value(1), output_field=IntegerField())
    return rows.order_by("-usable", rank, "folded")


def entry_of(connection_id: UUID, kind: str, external_id: str) -> DirectoryEntry | None:
    """The entry with that id, to show "#alerts" beside it; None when it is not in the list."""
    reference = (connection_id, kind, external_id)
    return entries_of([reference]).get(reference)


def entries_of(references: Iterable[Reference]) -> dict[Reference, DirectoryEntry]:
    """The entries of many references at once; ``archived`` and ``gone_at`` say which rules need another one."""
    wanted: dict[tuple[UUID, str], set[str]] = {}
    for connection_id, kind, external_id in references:
        wanted.setdefault((connection_id, kind), set()).add(clean(external_id))
    which = Q(pk__in=[])
    for (connection_id, kind), ids in wanted.items():
        which |= Q(connection_id=connection_id, kind=kind, external_id__in=ids)
    rows = DirectoryEntry.objects.filter(which)
    return {(entry.connection_id, entry.kind, entry.external_id): entry for entry in rows}


# --------------------------------------------------------------------------- how good the list is


@dataclass(frozen=True, slots=True)
class Summary:
    """What a picker says under its list.

    ``complete`` says that a run came to the end of the directory at least once, ``age`` how long ago; ``gaps`` are
    sentences about what the vendor does not list for us. While ``reading``, ``so_far`` entries of the run were read;
    ``waits_until`` is when it goes on, if the vendor asked for time. ``trouble`` says what went wrong last.
    """

    count: int  # listed by the vendor; archived ones included
    archived: int
    complete: bool
    age: timedelta | None
    reading: bool
    so_far: int
    gaps: tuple[str, ...]
    trouble: str
    waits_until: datetime | None


def summary(connection: Connection, kind: str) -> Summary:
    """How good the list of that kind is at the moment."""
    now = timezone.now()
    run: DirectoryRun | None = DirectoryRun.objects.filter(connection_id=connection.id, kind=kind).first()
    listed, archived = _counts(_of(connection, kind))
    completed_at = run.completed_at if run else None
    waits = run is not None and run.reading and bool(run.trouble) and run.next_at > now
    return Summary(
        count=listed,
        archived=archived,
        complete=completed_at is not None,
        age=max(now - completed_at, timedelta()) if completed_at else None,
        reading=run is not None and run.reading,
        so_far=run.counted if run else 0,
        gaps=tuple(run.gaps) if run else (),
        trouble=run.trouble if run else "",
        waits_until=run.next_at if run and waits else None,
    )


def _counts(rows: QuerySet[DirectoryEntry]) -> tuple[int, int]:
    """How many are listed, and how many of them are archived. Both are counted in the index by name."""
    usable = rows.filter(usable=True).count()
    archived = rows.filter(usable=False, gone_at=None).count()
    return usable + archived, archived
