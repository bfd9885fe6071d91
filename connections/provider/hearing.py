"""What a provider is told afterwards, of what it had taken."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class Afterwards(StrEnum):
    """What can become of a message after its vendor had taken it."""

    BOUNCED = "bounced"
    COMPLAINED = "complained"
    SUPPRESSED = "suppressed"
    FAILED = "failed"
    DELAYED = "delayed"


@dataclass(frozen=True, slots=True)
class Heard:
    """One thing that a vendor told us of a delivery, in a call to our hook whose signature was right.

    ``id`` names the call and is the same when the vendor repeats it. ``words`` is one plain sentence of ours.
    """

    id: str
    delivery_id: UUID
    kind: Afterwards
    words: str
    at: datetime
