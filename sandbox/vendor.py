"""The pretend product that embeds the portal: a monitoring page for the vendor's tenants, which emits events."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

from sandbox.addresses import Addresses
from sandbox.checks import CHECKS
from sandbox.pages import Pages, application
from sandbox.seed import SeedFile, VendorWorkspace

ENVIRONMENTS = ("production", "staging", "development")
SEVERITIES = ("debug", "info", "low", "medium", "high", "critical")
PEOPLE = {"casterly": ("tyrion", "tyrion@casterly-rock.dev"), "springfield": ("homer", "homer@springfield-npp.dev")}


class Vendor:
    """Two pages, Overview and Integrations, for one tenant in one environment at a time."""

    def __init__(self, *, seeds: SeedFile, addresses: Addresses) -> None:
        self._seeds = seeds
        self._addresses = addresses
        self._pages = Pages(addresses, here="vendor")

    def app(self) -> web.Application:
        app = application()
        app.router.add_routes([web.get("/", self._overview), web.get("/integrations", self._connect)])
        return app

    async def _overview(self, request: web.Request) -> web.Response:
        return self._page("vendor/overview.html", request, checks=CHECKS, severities=SEVERITIES)

    async def _connect(self, request: web.Request) -> web.Response:
        return self._page("vendor/integrations.html", request)

    def _page(self, template: str, request: web.Request, **context: Any) -> web.Response:
        workspaces = self._seeds.current().vendor_workspaces
        if not workspaces:
            return self._pages.html("vendor/empty.html")
        chosen = _choose(workspaces, tenant=request.query.get("tenant"), environment=request.query.get("environment"))
        portal = urlsplit(self._addresses.portal)
        policy = dict.fromkeys(("connect-src", "frame-src"), f"'self' {portal.scheme}://{portal.netloc}")
        user, email = PEOPLE.get(_bare(chosen.tenant), ("ops", f"ops@{_bare(chosen.tenant)}.example"))
        return self._pages.html(
            template,
            policy=policy,
            chosen=chosen,
            account_id=f"acc_{_bare(chosen.tenant)}",
            user=user,
            email=email,
            tenants={each.tenant: each.name for each in reversed(workspaces)},
            environments=[name for name in ENVIRONMENTS if _find(workspaces, chosen.tenant, name)],
            **context,
        )


def _choose(workspaces: tuple[VendorWorkspace, ...], *, tenant: str | None, environment: str | None) -> VendorWorkspace:
    """The workspace asked for; failing that the tenant's own first, failing that the first of all."""
    exact = _find(workspaces, tenant, environment)
    return exact or next((each for each in workspaces if each.tenant == tenant), workspaces[0])


def _find(
    workspaces: tuple[VendorWorkspace, ...], tenant: str | None, environment: str | None
) -> VendorWorkspace | None:
    return next((each for each in workspaces if (each.tenant, each.environment) == (tenant, environment)), None)


def _bare(tenant: str) -> str:
    """The tenant's word: ``acc_casterly`` and ``casterly`` are the same customer."""
    return tenant.removeprefix("acc_")
