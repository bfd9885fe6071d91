"""Fifty thousand channels, from the simulated Slack through the real door into the list."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.utils import timezone

from connections import finding
from connections.directory import begin_missing
from connections.looking_up import look_up
from connections.models import DirectoryRun
from connections.reading_on import read_on
from tests.connections.doors import Permit
from tests.connections.vendor import make_slack
from tests.sandbox.running import HUGE, started
from tests.world import make_workspace
from workspaces.models import Organization

LISTED = 50_000 - 500  # every hundredth is private, without the bot
INVITED, UNINVITED = "C900000098", "C900000048"


@pytest.mark.django_db
def test_a_workspace_of_fifty_thousand_channels_is_read_at_the_vendors_pace(permit: Permit, tmp_path: Path) -> None:
    connection = make_slack(make_workspace(Organization.objects.create(name="Acme"), "Acme"))
    connection.seal_values("credentials", {"bot_token": HUGE})
    connection.settings = {}
    connection.save()
    with started(tmp_path) as sandbox:
        simulator = sandbox.slack.removeprefix("http://")
        permit(simulator, simulated={"slack.com": simulator})
        sandbox.dial(sandbox.slack, target="T0HUGE", fault="tier_limits")
        begin_missing()
        read_on(seconds=600)
        waiting = finding.summary(connection, "channel")
        assert (waiting.reading, waiting.complete) == (True, False)
        assert 0 < waiting.so_far < LISTED
        assert waiting.waits_until is not None
        assert waiting.trouble.startswith("Slack asks us to slow down")

        sandbox.reset()
        DirectoryRun.objects.update(next_at=timezone.now())
        read_on(seconds=600)
        told = finding.summary(connection, "channel")
        assert (told.count, told.archived, told.complete, told.reading) == (LISTED, 2_500, True, False)
        assert told.gaps == ("Private channels are listed only where the app is a member.",)
        (invited,) = finding.find(connection, "channel", INVITED)
        assert invited.facts["is_private"]
        assert look_up(connection, "channel", UNINVITED).fix.startswith("If it is private, open it in Slack and type")
