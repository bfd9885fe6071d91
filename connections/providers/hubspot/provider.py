"""HubSpot accounts. Source of all addresses: https://developers.hubspot.com/docs/api-reference/2026-03"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connections.provider import Auth, Client, Identification, Provider
from connections.providers.hubspot import signing_in


class HubSpot(Provider):
    """One HubSpot account, signed in to with OAuth."""

    slug = "hubspot"
    name = "HubSpot"
    auth = Auth.OAUTH
    oauth = signing_in.OAUTH
    description = "Keeps contacts in your HubSpot account up to date."

    def identify(self, token: Mapping[str, Any], client: Client) -> Identification:
        return signing_in.identify(token, client)
