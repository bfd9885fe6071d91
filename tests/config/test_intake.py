from __future__ import annotations

from typing import Any
from unittest.mock import patch

import pytest
from django.test import Client
from structlog.testing import capture_logs

from deliveries import emit
from tests.calling import bearer, fault, read
from tests.portal import enter
from tests.world import Vendor

EVENT = {"event": "user.created", "payload": {}}


def test_an_event_passes_none_of_the_middleware_that_pages_need(acme: Vendor) -> None:
    with patch("workspaces.embed.framing.Framing.__call__", side_effect=AssertionError("a page's middleware")):
        read(acme.emitter.post("/events", EVENT), 201)
        read(acme.emitter.post("/events/bulk", [EVENT]), 201)


@pytest.mark.parametrize(("path", "body"), [("/events", EVENT), ("/events/bulk", [EVENT])])
def test_a_portal_session_may_not_emit_and_is_told_so(acme: Vendor, path: str, body: Any) -> None:
    """It is good, but not for this: whoever is told that it is none looks in the wrong place."""
    assert "machine key" in fault(bearer(enter(acme).token).post(path, body), 403)["message"]
    assert fault(bearer("sess_that_nobody_has").post(path, body), 401)


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


def test_a_query_of_thousands_of_fields_is_refused_with_the_number_that_may_be(acme: Vendor) -> None:
    answer = acme.machine.send("GET", "/events", environ={"QUERY_STRING": "a=1&" * 2_000})
    assert "more than 1,000 fields" in fault(answer, 400)["message"]
