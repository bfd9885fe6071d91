"""Finding a channel among fifty thousand, and telling how good the list is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from connections import entries, finding
from connections.directory import claim, record, refresh
from connections.models import Connection, DirectoryEntry, DirectoryRun
from connections.provider import DirectoryPage, Entry, Unread
from tests.connections.vendor import make_slack
from tests.world import make_workspace
from workspaces.models import Organization

INDEXES = {"directory_entry_by_name", "directory_entry_unique", "connections_directoryentry_pkey"}
MANY = 50_000
NEIGHBOURS = 20_000
SUBJECTS = ("alerts", "incidents", "deploys", "billing", "support", "oncall", "releases", "metrics", "audit", "lab")
PARTS = ("north", "south", "harbour", "keep", "vault", "bridge", "tower", "garden", "market", "mill", "forge")


@pytest.fixture(scope="module")
def huge(django_db_setup: None, django_db_blocker: Any) -> Iterator[Connection]:
    """Acme's fifty thousand channels beside those of Globex."""
    with django_db_blocker.unblock():
        organizations = [Organization.objects.create(name=name) for name in ("Acme", "Globex")]
        acme, globex = (make_slack(make_workspace(one, one.name)) for one in organizations)
        entries.store(acme, "channel", (_entry(number) for number in range(MANY)), seen_in=1)
        with database.cursor() as cursor:
            cursor.execute(_COPY, {"connection": globex.id, "number": NEIGHBOURS})
            cursor.execute("ANALYZE connections_directoryentry")
        yield acme
        for one in organizations:
            one.delete()


# The neighbour's are made by the database: a row needs no more than to be there.
_COPY = """
INSERT INTO connections_directoryentry (id, organization_id, workspace_id, connection_id, kind, external_id, name,
    folded, facts, usable, seen_in, seen_at, renamed_from)
SELECT gen_random_uuid(), organization_id, workspace_id, id, 'channel', 'C' || number, 'alerts-' || number,
       'alerts-' || number, '{}', true, 1, now(), ''
  FROM connections_connection, generate_series(1, %(number)s) AS number WHERE id = %(connection)s
"""


def _entry(number: int) -> Entry:
    subject, part = SUBJECTS[number % len(SUBJECTS)], PARTS[number // len(SUBJECTS) % len(PARTS)]
    facts = {"is_archived": number % 20 == 19, "is_private": number % 50 == 0}
    return Entry(f"C{number:010d}", f"{subject}-{part}-{number:05d}", facts)


@pytest.fixture
def small(db: None) -> Connection:
    return make_slack(make_workspace(Organization.objects.create(name="Acme"), "Acme"))


def know(connection: Connection, *names: str, **facts: Any) -> None:
    first = DirectoryEntry.objects.filter(connection=connection).count()
    found = [Entry(f"C{first + at:010d}", name, facts) for at, name in enumerate(names)]
    entries.store(connection, "channel", found, seen_in=1)


def found(connection: Connection, text: str, **options: Any) -> list[str]:
    return [entry.name for entry in finding.find(connection, "channel", text, **options)]


# --------------------------------------------------------------------------- the order


def test_the_very_one_comes_first_then_beginnings_words_and_parts(small: Connection) -> None:
    know(small, "prod-alerts", "alerts", "myalerts", "alerts-b", "alerts-a", "on_alerts", "general")
    assert found(small, "alerts") == ["alerts", "alerts-a", "alerts-b", "on_alerts", "prod-alerts", "myalerts"]


def test_archived_and_gone_ones_come_last_and_are_marked(small: Connection) -> None:
    know(small, "alerts-old", is_archived=True)
    know(small, "alerts-gone", "alerts-z", "my-alerts")
    DirectoryEntry.objects.filter(name="alerts-gone").update(gone_at=timezone.now(), usable=False)
    rows = finding.find(small, "channel", "alerts")
    assert [row.name for row in rows] == ["alerts-z", "my-alerts", "alerts-gone", "alerts-old"]
    assert [(row.archived, row.gone_at is not None) for row in rows[2:]] == [(False, True), (True, False)]


@pytest.mark.parametrize(
    "text",
    [
        "C0000000001",
        " C0000000001 ",
        "https://acme.slack.com/archives/C0000000001",
        "https://acme.slack.com/archives/C0000000001/p1700000000000100",
        "https://app.slack.com/client/T0123456789/C0000000001",
        "<#C0000000001|ops>",
        "<#C0000000001>",
        "#ops",
        "OPS",
        "\uff2f\uff50\uff53",  # in full width
    ],
)
def test_an_id_a_link_a_mention_or_a_name_finds_the_very_one(small: Connection, text: str) -> None:
    know(small, "aaa-ops", "ops", "ops-a")
    assert found(small, text)[0] == "ops"


def test_the_very_one_comes_first_even_when_it_is_archived(small: Connection) -> None:
    know(small, "ops", is_archived=True)
    know(small, "ops-a")
    assert found(small, "ops") == ["ops", "ops-a"]


def test_of_two_with_one_name_the_one_that_can_be_used_comes_first(small: Connection) -> None:
    know(small, "ops", is_archived=True)
    know(small, "ops")
    assert [row.usable for row in finding.find(small, "channel", "ops")] == [True, False]


def test_every_word_counts_and_a_blank_stands_for_a_separator(small: Connection) -> None:
    know(small, "prod-alerts", "alerts-prod", "prod", "alerts")
    assert found(small, "prod alerts") == ["prod-alerts", "alerts-prod"]


def test_an_empty_text_shows_the_first_by_name(small: Connection) -> None:
    know(small, "b", "a", "c")
    assert found(small, " ", limit=2) == ["a", "b"]


def test_what_is_written_without_case_in_any_script_is_found(small: Connection) -> None:
    know(small, "größe", "日本語-アラート", "ИНЦИДЕНТЫ")
    assert found(small, "GRÖSSE") == ["größe"]
    assert found(small, "アラート") == ["日本語-アラート"]
    assert found(small, "инц") == ["ИНЦИДЕНТЫ"]


@pytest.mark.parametrize("text", ["%", "_", "\\", "'", "\0", "\ud83d", "[", ".*", "x" * 100_000, "#", "%s"], ids=ascii)
def test_a_hostile_text_finds_what_holds_it_and_nothing_else(small: Connection, text: str) -> None:
    know(small, "alerts", "a-b")
    empty = not entries.fold(text)
    assert found(small, text) == (["a-b", "alerts"] if empty else [])


def test_nobody_finds_another_connections_channels(small: Connection) -> None:
    other = make_slack(make_workspace(Organization.objects.create(name="Globex"), "Globex"))
    know(other, "alerts")
    (id,) = DirectoryEntry.objects.filter(connection=other).values_list("external_id", flat=True)
    assert (found(small, "alerts"), found(small, id), found(small, "")) == ([], [], [])
    assert finding.entry_of(small.id, "channel", id) is None


# --------------------------------------------------------------------------- fifty thousand


@pytest.mark.parametrize(
    ("text", "number"),
    [("C0000049999", 49_999), (_entry(1_023).name, 1_023), ("alerts-n", 0), ("49998", 49_998), ("lab 4999", 49_999)],
)
@pytest.mark.django_db
def test_one_is_found_among_fifty_thousand(huge: Connection, text: str, number: int) -> None:
    assert _entry(number).name in found(huge, text)


@pytest.mark.parametrize("text", ["C0000049999", _entry(1_023).name, "alerts-n", "49998", "nothing-at-all", ""])
@pytest.mark.django_db
def test_each_question_is_answered_from_an_index_and_never_from_the_whole_table(huge: Connection, text: str) -> None:
    with CaptureQueriesContext(database) as queries:
        found(huge, text)
    assert 1 <= len(queries) <= 6
    for query in queries:
        scans = list(_scans(query["sql"]))
        assert {scan["Index Name"] for scan in scans} <= INDEXES
        assert all("connection_id" in scan["Index Cond"] or scan["Plan Rows"] <= 20 for scan in scans)


@pytest.mark.django_db
def test_what_begins_with_the_text_is_read_in_order_and_no_further_than_needed(huge: Connection) -> None:
    with CaptureQueriesContext(database) as queries:
        assert len(found(huge, "alerts-n")) == 20
    reading = queries[-2]["sql"]  # the last one gets the rows of the ids
    (plan,) = _plans(reading)
    assert "Sort" not in {node["Node Type"] for node in _nodes(plan)}
    (scan,) = _scans(reading)
    assert "folded" in scan["Index Cond"]
    assert scan["Actual Rows"] <= 21


@pytest.mark.django_db
def test_the_counting_reads_the_index_of_the_connection(huge: Connection) -> None:
    with CaptureQueriesContext(database) as queries:
        found = finding.summary(huge, "channel")
    assert (found.count, found.archived) == (MANY, MANY // 20)
    counting = [query["sql"] for query in queries if "COUNT(" in query["sql"]]
    assert {scan["Index Name"] for sql in counting for scan in _scans(sql)} <= INDEXES


def _plans(sql: str) -> list[dict[str, Any]]:
    with database.cursor() as cursor:
        # Reading all of a table this small is cheap; of one with thousands of tenants it is not. An index must do.
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("EXPLAIN (ANALYZE, FORMAT JSON) " + sql.replace("%", "%%"), [])
        (answer,) = cursor.fetchone()
    plans = json.loads(answer) if isinstance(answer, str) else answer
    return [plan["Plan"] for plan in plans]


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", ()):
        yield from _nodes(child)


def _scans(sql: str) -> Iterator[dict[str, Any]]:
    """The nodes that read; one without an index has no ``Index Name``, and the look-up of it fails the test."""
    for plan in _plans(sql):
        yield from (node for node in _nodes(plan) if "Scan" in node["Node Type"] and "Heap" not in node["Node Type"])


# --------------------------------------------------------------------------- how good the list is


def test_a_list_that_was_never_read_says_so(small: Connection) -> None:
    told = finding.summary(small, "channel")
    assert (told.count, told.complete, told.age, told.reading) == (0, False, None, False)


def test_a_first_run_under_way_is_not_shown_as_complete(small: Connection) -> None:
    refresh(small, "channel")
    (run,) = claim(8)
    record(run, DirectoryPage(entries=(Entry("C0000000001", "one"),), next_cursor="2", gaps=("Some are missing.",)))
    told = finding.summary(small, "channel")
    assert (told.count, told.complete, told.reading, told.so_far) == (1, False, True, 1)
    assert (told.gaps, told.trouble, told.waits_until) == (("Some are missing.",), "", None)


def test_a_whole_list_tells_its_count_and_age(small: Connection) -> None:
    refresh(small, "channel")
    (run,) = claim(8)
    record(run, DirectoryPage(entries=(Entry("C0000000001", "one"), Entry("C2", "two", {"is_archived": True}))))
    DirectoryRun.objects.update(completed_at=timezone.now() - timedelta(hours=2))
    told = finding.summary(small, "channel")
    assert (told.count, told.archived, told.complete, told.reading) == (2, 1, True, False)
    assert told.age is not None
    assert timedelta(hours=2) <= told.age < timedelta(hours=3)


def test_a_wait_that_the_vendor_asked_for_is_told_with_its_end(small: Connection) -> None:
    refresh(small, "channel")
    (run,) = claim(8)
    record(run, Unread("Slack asks us to slow down.", retry=True, retry_after=40))
    told = finding.summary(small, "channel")
    assert (told.reading, told.trouble) == (True, "Slack asks us to slow down.")
    assert told.waits_until is not None
    assert told.waits_until > timezone.now()


def test_a_run_that_failed_leaves_the_old_list_and_says_why(small: Connection) -> None:
    know(small, "one", "two")
    refresh(small, "channel")
    (run,) = claim(8)
    record(run, Unread("Slack did not accept our token.", fix="Reconnect Slack."))
    told = finding.summary(small, "channel")
    assert (told.count, told.reading) == (2, False)
    assert told.trouble == "Slack did not accept our token. Reconnect Slack."
    assert told.waits_until is None


# --------------------------------------------------------------------------- beside an id


def test_an_id_is_shown_by_its_name_of_today(small: Connection) -> None:
    know(small, "one", "two")
    references = [(small.id, "channel", f"C{number:010d}") for number in range(3)]
    known = finding.entries_of(references)
    assert [known[one].name if one in known else None for one in references] == ["one", "two", None]
    with CaptureQueriesContext(database) as queries:
        finding.entries_of(references)
    assert len(queries) == 1


def test_nothing_to_look_up_asks_nothing_of_anybody(small: Connection) -> None:
    know(small, "one")
    assert finding.entries_of([]) == {}
