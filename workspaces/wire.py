"""What every list, every error and every time on the wire has in common."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.db import models
from ninja import Schema
from pydantic import Field, PlainSerializer, WithJsonSchema

from workspaces.errors import bad_request

# The published clients never page through workspaces, connections and rules: there the first page is a large one.
FIFTY, ALL = 50, 200
Limit = Annotated[int, Field(ge=1, le=200)]


def wire_time(moment: datetime) -> str:
    """RFC 3339 in UTC, to the millisecond."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def changed_at(row: Any) -> datetime:
    """When a row was changed last: never before it was made, though one is our clock's and one the database's."""
    moment: datetime = max(row.created_at, row.updated_at)
    return moment


Moment = Annotated[
    datetime,
    PlainSerializer(wire_time, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time"}, mode="serialization"),
]


class Fault(Schema):
    """One wrong field, and how to mend it."""

    param: str
    msg: str


class ErrorDetail(Schema):
    """What went wrong."""

    name: str
    message: str
    data: list[Fault] | None = None


class ErrorAnswer(Schema):
    """Every answer other than success."""

    message: str
    error: ErrorDetail | None = None


def errors(*more: int) -> dict[tuple[int, ...], type[ErrorAnswer]]:
    """The errors of a route, for its description: what every route may answer, and more."""
    return {tuple(sorted({400, 401, 403, 404, 500, 503, *more})): ErrorAnswer}


READING = errors()
WRITING = errors(409, 411, 413, 415, 422)


class Page[T](Schema):
    """One page of a list. Pass ``next_cursor`` on as ``cursor`` for the next; null is the end."""

    count: int = Field(description="How many records this page has.")
    limit: int
    next_cursor: str | None
    records: list[T]


def page[M: models.Model](
    rows: models.QuerySet[M], *, limit: int, cursor: str | None, show: Callable[[M], Any]
) -> dict[str, Any]:
    """The rows after the cursor, newest first, by their time-ordered id. Raises ApiError 400 for a bad cursor."""
    if cursor:
        rows = rows.filter(pk__lt=_read_cursor(cursor))
    found = list(rows.order_by("-pk")[: limit + 1])
    shown = found[:limit]
    more = len(found) > limit
    return {
        "count": len(shown),
        "limit": limit,
        "next_cursor": _write_cursor(shown[-1].pk) if more else None,
        "records": [show(row) for row in shown],
    }


def _write_cursor(id: UUID) -> str:
    return base64.urlsafe_b64encode(id.bytes).rstrip(b"=").decode()


def _read_cursor(text: str) -> UUID:
    try:
        return UUID(bytes=base64.b64decode(text + "==", altchars=b"-_", validate=True))
    except (ValueError, binascii.Error):
        raise bad_request("cursor", "must be the next_cursor of an earlier page.") from None
