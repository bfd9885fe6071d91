"""What is said of attempts whose worker died: nobody came back to write them down, and yet they may have arrived.

A claim counts them (``Delivery.lost``), and the next result that is recorded keeps the sentence among its notes.
"""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import ngettext

from deliveries.waiting import clock


def notes(lost: int, *, attempts: int, first_sent_at: datetime | None) -> list[str]:
    """One sentence, or none. When an attempt began is known of the first one only: ``attempts`` were recorded."""
    if not lost:
        return []
    began = clock(first_sent_at) if first_sent_at and not attempts else ""
    return [(_since(lost) if began else _later(lost)) % {"n": lost, "began": began}]


def _since(lost: int) -> str:
    return ngettext(
        "An attempt that began at %(began)s ended with our worker before an answer was known: it may have arrived.",
        "%(n)s attempts, the first that began at %(began)s, ended with our worker before an answer was known: it may"
        " have arrived.",
        lost,
    )


def _later(lost: int) -> str:
    return ngettext(
        "An attempt ended with our worker before an answer was known: it may have arrived.",
        "%(n)s attempts, the first after the last one told here, ended with our worker before an answer was known: it"
        " may have arrived.",
        lost,
    )
