"""The yardstick for ingest: a view that inserts one row by cursor, on the product's own server.

DJANGO_SETTINGS_MODULE=bench.one_insert_settings granian … config.wsgi:application
"""

from __future__ import annotations

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from config import pages


@csrf_exempt
def insert(request: HttpRequest) -> HttpResponse:
    """One row, one commit, and not a word about it."""
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO bench_insert (body) VALUES (%s)", [request.body.decode()])
    return HttpResponse(status=201)


urlpatterns = [path("insert", insert), path("livez", pages.livez)]
