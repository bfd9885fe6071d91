"""Wires the parts together as Django starts."""

from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig


class WiringConfig(AppConfig):
    """Every Django process knows our Celery app, since whoever commits an event must be able to wake a worker."""

    name = "config"

    def ready(self) -> None:
        """Importing the app makes it Celery's current one; importing the checks registers them."""
        import_module("config.celery")
        import_module("config.checks")
