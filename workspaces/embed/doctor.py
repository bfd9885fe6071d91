"""The embed doctor: which header, setting or browser rule keeps the portal out of a page. Values in, findings out."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from workspaces.origins import read_origin


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. ``mend`` is empty when it is well."""

    name: str
    words: str
    mend: str = ""

    @property
    def well(self) -> bool:
        return not self.mend


def origin_of(page: str) -> str | None:
    """The origin of a page's address; None when it has none."""
    parts = urlsplit(page.strip())
    return read_origin(f"{parts.scheme}://{parts.netloc}")


def examine_settings(*, origin: str, portal: str, origins: Sequence[str] | None) -> list[Finding]:
    """What this installation says of the page. ``origins`` are the session's; None: there is no such session."""
    return [_session(origin, origins), _transport(origin, portal), _sites(origin, portal)]


def examine_page(headers: Mapping[str, str], *, portal: str) -> list[Finding]:
    """What the page's own answer says of frames and scripts from here. Header names are in lower case."""
    policies = [_directives(text) for text in headers.get("content-security-policy", "").split(",")]
    found = [finding for policy in policies for finding in _allowances(policy, portal)]
    return [*found, *_isolation(headers)]


def _allowances(policy: Mapping[str, list[str]], portal: str) -> list[Finding]:
    return [
        _directive(policy, ("frame-src", "child-src", "default-src"), portal, "the portal's frame"),
        _directive(policy, ("script-src-elem", "script-src", "default-src"), portal, "the loader embed.js"),
    ]


def _session(origin: str, origins: Sequence[str] | None) -> Finding:
    if origins is None:
        return Finding(
            "allowed_origins",
            "This session is not known here.",
            "Give the session_id that POST /api/v1/sessions answered, on this installation.",
        )
    if origin in origins:
        return Finding("allowed_origins", f"{origin} may frame this session.")
    allowed = f"only {', '.join(origins)}" if origins else "nobody"
    return Finding(
        "allowed_origins",
        f"{origin} may not frame this session: {allowed} may.",
        f"Mint the session with allowed_origins: [{origin!r}], or add it to the organization's list. "
        "Scheme, host and port must match to the letter.",
    )


def _transport(origin: str, portal: str) -> Finding:
    if origin.startswith("https:") and portal.startswith("http:"):
        return Finding(
            "mixed content",
            "A page on https cannot frame the portal on http.",
            "Put Jackfield behind https and set JACKFIELD_URL to that address.",
        )
    return Finding("mixed content", "Both addresses use a scheme that goes together.")


def _sites(origin: str, portal: str) -> Finding:
    return Finding(
        "third-party cookies",
        "The portal uses none, so no browser's cookie rule can stop it."
        if origin != portal
        else "The page and the portal have one origin; the portal uses no cookie either way.",
    )


def _directives(policy: str) -> dict[str, list[str]]:
    """One policy, by directive; of two the first counts. Source: https://www.w3.org/TR/CSP3/#parse-serialized-policy"""
    parts = [part.split() for part in policy.split(";") if part.strip()]
    found: dict[str, list[str]] = {}
    for name, *values in parts:
        found.setdefault(name.lower(), [value.lower() for value in values])
    return found


def _directive(policy: Mapping[str, list[str]], names: Sequence[str], portal: str, what: str) -> Finding:
    name = next((name for name in names if name in policy), "")
    if not name:
        return Finding(f"Content-Security-Policy: {names[0]}", f"The page's policy says nothing against {what}.")
    if any(_covers(source, portal) for source in policy[name]):
        return Finding(f"Content-Security-Policy: {name}", f"The page's policy allows {what}.")
    return Finding(
        f"Content-Security-Policy: {name}",
        f"The page's policy ({name} {' '.join(policy[name])}) stops {what}.",
        f"Add {portal} to {name}, or to {names[0]}, of the page's Content-Security-Policy.",
    )


def _covers(source: str, portal: str) -> bool:
    """Whether a source expression covers an origin; ``'self'`` does not, for the portal is elsewhere."""
    parts = urlsplit(portal)
    if source == "*" or source in (f"{parts.scheme}:", portal):
        return True
    scheme, marked, rest = source.partition("://")
    scheme, rest = (scheme, rest) if marked else (parts.scheme, source)
    if scheme != parts.scheme:
        return False
    pattern = re.escape(rest.partition("/")[0]).replace(r"\*\.", r"[^/]+\.", 1).replace(r":\*", r"(:\d+)?")
    return re.fullmatch(pattern, parts.netloc) is not None


def _isolation(headers: Mapping[str, str]) -> list[Finding]:
    found = []
    if headers.get("cross-origin-embedder-policy", "").startswith(("require-corp", "credentialless")):
        found.append(
            Finding(
                "Cross-Origin-Embedder-Policy",
                "The page asks that every frame inside it is isolated, too; the portal is not.",
                "Leave this header off the page with the portal, or use <iframe credentialless>.",
            )
        )
    if headers.get("cross-origin-opener-policy", "").startswith("same-origin"):
        found.append(
            Finding("Cross-Origin-Opener-Policy", "The page cuts its pop-ups off; connecting works all the same.")
        )
    return found
