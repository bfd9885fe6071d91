"""Microsoft Teams: a formatted alert in a channel or chat, through a workflow of the customer's."""

from connections.providers.teams.provider import Teams

PROVIDER = Teams()
