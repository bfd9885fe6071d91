from __future__ import annotations

from unittest.mock import patch

import pytest
from django.test import Client
from structlog.testing import capture_logs

from deliveries import emit
from tests.calling import fault, read
from tests.world import Vendor

EVENT = {"event": "user.created", "payload": {}}


def test_an_event_passes_none_of_the_middleware_that_pages_need(acme: Vendor) -> None:
    with patch("workspaces.embed.framing.Framing.__call__", side_effect=AssertionError("a page's middleware")):
        read(acme.emitter.post("/events", EVENT), 201)
        read(acme.emitter.post("/events/bulk", [EVENT]), 201)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_other_methods_take_the_long_way(acme: Vendor, method: str) -> None:
    assert acme.machine.send(method, "/events").status_code == (200 if method == "GET" else 405)


def test_a_fault_of_ours_is_told_in_the_shape_of_the_api_and_logged(acme: Vendor) -> None:
    with patch.object(emit, "accept", side_effect=KeyError("secret inside")), capture_logs() as logged:
        answer = acme.emitter.post("/events", EVENT)
    assert "secret inside" not in str(fault(answer, 500))
    assert "api.fault" in [entry["event"] for entry in logged]


def test_no_browser_guesses_what_an_answer_is(acme: Vendor) -> None:
    for answer in (acme.emitter.post("/events", EVENT), Client().post("/api/v1/events")):
        assert answer["X-Content-Type-Options"] == "nosniff"
