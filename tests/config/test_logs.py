from __future__ import annotations

import json
import logging
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from config import logs

ROOT = Path(__file__).parents[2]
CANARY = "canary-0123456789abcdef"


def run(mode: str, script: str) -> str:
    """What a process of that mode writes to standard error."""
    prelude = f"import logging, structlog, warnings\nfrom config import logs\nlogs.configure({mode!r})\n"
    command = [sys.executable, "-c", prelude + script]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == ""
    return done.stderr


def lines(stderr: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stderr.splitlines()]


# --------------------------------------------------------------------------- production


def test_both_logging_systems_write_one_json_object_per_line_in_production() -> None:
    ours, theirs = lines(
        run(
            "production",
            """
structlog.contextvars.bind_contextvars(request_id="r1")
structlog.get_logger("deliveries.sending").info("attempt", status=200, took=0.25, ok=True, hosts=("a", "b"))
logging.getLogger("django.request").warning("Not Found: %s", "/x\\n{}", extra={"status_code": 404, "request": 1})
""",
        )
    )
    assert ours.pop("timestamp").endswith("Z")
    assert ours == {
        "event": "attempt",
        "level": "info",
        "logger": "deliveries.sending",
        "request_id": "r1",
        "status": 200,
        "took": 0.25,
        "ok": True,
        "hosts": ["a", "b"],
    }
    assert theirs.pop("timestamp").endswith("Z")
    assert theirs == {
        "event": "Not Found: /x\n{}",
        "level": "info",  # a caller's fault, and no warning to the operator
        "logger": "django.request",
        "request_id": "r1",
        "status_code": 404,
    }


def test_values_that_json_does_not_know_are_written_as_text() -> None:
    (line,) = lines(
        run(
            "production",
            """
import uuid
structlog.get_logger().info("x", id=uuid.UUID(int=1), missing=None, **{"nested": {1: {"deep": b"bytes"}}})
""",
        )
    )
    assert line["id"] == "00000000-0000-0000-0000-000000000001"
    assert line["missing"] is None
    assert line["nested"] == {"1": {"deep": "b'bytes'"}}


def test_a_python_warning_is_a_log_line_in_production() -> None:
    (line,) = lines(run("production", "warnings.warn('old habit')"))
    assert line["logger"] == "py.warnings"
    assert "old habit" in line["event"]


def test_details_and_a_line_per_celery_message_are_left_out() -> None:
    script = """
structlog.get_logger("deliveries").debug("detail")
logging.getLogger("celery.app.trace").info("Task succeeded")
logging.getLogger("celery.worker.strategy").info("Task received")
logging.getLogger("celery.app.trace").error("Task failed")
"""
    assert [line["event"] for line in lines(run("production", script))] == ["Task failed"]


FAILING = f"""
def lose():
    password = {CANARY!r}
    raise ValueError("Authorization: Bearer " + password)
try:
    lose()
except ValueError:
    structlog.get_logger().exception("ours")
    logging.getLogger("django").exception("theirs")
"""


@pytest.mark.parametrize("mode", ["production", "sandbox"])
def test_a_traceback_shows_neither_local_variables_nor_a_credential_in_its_message(mode: str) -> None:
    stderr = run(mode, FAILING)
    assert stderr.count("in lose") == 2
    assert stderr.count("ValueError: Authorization: Bearer [redacted]") == 2
    assert CANARY not in stderr


# --------------------------------------------------------------------------- sandbox and tests


def test_the_sandbox_writes_lines_for_people() -> None:
    stderr = run("sandbox", "structlog.get_logger('deliveries').info('attempt', status=200)")
    assert "attempt" in stderr
    assert "status=200" in stderr
    assert "\x1b" not in stderr  # no colours into a file


def test_the_test_suite_stays_quiet() -> None:
    script = """
structlog.get_logger().error("ours")
logging.getLogger("django").error("theirs")
"""
    assert run("test", script) == ""


# --------------------------------------------------------------------------- redaction


def redacted(**event: Any) -> dict[str, Any]:
    return dict(logs.redact(None, "info", event))


@pytest.mark.parametrize(
    "key",
    [
        "authorization",
        "Proxy-Authorization",
        "token",
        "access_token",
        "REFRESH-TOKEN",
        "secret",
        "client_secret",
        "password",
        "passwd",
        "api_key",
        "X-API-Key",
        "apikey",
        "credentials",
        "X-Meshes-Publishable-Key",
        "publishable_key",
        "private_key",
        "ENCRYPTION_KEYS",
        "Cookie",
        "set-cookie",
        "launch_ticket",
        "code_verifier",
    ],
)
def test_it_strikes_out_what_is_called_like_a_credential_at_any_depth(key: str) -> None:
    struck = {key: logs.STRUCK}
    assert redacted(**{key: CANARY}) == struck
    assert redacted(**{key: {"nested": CANARY}}) == struck
    assert redacted(request={"headers": [{key: CANARY}]}) == {"request": {"headers": [struck]}}


@pytest.mark.parametrize("key", ["event", "workspace", "access_key", "idempotency_key", "key_id", "author", "status"])
def test_it_leaves_what_only_resembles_one(key: str) -> None:
    assert redacted(**{key: "value"}) == {key: "value"}


TEXTS = {
    f"Bearer {CANARY}": "Bearer [redacted]",
    f"sent {{'Authorization': 'Basic {CANARY}'}} to it": "sent {'Authorization': 'Basic [redacted]'} to it",
    f"authorization: token {CANARY}": "authorization: token [redacted]",
    f"key mesh_pub_staging_abc_{CANARY} is gone": "key mesh_pub_staging_abc_[redacted] is gone",
    f"got eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJ4In0.{CANARY}.": "got eyJ[redacted]",
    f"redis://:{CANARY}@localhost:6379/0": "redis://:[redacted]@localhost:6379/0",
    f"postgresql://ann:{CANARY}@db/x": "postgresql://ann:[redacted]@db/x",
    f"smtps://ann%40x:{CANARY}@mail": "smtps://ann%40x:[redacted]@mail",
}


@pytest.mark.parametrize(("text", "expected"), TEXTS.items())
def test_it_strikes_out_what_looks_like_a_credential_in_any_text(text: str, expected: str) -> None:
    assert redacted(event=text) == {"event": expected}
    assert redacted(notes=[ValueError(text)]) == {"notes": [expected]}


@pytest.mark.parametrize(
    "text",
    ["https://example.com:8443/hook?to=a@b.c", "Bearer missing", "Basic settings saved", "mesh_pub_ expected"],
)
def test_it_leaves_ordinary_text_alone(text: str) -> None:
    assert redacted(event=text) == {"event": text}


def test_it_gives_up_on_what_contains_itself() -> None:
    endless: dict[str, Any] = {}
    endless["again"] = endless
    assert "[too deep]" in repr(redacted(value=endless))


def test_a_records_formatter_strikes_out_arguments_too() -> None:
    record = logging.LogRecord("celery", logging.INFO, "x.py", 1, "broker %s", (f"redis://:{CANARY}@localhost",), None)
    assert CANARY not in logs.formatter("production").format(record)


def test_what_is_logged_can_be_captured_in_tests_even_after_the_logger_was_used() -> None:
    script = """
log = structlog.get_logger("deliveries")
log.warning("before")
with structlog.testing.capture_logs() as captured:
    log.warning("attempt", status=500)
assert captured == [{"event": "attempt", "log_level": "warning", "status": 500}], captured
"""
    assert run("test", script) == ""
