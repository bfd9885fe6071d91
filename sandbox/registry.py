"""Finds the folders of the simulators, once. Adding a folder is all the registration there is."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module

import sandbox
from sandbox.addresses import Addresses
from sandbox.seed import Reader
from sandbox.simulator import Simulator


@cache
def all_simulators() -> dict[str, Simulator]:
    """Every simulator by its slug, in alphabetical order."""
    names = sorted(module.name for module in pkgutil.iter_modules(sandbox.__path__) if module.ispkg)
    found: list[Simulator] = [import_module(f"sandbox.{name}").SIMULATOR for name in names]
    return {simulator.slug: simulator for simulator in sorted(found, key=lambda each: each.slug)}


def addresses(*, host: str = "127.0.0.1", port: int, portal: str) -> Addresses:
    """Where everything listens when the first port is ``port``."""
    return Addresses(host=host, port=port, portal=portal, simulators=tuple(all_simulators().values()))


def readers() -> dict[str, Reader]:
    """Who reads which section of the seed."""
    return {simulator.slug: simulator.read for simulator in all_simulators().values() if simulator.read}
