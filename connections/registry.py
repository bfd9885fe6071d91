"""Finds the provider folders, once. Adding a folder is all the registration there is."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module

from connections import providers
from connections.provider import Provider


@cache
def all_providers() -> dict[str, Provider]:
    """Every provider by its slug, in alphabetical order."""
    names = sorted(module.name for module in pkgutil.iter_modules(providers.__path__) if module.ispkg)
    found = [import_module(f"connections.providers.{name}").PROVIDER for name in names]
    return {provider.slug: provider for provider in found}


def provider(slug: str) -> Provider:
    """The provider of that slug. Raises ``KeyError`` when there is no such folder."""
    return all_providers()[slug]
