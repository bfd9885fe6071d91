"""E-mail: an alert to people who said that they want it."""

from connections.providers.email.provider import Email

PROVIDER = Email()
