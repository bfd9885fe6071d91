"""Every route there is: the API, then each room's pages."""

from __future__ import annotations

from django.conf import settings
from django.contrib import admin
from django.contrib.admin import autodiscover
from django.urls import include, path

from config import pages
from config.api import routes

handler400 = "config.api.bad_request"
handler404 = "config.api.not_found"
handler500 = "config.api.server_error"

autodiscover()

urlpatterns = [
    path("api/v1/", routes()),
    path("", pages.home, name="home"),
    path("livez", pages.livez, name="livez"),
    path("readyz", pages.readyz, name="readyz"),
    path("", include("workspaces.urls")),
    path("", include("connections.urls")),
    path("", include("rules.urls")),
    path("", include("deliveries.urls")),
    path("admin/", admin.site.urls),
    *([] if settings.MODE == "production" else [path("patterns", pages.patterns, name="patterns")]),
]
