"""Web origins, as browsers write them."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

_ORIGIN = re.compile(r"https?://([a-z0-9.-]{1,253}|\[[0-9a-f:.]{2,45}\])(:[1-9][0-9]{0,4})?")
_PORT_MOST = 65_535
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


def read_origin(written: str) -> str | None:
    """In lower case, without the port that goes without saying. None for what is no origin (a path, a wildcard)."""
    origin = written.strip().lower()
    found = _ORIGIN.fullmatch(origin)
    if found is None or int((found[2] or ":0")[1:]) > _PORT_MOST:
        return None
    return origin.removesuffix(_DEFAULT_PORTS[urlsplit(origin).scheme])
