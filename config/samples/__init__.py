"""Sample values for the page of patterns, in the shapes that the partials ask for. Nothing of it comes from a table.

``everyday``    what nearly every page is made of
``breaking``    a connection that broke, or is to the wrong kind of account, and who is told
``mapping``     the rows of a mapping, and the record that they make
``signing``     two secrets at once, and what was found about a signature
"""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from config.samples import breaking, everyday, mapping, signing


def samples() -> dict[str, Any]:
    """The context of ``patterns.html``."""
    now = timezone.now()
    return {**everyday.samples(now), **breaking.samples(now), **mapping.samples(), **signing.samples(now)}
