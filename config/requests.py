"""Django's request, except that no Content-Type can break it.

Django reads the header's charset while it makes the request, before any view or middleware could answer for a fault:
a name that is too long, a codec that is none for texts (``base64``), or a charset beside a query of a thousand fields
each ended in a 500. Nothing here needs the charset: bodies are UTF-8 or refused, queries are percent-encoded UTF-8.
"""

from __future__ import annotations

from typing import Any

from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.utils.http import parse_header_parameters


class PlainRequest(WSGIRequest):
    """A request whose Content-Type is looked at and nothing more; one that cannot be read counts as none."""

    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        try:
            self.content_type, self.content_params = parse_header_parameters(meta.get("CONTENT_TYPE", ""))
        except ValueError:
            self.content_type, self.content_params = "", {}


class PlainHandler(WSGIHandler):
    """Django's WSGI application with such requests."""

    request_class = PlainRequest
