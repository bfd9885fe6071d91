"""The time zone that a visitor sits in: the browser tells it with every request of the portal."""

from __future__ import annotations

from zoneinfo import ZoneInfo, available_timezones

from django.http import HttpRequest

UTC = ZoneInfo("UTC")


def zone_of(request: HttpRequest) -> ZoneInfo:
    """The visitor's, or UTC when the browser names none that is known."""
    name = request.headers.get("X-Time-Zone", "")
    return ZoneInfo(name) if name in available_timezones() else UTC
