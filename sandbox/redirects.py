"""The way from a consent page back to the app, the same at every vendor."""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit


def back_to(redirect_uri: str, **answer: str) -> str:
    """The app's redirect address with the answer added to its query."""
    joint = "&" if urlsplit(redirect_uri).query else "?"
    return f"{redirect_uri}{joint}{urlencode(answer)}"


def is_web_address(url: str) -> bool:
    """Whether a browser can be sent there: ``http`` or ``https``, and a host."""
    parts = urlsplit(url)
    return parts.scheme in ("http", "https") and bool(parts.netloc)
