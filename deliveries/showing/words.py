"""What a person is told of a delivery's state: a word, a colour and a mark, never the colour alone."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from deliveries.models import State

Words = str | Promise


@dataclass(frozen=True, slots=True)
class Mark:
    """``tone`` is the style sheet's word, ``icon`` a symbol of icons.svg; ``loud`` ones are shown first."""

    word: Words
    tone: str
    icon: str
    loud: int = 0


_WAITS, _MUTED = ("wait", "clock"), ("muted", "silent")
MARKS = {
    State.PENDING: Mark(_("waiting"), *_WAITS, loud=2),
    State.SENDING: Mark(_("sending"), *_WAITS, loud=2),
    State.RETRYING: Mark(_("trying again"), *_WAITS, loud=3),
    State.HELD: Mark(_("on hold"), *_WAITS, loud=4),
    State.DELIVERED: Mark(_("delivered"), "good", "check"),
    State.FAILED: Mark(_("failed"), "bad", "cross", loud=5),
    State.CANCELED: Mark(_("called off"), *_MUTED, loud=1),
    State.MUTED: Mark(_("muted"), *_MUTED),
    State.SUPERSEDED: Mark(_("left out for a newer one"), *_MUTED),
    State.DIGESTED: Mark(_("in a digest"), "good", "check"),
}
SILENT = Mark(_("silent: no rule fired"), *_MUTED)
UNDECIDED = Mark(_("waiting to be looked at"), *_WAITS)
CALLED_OFF = MARKS[State.CANCELED]
UNDECIDABLE = Mark(_("failed"), "bad", "cross", loud=5)
