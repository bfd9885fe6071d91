"""Which host names are answered to: those in ``ALLOWED_HOSTS``, whatever is asked.

Django looks at the name only where a page asks for it. Here every request is asked, also the posted event, so that
nobody's name but the operator's can be put in front of this installation; who names none (HTTP/1.0) puts none there.
What orchestrators ask is answered under any name: they know an address, and learn nothing but that it is well.
"""

from __future__ import annotations

from collections.abc import Callable

from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse

from config.api import bad_request

PROBES = frozenset({"/livez", "/readyz"})

type View = Callable[[HttpRequest], HttpResponse]


def only_ours(get_response: View) -> View:
    """Middleware, to stand before all others: 400 for every other name."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.META.get("HTTP_HOST") and request.path_info not in PROBES:
            try:
                request.get_host()
            except DisallowedHost as error:  # answered here: Django would log a traceback for every such guess
                return bad_request(request, error)
        return get_response(request)

    return middleware
