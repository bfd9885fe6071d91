"""The app of the people: organizations, workspaces, keys, sessions."""

from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig


class WorkspacesConfig(AppConfig):
    """Registers the room's system checks."""

    name = "workspaces"

    def ready(self) -> None:
        """Importing the module registers its checks."""
        import_module("workspaces.checks")
