from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from redis import AuthenticationError, Redis

from config import children, embedded
from config.embedded import Postgres
from config.stack import Stack, StackError, running

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux shows what another process does")
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has to step down")


@pytest.fixture
def open_directory() -> Iterator[Path]:
    """A directory that everyone may enter; pytest's own are closed to all but us."""
    directory = Path(tempfile.mkdtemp(prefix="jackfield-open-"))
    directory.chmod(0o711)
    yield directory
    shutil.rmtree(directory)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of a stack that has run before."""
    directory = tmp_path_factory.mktemp("made")
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.delenv("DATABASE_URL")
        start(directory)
    return directory


@pytest.fixture
def another_program() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(["sleep", "600"]) as program:
        yield program
        program.kill()


@as_root
@pytest.mark.skipif(not children.anyone_may_enter(Path(embedded.__file__).parent), reason="the project is closed")
def test_root_runs_postgres_as_nobody_who_may_be_shut_out_and_let_in_again(alone: None, open_directory: Path) -> None:
    for mode, owner in ((0o711, "nobody"), (0o700, "root"), (0o711, "nobody")):
        open_directory.chmod(mode)
        with running(open_directory, durable=False) as stack:
            assert (open_directory / "password").owner() == "root"
            assert Path(f"/proc/{stack.pids['PostgreSQL']}").owner() == owner
            assert answers(stack)


@as_root
def test_root_runs_postgres_where_nobody_else_may_go(alone: None, tmp_path: Path) -> None:
    closed = tmp_path / "closed, and with spaces"
    closed.mkdir(mode=0o700)
    with running(closed, durable=False) as stack:
        assert answers(stack)


def test_root_is_told_when_postgres_can_run_as_nobody_else(
    alone: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(children, "_namespace_works", lambda: False)
    with pytest.raises(StackError, match=r"PostgreSQL refuses to run as root.*run this as another user"):
        start(tmp_path)


def test_a_stranger_on_the_machine_gets_in_nowhere(stack: Stack) -> None:
    password = (stack.directory / "password").read_text()
    assert (stack.directory / "password").stat().st_mode & 0o077 == 0
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(stack.database_url.replace(password, "guessed"))
    with pytest.raises(AuthenticationError), Redis.from_url(stack.redis_url.replace(password, "guessed")) as redis:
        redis.ping()
    for pid in stack.pids.values():
        assert password not in Path(f"/proc/{pid}/cmdline").read_text()


def test_redis_refuses_to_forget_and_writes_nothing_to_disk(stack: Stack) -> None:
    with Redis.from_url(stack.redis_url) as redis:
        assert redis.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        assert redis.config_get("save") == {"save": ""}
        assert redis.config_get("appendonly") == {"appendonly": "no"}


@on_linux
def test_it_hands_no_secret_of_ours_to_the_user_nobody(
    alone: None, made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_KEY", "do not tell")
    with running(made, durable=False) as stack:
        for pid in stack.pids.values():
            assert "do not tell" not in Path(f"/proc/{pid}/environ").read_text()


def test_it_says_why_postgres_did_not_start_and_where_its_log_is(alone: None, made: Path) -> None:
    version = made / "postgres" / "PG_VERSION"
    ours = version.read_text()
    version.write_text("9\n")
    with pytest.raises(StackError, match=r"PostgreSQL did not start: .*FATAL: .*incompatible.*/postgres\.log\)\.$"):
        start(made)
    version.write_text(ours)
    start(made)  # the failure has left nothing behind


def test_it_says_why_redis_did_not_start_and_where_its_log_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REDIS_URL")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        monkeypatch.setattr(embedded, "free_port", lambda: taken.getsockname()[1])
        with pytest.raises(StackError, match=r"Valkey did not start: .*/valkey\.log\)\.$"):
            start(tmp_path)


@pytest.mark.parametrize(("variable", "name"), [("DATABASE_URL", "PostgreSQL"), ("REDIS_URL", "Valkey")])
def test_it_says_what_to_do_where_a_part_is_not_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str, name: str
) -> None:
    monkeypatch.delenv(variable)
    monkeypatch.setattr(embedded, "find_spec", lambda _: None)
    with pytest.raises(StackError, match=rf"{name} is not installed: run bin/setup \(or set {variable} "):
        start(tmp_path)


def test_a_database_that_was_only_half_made_is_made_again(alone: None, tmp_path: Path) -> None:
    (tmp_path / "postgres.new").mkdir()
    (tmp_path / "postgres.new" / "PG_VERSION").touch()
    with running(tmp_path, durable=False) as stack:
        assert answers(stack)


@on_linux
def test_a_postgres_that_a_killed_stack_has_left_over_is_ended_first(alone: None, made: Path) -> None:
    left_over = Postgres(made, password=made / "password", durable=False)
    left_over.start()
    with running(made, durable=False) as stack:
        assert answers(stack)
    assert left_over.child
    assert left_over.child.process.wait() == 0


@on_linux
def test_the_pid_of_a_dead_postgres_may_belong_to_another_program_by_now(
    alone: None, made: Path, another_program: subprocess.Popen[bytes]
) -> None:
    (made / "postgres" / "postmaster.pid").write_text(f"{another_program.pid}\n{made / 'postgres'}\n")
    with running(made, durable=False) as stack:
        assert answers(stack)
    assert another_program.poll() is None


def test_a_free_port_lies_below_those_of_outgoing_connections() -> None:
    port = embedded.free_port()
    assert 20_000 <= port < 32_000
    with socket.create_server(("127.0.0.1", port)):
        pass


def start(directory: Path) -> None:
    with running(directory, durable=False):
        pass


def answers(stack: Stack) -> bool:
    return show(stack, "server_encoding") == "UTF8"


def show(stack: Stack, setting: str) -> str:
    with psycopg.connect(stack.database_url) as connection:
        row = connection.execute("SELECT current_setting(%s)", [setting]).fetchone()
    assert row
    return str(row[0])
