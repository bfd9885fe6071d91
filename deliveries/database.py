"""Which of the database's errors pass by themselves, so that the same work may simply be done again.

SQLSTATE: https://www.postgresql.org/docs/current/errcodes-appendix.html
"""

from __future__ import annotations

import psycopg
from django.db import InterfaceError, OperationalError

_AWAY = ("08", "53", "57P01", "57P02", "57P03")  # connection lost; out of resources; shutdown, crash, start
_UNDONE = ("40001", "40P01")  # serialization failure, deadlock: rolled back as a whole


def is_away(error: BaseException) -> bool:
    """Whether the database cannot be reached. An error without a code comes from our side of the connection."""
    if not isinstance(error, OperationalError | InterfaceError):
        return False
    code = _sqlstate(error)
    return code is None or code.startswith(_AWAY)


def may_repeat(error: BaseException) -> bool:
    """Whether the same transaction may well succeed later: nothing is wrong with what it said."""
    return is_away(error) or _sqlstate(error) in _UNDONE


def _sqlstate(error: BaseException) -> str | None:
    cause = error.__cause__
    return cause.sqlstate if isinstance(cause, psycopg.Error) else None
