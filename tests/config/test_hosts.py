"""A name that is not ours opens nothing; only the questions of orchestrators are answered under any."""

from __future__ import annotations

import pytest
from django.test import Client

from deliveries.models import Event
from tests.calling import V1, Caller, fault
from tests.world import Vendor

STRANGE = "evil.example"
EVENT = {"event": "user.created", "payload": {}}


@pytest.mark.parametrize("host", [STRANGE, "testserver.evil.example", "evil.example:80", "a b", "testserver@evil"])
def test_no_event_is_taken_under_a_name_that_is_not_ours(acme: Vendor, host: str) -> None:
    before = Event.objects.count()
    for path, body in (("/events", EVENT), ("/events/bulk", [EVENT])):
        detail = fault(acme.emitter.send("POST", path, body, environ={"HTTP_HOST": host}), 400)
        assert "host name" in detail["message"]
    assert Event.objects.count() == before


@pytest.mark.parametrize("path", ["/", "/workspace/dashboard", "/static/portal.css", "/admin/login/", "/embed-doctor"])
def test_no_page_is_shown_under_it(path: str) -> None:
    answer = Client(headers={"host": STRANGE}).get(path)
    assert (answer.status_code, answer["Content-Type"].partition(";")[0]) == (400, "text/plain")


def test_the_api_refuses_it_in_its_own_shape() -> None:
    for method, path in (("GET", "/openapi.json"), ("GET", "/workspaces"), ("OPTIONS", "/events")):
        answer = Caller().send(method, path, environ={"HTTP_HOST": STRANGE})
        assert "host name" in fault(answer, 400)["message"]


@pytest.mark.parametrize("host", [STRANGE, "10.0.0.7:8000", "[fd00::7]:8000"])
@pytest.mark.parametrize("path", ["/livez", "/readyz"])
def test_probes_are_answered_under_any(db: None, path: str, host: str) -> None:
    assert Client(headers={"host": host}).get(path).json()["status"] == "ok"


@pytest.mark.parametrize("path", ["/livez/", "//livez", "/livez/../api/v1/openapi.json", f"{V1}/livez"])
def test_what_only_looks_like_a_probe_is_refused(path: str) -> None:
    assert Client(headers={"host": STRANGE}).get(path).status_code == 400


def test_who_names_no_host_is_answered(acme: Vendor) -> None:
    """HTTP/1.0 has none; the server hands on an empty text for it."""
    assert acme.emitter.send("POST", "/events", EVENT, environ={"HTTP_HOST": ""}).status_code == 201


def test_a_refused_name_is_no_fault_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    Client(headers={"host": STRANGE}).get("/")
    assert not [line for line in caplog.records if line.exc_info or line.name.startswith("django.security")]


def test_our_own_name_is_answered_with_any_port(acme: Vendor) -> None:
    answer = acme.emitter.send("POST", "/events", EVENT, environ={"HTTP_HOST": "localhost:8123"})
    assert answer.status_code == 201
