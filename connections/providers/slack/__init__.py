"""Slack: a formatted alert in a channel."""

from connections.providers.slack.provider import Slack

PROVIDER = Slack()
