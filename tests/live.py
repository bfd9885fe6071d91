"""The real server in front of the test's database, and a socket that says to it exactly what a test wants."""

from __future__ import annotations

import json
import os
import socket
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from config.children import Child
from config.embedded import free_port

ROOT = Path(__file__).parents[1]
WEB = ("granian", "--interface", "wsgi", "--host", "127.0.0.1", "--no-ws", "--workers", "1", "--blocking-threads", "4")


@dataclass(frozen=True)
class Server:
    """A server that is running."""

    port: int
    log: Path
    pid: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def memory(self) -> int:
        """The resident size of its largest process, in bytes."""
        return max(_resident(pid) for pid in [self.pid, *_children(self.pid)])

    def say(self, message: bytes, *more: bytes, pause: float = 0.0, seconds: float = 5.0) -> bytes:
        """Send these bytes on a fresh connection, and read until the server hangs up or says nothing more."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=seconds) as talk:
            with suppress(OSError):  # it may refuse before it has read everything
                talk.sendall(message)
                for piece in more:
                    time.sleep(pause)
                    talk.sendall(piece)
            return _heard(talk)


def request(method: str, path: str, body: bytes = b"", headers: Mapping[str, str | None] | None = None) -> bytes:
    """A request as bytes. A header of None is left out."""
    told = {
        "Host": "127.0.0.1",
        "Connection": "close",
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        **(headers or {}),
    }
    lines = [f"{name}: {value}" for name, value in told.items() if value is not None]
    return "\r\n".join([f"{method} /api/v1{path} HTTP/1.1", *lines, "", ""]).encode("latin-1") + body


@dataclass(frozen=True)
class Told:
    """One answer of a server."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def answers(heard: bytes) -> list[Told]:
    """Every answer in what a server said."""
    found = []
    while heard:
        head, _, rest = heard.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        status = int(first.split()[1])
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        body, heard = _body(headers, rest) if status >= 200 else (b"", rest)
        found.append(Told(status, headers, body))
    return found


def _body(headers: Mapping[str, str], rest: bytes) -> tuple[bytes, bytes]:
    """The body of an answer, and what follows it."""
    if headers.get("transfer-encoding") != "chunked":
        length = int(headers.get("content-length", len(rest)))
        return rest[:length], rest[length:]
    body = b""
    while True:
        size, _, rest = rest.partition(b"\r\n")
        length = int(size, 16)
        body, rest = body + rest[:length], rest[length + 2 :]
        if not length:
            return body, rest


def statuses(heard: bytes) -> list[int]:
    return [told.status for told in answers(heard)]


def _heard(talk: socket.socket) -> bytes:
    heard = b""
    with suppress(OSError):
        while piece := talk.recv(65_536):
            heard += piece
    return heard


def _children(pid: int) -> list[int]:
    listed = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in listed.read_text().split()] if listed.exists() else []


def _resident(pid: int) -> int:
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmRSS"):
                return int(line.split()[1]) * 1024
    return 0


@pytest.fixture(scope="session")
def running_server(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for the run, in front of the test's own database."""
    place, port = connection.settings_dict, free_port()
    url = f"postgresql://{place['USER']}:{place['PASSWORD']}@{place['HOST']}:{place['PORT']}/{place['NAME']}"
    log = tmp_path_factory.mktemp("server") / "server.log"
    child = Child(
        "The server",
        [sys.executable, "-m", *WEB, "--port", str(port), "config.wsgi:application"],
        log=log,
        environment={**os.environ, "DATABASE_URL": url, "JACKFIELD_MODE": "sandbox"},
        directory=ROOT,
    )
    try:
        child.wait_until(lambda: _answers(port))
        yield Server(port, log, child.process.pid)
    finally:
        child.stop()


@pytest.fixture
def server(running_server: Server, transactional_db: None) -> Server:
    """The running server; what the test stores before it asks is there for it."""
    return running_server


def _answers(port: int) -> bool:
    with suppress(OSError):
        return b" 200 " in Server(port, ROOT, 0).say(b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    return False
