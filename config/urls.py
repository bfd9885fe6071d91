"""Every route there is."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.admin import autodiscover
from django.urls import path

from config import pages
from config.api import routes
from connections.pages import confirm

handler400 = "config.api.bad_request"
handler404 = "config.api.not_found"
handler500 = "config.api.server_error"

autodiscover()

urlpatterns = [
    path("", pages.home, name="home"),
    path("livez", pages.livez, name="livez"),
    path("readyz", pages.readyz, name="readyz"),
    path("confirm/<str:token>", confirm, name="confirm"),
    path("api/v1/", routes()),
    path("admin/", admin.site.urls),
]
