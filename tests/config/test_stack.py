from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from redis import Redis

from config.stack import Stack, StackError, running
from tests.config.processes import alive, until

ROOT = Path(__file__).parents[2]
OWNER = """
import json, sys, time
from pathlib import Path
from config.stack import running
directory = Path(sys.argv[1])
with running(directory, durable=False) as stack:
    stack.spawn(["sleep", "600"], name="sleep", log=directory / "sleep.log")
    print(json.dumps([stack.pids, stack.database_url]), flush=True)
    time.sleep(600)
"""
COMMAND = """
import sys
from pathlib import Path
from config import stack
stack.DEVELOPMENT = Path(sys.argv[1])
sys.exit(stack.main(sys.argv[2:]))
"""


def test_it_runs_until_the_block_ends_and_keeps_what_postgres_knows(alone: None, tmp_path: Path) -> None:
    with running(tmp_path, durable=False) as stack:
        pids = stack.pids
        assert (
            query(stack.database_url, "SELECT current_database() || ' of ' || current_user") == "jackfield of jackfield"
        )
        query(stack.database_url, "CREATE TABLE kept AS SELECT 42 AS answer")
    assert set(pids) == {"PostgreSQL", "Valkey"}
    assert not any(map(alive, pids.values()))
    with running(tmp_path, durable=False) as stack:
        assert query(stack.database_url, "SELECT answer FROM kept") == 42


def test_it_restarts_postgres_where_it_was(stack: Stack) -> None:
    before = stack.pids["PostgreSQL"]
    query(stack.database_url, "CREATE TABLE kept AS SELECT 42 AS answer")
    stack.restart_postgres(immediate=False)
    assert query(stack.database_url, "SELECT answer FROM kept") == 42
    assert not alive(before)


def test_a_durable_stack_loses_nothing_in_a_crash(alone: None, tmp_path: Path) -> None:
    start(tmp_path)
    with running(tmp_path, durable=True) as stack:
        query(stack.database_url, "CREATE TABLE kept AS SELECT 42 AS answer")
        stack.restart_postgres(immediate=True)
        assert query(stack.database_url, "SELECT answer FROM kept") == 42
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):
            assert query(stack.database_url, f"SHOW {setting}") == "on"
    assert "was not properly shut down" in (tmp_path / "postgres.log").read_text()


def test_a_stack_that_need_not_be_durable_does_not_wait_for_the_disk(stack: Stack) -> None:
    for setting in ("fsync", "full_page_writes", "synchronous_commit"):
        assert query(stack.database_url, f"SHOW {setting}") == "off"


def test_it_flushes_redis(stack: Stack) -> None:
    with Redis.from_url(stack.redis_url) as redis:
        redis.set("key", "value")
        stack.flush_redis()
        assert redis.get("key") is None


def test_it_kills_redis_and_starts_it_again_where_it_was(stack: Stack) -> None:
    with Redis.from_url(stack.redis_url) as redis:
        redis.set("key", "value")
    before = stack.pids["Valkey"]
    stack.kill_redis()
    assert not alive(before)
    assert [child.name for child in stack.ended] == ["Valkey"]
    stack.restart_redis()
    with Redis.from_url(stack.redis_url) as redis:
        assert redis.get("key") is None
    assert stack.ended == []


def test_it_refuses_a_directory_in_which_another_stack_is_running(stack: Stack) -> None:
    with pytest.raises(StackError, match=f"Another stack is running in {stack.directory}: stop that one first"):
        start(stack.directory)


def test_it_uses_the_servers_that_the_environment_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mounted").write_text("postgresql://me:secret@db.example:5432/mine\n")
    monkeypatch.setenv("DATABASE_URL_FILE", str(tmp_path / "mounted"))
    monkeypatch.setenv("REDIS_URL", "redis://cache.example:6379/3")
    with running(tmp_path, durable=False) as stack:
        assert stack.pids == {}
        assert stack.environment() == {
            "DATABASE_URL": "postgresql://me:secret@db.example:5432/mine",
            "REDIS_URL": "redis://cache.example:6379/3",
        }
        with pytest.raises(StackError, match="not ours to restart: unset DATABASE_URL"):
            stack.restart_postgres(immediate=False)


def test_it_explains_a_directory_that_it_cannot_use(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StackError, match=r"The stack cannot use .*/file/stack .*: make it yours, or delete it\."):
        start(tmp_path / "file" / "stack")


def test_what_it_spawns_knows_the_urls_and_ends_with_the_block(tmp_path: Path) -> None:
    script = 'echo "$DATABASE_URL $GREETING"; exec sleep 600'
    log = tmp_path / "log"
    with running(tmp_path, durable=False) as stack:
        process = stack.spawn(["sh", "-c", script], name="greeter", environment={"GREETING": "hello"}, log=log)
        until(lambda: log.read_text().endswith("\n"))
        assert log.read_text() == f"{stack.database_url} hello\n"
        assert stack.pids == {"greeter": process.pid}
    assert process.returncode == -signal.SIGTERM


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children that their parent has died")
def test_kill_9_of_its_owner_leaves_no_process_and_no_damage(alone: None, tmp_path: Path) -> None:
    owner = subprocess.Popen([sys.executable, "-c", OWNER, tmp_path], cwd=ROOT, stdout=subprocess.PIPE)
    with owner:
        assert owner.stdout
        pids, url = json.loads(owner.stdout.readline())
        query(url, "CREATE TABLE kept AS SELECT 42 AS answer")
        assert set(pids) == {"PostgreSQL", "Valkey", "sleep"}
        assert all(map(alive, pids.values()))
        owner.kill()
    with running(tmp_path, durable=False) as stack:  # at once: PostgreSQL may still be at its shutdown
        assert query(stack.database_url, "SELECT answer FROM kept") == 42
    until(lambda: not any(map(alive, pids.values())))


@pytest.mark.parametrize(("script", "code"), [("exit 7", 7), ("kill -TERM $$", 143), ('test -n "$REDIS_URL"', 0)])
def test_the_command_line_passes_on_how_the_command_ended(tmp_path: Path, script: str, code: int) -> None:
    command = [sys.executable, "-c", COMMAND, str(tmp_path), "sh", "-c", script]
    assert subprocess.run(command, cwd=ROOT, check=False).returncode == code


def test_the_command_line_says_in_one_sentence_what_is_wrong(tmp_path: Path) -> None:
    command = [sys.executable, "-c", COMMAND, str(tmp_path), "no-such-command"]
    ended = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    assert ended.returncode == 1
    assert ended.stderr.count("\n") == 1
    assert ended.stderr.startswith("The command cannot be run ")


def test_it_does_not_import_django() -> None:
    script = "import config.stack, sys; sys.exit('django' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=False).returncode == 0


def start(directory: Path) -> None:
    with running(directory, durable=False):
        pass


def query(url: str, sql: str) -> object:
    with psycopg.connect(url) as connection:
        cursor = connection.execute(sql)
        row = cursor.fetchone() if cursor.description else None
    return row[0] if row else None
