"""A Slack in one process: the Web API methods that an app posts with, the consent page, and the messages."""

from sandbox.simulator import Simulator
from sandbox.slack.simulator import slack

SIMULATOR = Simulator(
    slug="slack",
    name="Slack",
    hosts=("slack.com",),
    make=slack,
    shows="Messages in the channels of a team",
    client=("1000.2000", "sandbox-slack-secret"),
    keeps="messages",
)
