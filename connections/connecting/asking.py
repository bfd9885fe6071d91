"""What has to be known before anybody signs in, such as the host: checked here, before anything is stored or opened."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connections.fields import field_fault, tidy
from connections.models import Connection
from connections.provider import Fault, Provider
from workspaces.errors import ApiError


def settle(kind: Provider, typed: Mapping[str, Any]) -> dict[str, str]:
    """The settings that were asked for, as they are kept; what does not apply is left out.

    Raises ApiError 422 naming every wrong field. What comes back is good for ``Provider.sign_in``.
    """
    declared = kind.oauth.asked if kind.oauth else ()
    values = {asked.key: tidy(asked, typed.get(asked.key)) for asked in declared}
    faults = [fault for asked in declared if (fault := field_fault(asked, values)) is not None]
    faults = faults or kind.check_settings(values, {})
    if faults:
        raise _refused(faults)
    applying = [one for one in declared if not one.depends_on or values[one.depends_on[0]] == one.depends_on[1]]
    kept = {one.key: values[one.key] for one in applying if values[one.key]}
    kind.sign_in(kept)  # raises ValueError: a provider whose own check lets pass what it cannot use
    return kept


def kept(kind: Provider, connection: Connection) -> dict[str, str]:
    """The same of a connection, as it was asked for before its first sign-in."""
    declared = kind.oauth.asked if kind.oauth else ()
    return settle(kind, {asked.key: connection.settings.get(asked.key) for asked in declared})


def _refused(faults: list[Fault]) -> ApiError:
    named = [(fault.field, fault.message) for fault in faults]
    return ApiError(422, "; ".join(f"{field}: {message}" for field, message in named), faults=named)
