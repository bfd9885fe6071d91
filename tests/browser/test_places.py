"""The lists of pages that are looked at, held against the routes and the destinations that there are."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.urls import resolve

from connections.registry import all_providers
from tests.browser.places import ALONE, PATHS
from tests.calling import STRANGE_ID
from tests.test_isolation import PORTAL, PUBLIC, TABLE

# What a page asks for when it is there, and shows in one of its places.
FRAGMENTS = {
    "workspace/connections/sign-ins/<uuid:pending_id>",
    "workspace/connections/<uuid:connection_id>/lately",
    "workspace/connections/<uuid:connection_id>/test",
    "workspace/connections/<uuid:connection_id>/held",
    "workspace/connections/<uuid:connection_id>/directory/<str:kind>",
    "workspace/connections/<uuid:connection_id>/directory/<str:kind>/entry",
    "workspace/connections/<uuid:connection_id>/directory/<str:kind>/state",
    "workspace/rules/tests/<uuid:test_id>",
    "workspace/settings/told",
}
FOR_PROGRAMS = {"livez", "readyz"}
ALIKE = {"hubspot": "reconnect"}  # destinations whose page of connecting is looked at in another place


def shown(kind: str) -> set[str]:
    """The routes that somebody can look at."""
    paths = {route.path for route in TABLE if route.kind == kind and route.method == "GET"}
    return {path for path in paths if not path.startswith("api/")}


def routes(places: dict[str, str]) -> set[str]:
    return {resolve(urlsplit(path).path).route for path in places.values()}


def test_every_page_of_the_portal_is_looked_at() -> None:
    """A page whose route is new has to be in ``places``, where axe comes by."""
    some_id = dict.fromkeys(
        ("slack", "hubspot", "webhook", "email", "rule", "list_rule", "event", "delivery"), STRANGE_ID
    )
    seen = routes({name: path.format(**some_id) for name, path in PATHS.items()})
    assert shown(PORTAL) - FRAGMENTS == seen
    assert shown(PORTAL) >= FRAGMENTS


def test_every_page_that_stands_alone_is_looked_at() -> None:
    assert shown(PUBLIC) - FOR_PROGRAMS == routes(ALONE)


def test_every_destination_is_looked_at_once_where_it_is_connected() -> None:
    new = [path.rpartition("/")[2] for path in PATHS.values() if "/connections/new/" in path]
    assert sorted([*new, *ALIKE]) == sorted(all_providers())
    assert set(ALIKE.values()) <= set(PATHS)
