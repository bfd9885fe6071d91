"""The pretend product that embeds the portal: a monitoring page for the vendor's tenants, which emits events."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

from sandbox.addresses import Addresses
from sandbox.checks import CHECKS, DRILLS
from sandbox.minting import mint
from sandbox.pages import Pages, application
from sandbox.seed import SeedFile, VendorWorkspace

ROLES = ("owner", "admin", "member", "viewer")
# Beaconry's own colours, those of sandbox.css: with them the portal has no edges in its page.
_HOUSE: dict[str, Any] = {
    "surface": "#f6f6f3",
    "text": "#1c1e22",
    "text-muted": "#5a5f68",
    "border": "#deded8",
    "accent": "#0f5f56",
    "dark": {
        "surface": "#131417",
        "surface-raised": "#1b1d21",
        "text": "#eceef1",
        "text-muted": "#a3a8b2",
        "border": "#2e3137",
        "accent": "#6fc9bc",
    },
}
THEMES: dict[str, dict[str, Any]] = {
    "house": _HOUSE,
    "light": {**_HOUSE, "scheme": "light"},
    "dark": {**_HOUSE, "scheme": "dark"},
    "amber": {**_HOUSE, "scheme": "light", "accent": "#9a4a00", "radius": 2},
    "plain": {},
}
LANGUAGES = {"en": "English", "de": "Deutsch"}
OPENERS = ("same-origin", "same-origin-allow-popups")  # Cross-Origin-Opener-Policy, to try the embed under each
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
        app.router.add_routes(
            [
                web.get("/", self._overview),
                web.get("/integrations", self._connect),
                web.get("/integrations/plain", self._plain),
                web.post("/integrations/session", self._session),
            ]
        )
        return app

    async def _overview(self, request: web.Request) -> web.Response:
        return self._page("vendor/overview.html", request, checks=CHECKS, severities=SEVERITIES)

    async def _connect(self, request: web.Request) -> web.Response:
        role, theme, language = (request.query.get(name, "") for name in ("role", "theme", "language"))
        page = self._page(
            "vendor/integrations.html",
            request,
            roles=ROLES,
            role=role if role in ROLES else "owner",
            themes=THEMES,
            theme=theme if theme in THEMES else "house",
            languages=LANGUAGES,
            language=language if language in LANGUAGES else "en",
            path=request.query.get("path", ""),
            drills=DRILLS,
        )
        if request.query.get("coop") in OPENERS:
            page.headers["Cross-Origin-Opener-Policy"] = request.query["coop"]
        return page

    async def _plain(self, request: web.Request) -> web.Response:
        """A frame and nothing around it, as a page without the loader has: ``src`` is a launch URL."""
        portal = urlsplit(self._addresses.portal)
        policy = {"frame-src": f"{portal.scheme}://{portal.netloc}", "frame-ancestors": "'none'"}
        return self._pages.html("vendor/plain.html", policy=policy, src=request.query.get("src", ""))

    async def _session(self, request: web.Request) -> web.Response:
        """The product's back-end: it knows who is signed in, and asks the portal for a session on their behalf."""
        seed = self._seeds.current()
        if not seed.vendor_keys or not seed.vendor_workspaces:
            return web.json_response({"message": "The seed gives this product no machine key."}, status=503)
        chosen = _choose(
            seed.vendor_workspaces, tenant=request.query.get("tenant"), environment=request.query.get("environment")
        )
        user, _ = PEOPLE.get(_bare(chosen.tenant), ("ops", ""))
        wanted = {
            "workspace_id": chosen.id,
            "external_user_id": user,
            "role": request.query.get("role", "owner"),
            "language": request.query.get("language", "en"),
            "scopes": ["events.payload:read"],
            "launch_ttl_seconds": int(request.query.get("launch_ttl_seconds", "30")),
        }
        status, answer = await mint(self._addresses.portal, seed.vendor_keys[0], wanted)
        return web.json_response(answer, status=status)

    def _page(self, template: str, request: web.Request, **context: Any) -> web.Response:
        workspaces = self._seeds.current().vendor_workspaces
        if not workspaces:
            return self._pages.html("vendor/empty.html")
        chosen = _choose(workspaces, tenant=request.query.get("tenant"), environment=request.query.get("environment"))
        portal = urlsplit(self._addresses.portal)
        policy = dict.fromkeys(
            ("connect-src", "frame-src", "script-src"), f"'self' {portal.scheme}://{portal.netloc}"
        ) | {"style-src": "'self' 'unsafe-inline'"}
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
