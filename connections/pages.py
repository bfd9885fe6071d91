"""Pages of this room: the yes of a mail recipient."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from connections import recipients


@csrf_exempt  # no cookie is involved: whoever holds the mailed link may say yes
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """A GET asks and changes nothing, because mail scanners open links; the button's POST says yes."""
    recipient = recipients.find(token)
    if recipient is None:
        return render(request, "connections/confirm.html", {"recipient": None}, status=404)
    if request.method == "POST":
        recipients.confirm(recipient)
        recipient.refresh_from_db()
    return render(request, "connections/confirm.html", {"recipient": recipient})
