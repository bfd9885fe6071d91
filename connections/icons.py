"""The mark of a provider: the drawing in its folder, to be set into a page."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from django.utils.safestring import SafeString, mark_safe

_FOLDERS = Path(__file__).parent / "providers"


@cache
def icon(slug: str) -> SafeString:
    """The drawing as SVG; empty for a provider without one."""
    drawn = _FOLDERS / slug / "icon.svg"
    return mark_safe(drawn.read_text()) if drawn.is_file() else SafeString("")  # noqa: S308  a file of our own
