"""The link at the end of a mail that tells of trouble: no more of these."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from connections import leaving


@csrf_exempt  # no cookie is involved: mail programs post here by themselves, and whoever holds the link may say no
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """A GET asks and changes nothing, because mail scanners open links; the POST says no, and is not asked again."""
    recipient = leaving.find(token)
    if recipient and request.method == "POST":
        leaving.leave(recipient)
        recipient.refresh_from_db()
    with translation.override(translation.get_language_from_request(request)):
        return render(
            request, "connections/unsubscribe.html", {"recipient": recipient}, status=200 if recipient else 404
        )
