"""Webhook: the event as a signed HTTP request to an address of the customer's."""

from connections.providers.webhook.provider import Webhook

PROVIDER = Webhook()
