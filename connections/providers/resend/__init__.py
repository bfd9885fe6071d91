"""Resend: mails from the customer's own domain, and contacts in its segments."""

from connections.providers.resend.provider import Resend

PROVIDER = Resend()
