"""HubSpot."""

from connections.providers.hubspot.provider import HubSpot

PROVIDER = HubSpot()
