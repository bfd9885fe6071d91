"""Pages: Jinja with autoescape, one stylesheet, scripts in files, and a policy that allows nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jinja2
from aiohttp import web

from sandbox.addresses import Addresses

HERE = Path(__file__).parent
CLIENT_MAX_SIZE = 8 * 1024 * 1024
POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}


class Pages:
    """Renders the templates of one simulator; ``here`` marks it in the bar that links them all.

    ``filters`` are those that only its own templates use.
    """

    def __init__(
        self, addresses: Addresses, *, here: str, filters: Mapping[str, Callable[..., Any]] | None = None
    ) -> None:
        self._jinja = jinja2.Environment(
            loader=jinja2.FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=jinja2.ChainableUndefined,  # what arrives from outside may lack anything
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._jinja.filters |= {"clock": clock, **(filters or {})}
        self._jinja.globals |= {"addresses": addresses, "here": here}

    def html(
        self, template: str, *, status: int = 200, policy: dict[str, str] | None = None, **context: Any
    ) -> web.Response:
        """A whole page. ``policy`` widens the content security policy where a page must."""
        rules = {**POLICY, **(policy or {})}
        headers = {
            "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in rules.items() if value),
            "Referrer-Policy": "same-origin",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-store",
        }
        text = self.fragment(template, **context)
        return web.Response(status=status, text=text, content_type="text/html", headers=headers)

    def fragment(self, template: str, **context: Any) -> str:
        return self._jinja.get_template(template).render(**context)


def feed(request: web.Request, *, version: str, render: Callable[[], str]) -> web.Response:
    """What a page polls: 204 while the version it has is current, else the new version and its HTML."""
    if request.query.get("version") == version:
        return web.Response(status=204)
    return web.json_response({"version": version, "html": render()}, headers={"Cache-Control": "no-store"})


def cut_off(page: web.Response) -> web.Response:
    """The page with the header that severs its window from the one that opened it, as many sign-in pages have it."""
    page.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    return page


def application() -> web.Application:
    """An application with the shared static files."""
    app = web.Application(client_max_size=CLIENT_MAX_SIZE)
    app.router.add_static("/_sandbox/static", HERE / "static")
    return app


def now() -> str:
    return datetime.now(tz=UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def clock(moment: str) -> str:
    """The time of day of an ISO moment, in this machine's zone."""
    return datetime.fromisoformat(moment).astimezone().strftime("%H:%M:%S")
