"""Every route there is."""

from __future__ import annotations

from django.urls import path

from config import pages
from config.api import api
from connections.pages import confirm

handler404 = "config.api.not_found"

urlpatterns = [
    path("", pages.home, name="home"),
    path("livez", pages.livez, name="livez"),
    path("readyz", pages.readyz, name="readyz"),
    path("confirm/<str:token>", confirm, name="confirm"),
    path("api/v1/", api.urls),
]
