"""Pages that stay true by asking: a fragment carries the mark of what it shows, and gets 204 while that is unchanged.

In a template, inside the fragment: ``{% include "components/_poll.html" with url=poll target="rows" seconds=3 %}``.
It is an element of its own, because links would inherit where its answers go. What is final no longer includes it.
"""

from __future__ import annotations

import hashlib
from urllib.parse import urlencode

from django.http import HttpResponse

from workspaces.embed.visitor import PortalRequest

_NAME = "mark"


def mark_of(*shown: object) -> str:
    """A short name for what is shown: another one when any of it is another."""
    return hashlib.blake2b(repr(shown).encode("utf-8", "surrogatepass"), digest_size=9).hexdigest()


def unchanged(request: PortalRequest, mark: str) -> HttpResponse | None:
    """204 for a poll that already shows this."""
    return HttpResponse(status=204) if request.GET.get(_NAME) == mark else None


def poll_url(request: PortalRequest, mark: str, *, path: str = "") -> str:
    """Where the fragment asks again: the page's address (``path`` when this request went elsewhere) with the mark."""
    kept = {name: value for name, value in request.GET.items() if name != _NAME}
    return f"{path or request.path}?{urlencode({**kept, _NAME: mark})}"
