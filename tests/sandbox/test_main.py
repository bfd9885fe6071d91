"""Starting and ending the process."""

from __future__ import annotations

import signal
import socket
from pathlib import Path

from tests.sandbox.running import free_ports, launched, started


def test_it_ends_by_itself_and_cleanly_on_sigterm(tmp_path: Path) -> None:
    with started(tmp_path) as running:
        running.process.send_signal(signal.SIGTERM)
        assert running.process.wait(timeout=10) == 0
        assert running.process.stderr is not None
        assert running.process.stderr.read() == ""


def test_it_tells_every_address(tmp_path: Path) -> None:
    seed = tmp_path / "seed.json"
    with launched("--port", str(port := free_ports()), "--seed", str(seed)) as process:
        assert process.stdout is not None
        told = process.stdout.readline().strip()
    assert told.startswith(
        f"sandbox ready: vendor page http://localhost:{port}, Slack http://127.0.0.1:{port + 1}, "
        f"webhook catcher http://127.0.0.1:{port + 2}, mailbox http://127.0.0.1:{port + 3}, "
        f"mail server smtp://127.0.0.1:{port + 4}, HubSpot http://127.0.0.1:{port + 5}"
    )


def test_it_tells_a_taken_port_in_one_sentence() -> None:
    port = free_ports()
    with socket.create_server(("127.0.0.1", port + 4)), launched("--port", str(port)) as process:
        _, told = process.communicate(timeout=10)
    assert process.returncode == 1
    assert told == (
        f"Port {port + 4}, wanted for the mail server, is taken: stop what listens there or choose another --port.\n"
    )


def test_it_tells_a_wrong_seed_in_one_sentence(tmp_path: Path) -> None:
    seed = tmp_path / "seed.json"
    seed.write_text('{"slack_teams": [{}]}', encoding="utf-8")
    with launched("--port", str(free_ports()), "--seed", str(seed)) as process:
        _, told = process.communicate(timeout=10)
    assert process.returncode == 1
    assert told == "In the sandbox seed, slack_teams[0] lacks team_id, team_name, bot_token.\n"


def test_it_ends_while_a_caller_hangs(tmp_path: Path) -> None:
    with started(tmp_path) as running:
        running.dial(running.webhooks, fault="timeout")
        with socket.create_connection(("127.0.0.1", running.port + 2)) as caller:
            caller.sendall(b"POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
            running.process.send_signal(signal.SIGTERM)
            assert running.process.wait(timeout=10) == 0
