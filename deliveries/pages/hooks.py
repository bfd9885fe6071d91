"""The way in for vendors that call back. Whatever is wrong with a call, the answer is the 404 of a place unknown."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from connections import hooks
from deliveries import aftermath


@csrf_exempt  # the caller has no session: it proves itself by its signature
@require_POST
def hook(request: HttpRequest, slug: str, connection_id: UUID) -> HttpResponse:
    """204 for what is proven, whether or not it tells anything of ours: else the vendor would send it for days."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    body = request.read(hooks.MOST + 1)
    if len(body) > hooks.MOST:
        raise Http404
    proven = hooks.hear(slug, connection_id, headers=headers, body=body, now=timezone.now())
    if proven is None:
        raise Http404
    if proven.heard:
        aftermath.keep(proven.connection, proven.heard)
    return HttpResponse(status=204)
