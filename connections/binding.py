"""Which secrets stay when a connection changes: none is ever sent to an address that it was not typed for.

A secret belongs to the *origin* of an address, its scheme, host and port: whoever holds that had it already, at
whatever path. Another path keeps it; any other origin has to be given it anew.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import urlsplit

from django.utils.translation import gettext

from connections.addresses import Forbidden, policy, read_url
from connections.provider import Field, Provider
from workspaces.errors import ApiError


def expect_typed_anew(
    kind: Provider, *, before: Mapping[str, Any], after: Mapping[str, Any], typed: Collection[str]
) -> None:
    """Raises ApiError 400 naming every secret that was not ``typed`` although the address it is sent to has moved.

    ``before`` and ``after`` hold settings and secrets, those of the connection as it is stored and as it shall be.
    """
    moved = [asked for asked in _bound(kind, after) if _has_moved(asked, before, after) and asked.key not in typed]
    words = gettext("was typed for another address, and is sent to no other: type it anew.")
    faults = [(asked.key, words) for asked in moved]
    if faults:
        raise ApiError(400, "; ".join(f"{param}: {message}" for param, message in faults), faults=faults)


def still_asked(kind: Provider, settings: Mapping[str, Any], credentials: Mapping[str, str]) -> dict[str, str]:
    """The credentials without those that the settings made superfluous. What nobody typed is not ours to drop."""
    superfluous = {asked.key for asked in kind.fields if asked.secret and not asked.applies(settings)}
    return {key: value for key, value in credentials.items() if key not in superfluous}


def _bound(kind: Provider, after: Mapping[str, Any]) -> list[Field]:
    return [asked for asked in kind.fields if asked.bound_to and asked.key in after]


def _has_moved(asked: Field, before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    return asked.key in before and _origin(before.get(asked.bound_to)) != _origin(after.get(asked.bound_to))


def _origin(url: object) -> tuple[str, str]:
    """Scheme, and host with port, in the one form that they have. What cannot be spoken to is like nothing else."""
    written = str(url or "")
    target = read_url(written, policy())
    return ("", written) if isinstance(target, Forbidden) else (urlsplit(written).scheme.lower(), target.authority)
