"""What the folder of a simulator declares: ``SIMULATOR``, found by ``sandbox.registry``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from aiohttp import web

if TYPE_CHECKING:  # the addresses know the simulators, too
    from sandbox.addresses import Addresses
    from sandbox.seed import SeedFile


class Make(Protocol):
    """Puts a simulator together."""

    def __call__(self, *, seeds: SeedFile, addresses: Addresses) -> web.Application: ...


@dataclass(frozen=True, slots=True)
class Simulator:
    """A vendor, pretended.

    ``slug`` is the provider's. ``hosts`` are the vendor's host names that it stands in for: whole ones, or, where each
    customer has a name of its own, ``*.`` and the end of them all, such as ``*.my.salesforce.com``. ``shows`` says in
    a few words what its page is for. ``client`` is the id and secret of the OAuth app that it knows, None when nobody
    signs in to it. ``keeps`` names what programs read and empty at ``/_sandbox/<keeps>``. ``read`` makes what the
    simulator wants of the seed's section under its slug, and raises ``SeedError``; None when it has no section.
    """

    slug: str
    name: str
    hosts: tuple[str, ...]
    make: Make
    shows: str = ""
    client: tuple[str, str] | None = None
    keeps: str = ""
    read: Callable[[Mapping[str, Any]], Any] | None = None
