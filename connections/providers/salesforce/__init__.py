"""Salesforce."""

from connections.providers.salesforce.provider import Salesforce

PROVIDER = Salesforce()
