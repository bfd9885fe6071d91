"""The index of channels: read page by page, resumed, slowed down, renewed; and what is known never gets lost."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import connection as database
from django.db import connections, transaction
from django.utils import timezone

from connections import directory, http, tasks
from connections.directory import Why, begin_missing, claim, record, refresh
from connections.models import Connection, DirectoryEntry, DirectoryRun
from connections.provider import DirectoryPage, Entry, Failure, Reply, Request, Trouble, Unread
from connections.reading_on import REQUEST_SECONDS, read_on
from connections.registry import all_providers
from tests.connections.vendor import Slack, channel, error, make_slack, says, slow_down
from tests.world import Vendor, make_connection

DAY = timedelta(days=1)


@pytest.fixture
def slack(monkeypatch: pytest.MonkeyPatch) -> Slack:
    vendor = Slack(channels=[channel(number) for number in range(5)])
    monkeypatch.setattr(http, "send", vendor.send)
    return vendor


@pytest.fixture
def connected(acme: Vendor, slack: Slack) -> Connection:
    return make_slack(acme.workspace)


def run_of(connection: Connection) -> DirectoryRun:
    return DirectoryRun.objects.get(connection=connection)


def names(connection: Connection, **fields: Any) -> list[str]:
    rows = DirectoryEntry.objects.filter(connection=connection, **fields).order_by("external_id")
    return [entry.name for entry in rows]


def due_now(connection: Connection) -> None:
    """The time has come."""
    DirectoryRun.objects.filter(connection=connection).update(next_at=timezone.now())


def read_all(connection: Connection, why: Why = Why.CONNECTED) -> DirectoryRun:
    refresh(connection, "channel", why=why)
    while read_on():
        pass
    return run_of(connection)


# --------------------------------------------------------------------------- a run


def test_a_run_reads_every_page_and_keeps_every_channel(connected: Connection, slack: Slack) -> None:
    run = read_all(connected)
    assert slack.cursors == ["", "2", "4"]
    assert names(connected) == [f"room-{number:05d}" for number in range(5)]
    assert (run.reading, run.pages, run.counted, run.trouble) == (False, 3, 5, "")
    assert run.completed_at == run.finished_at
    assert run.next_at > timezone.now() + DAY - timedelta(minutes=1)


def test_an_entry_belongs_to_its_connections_workspace(connected: Connection, acme: Vendor) -> None:
    read_all(connected)
    rows = DirectoryEntry.objects.for_workspace(acme.workspace.id)
    assert {(row.organization_id, row.connection_id) for row in rows} == {(acme.organization.id, connected.id)}


def test_the_gaps_are_kept_for_whoever_looks(connected: Connection, slack: Slack) -> None:
    assert read_all(connected).gaps == ["Private channels are listed only where the app is a member."]


def test_the_reading_is_a_task_of_the_sweeper(connected: Connection) -> None:
    tasks.begin_directories()
    tasks.read_directories()
    assert len(names(connected)) == 5


def test_what_was_just_connected_is_read_by_itself_and_once(connected: Connection, acme: Vendor) -> None:
    off = make_slack(acme.staging, active=False)
    assert (begin_missing(), begin_missing()) == (1, 0)
    assert not DirectoryRun.objects.filter(connection=off).exists()
    assert run_of(connected).reason == Why.CONNECTED


def test_a_run_begins_again_after_a_day_by_itself(connected: Connection, slack: Slack) -> None:
    read_all(connected)
    assert read_on() == 0
    due_now(connected)
    assert read_on() == 3
    run = run_of(connected)
    assert (run.number, run.reason) == (2, Why.DAILY)


def test_only_a_destination_with_such_a_list_has_one(acme: Vendor) -> None:
    with pytest.raises(KeyError):
        refresh(make_connection(acme.workspace), "channel")


def test_directories_are_read_in_turn(connected: Connection, globex: Vendor, slack: Slack) -> None:
    other = make_slack(globex.workspace)
    begin_missing()
    assert read_on(seconds=0) == 2
    assert (len(names(connected)), len(names(other))) == (2, 2)


# --------------------------------------------------------------------------- asking by hand


def test_asking_while_a_run_is_under_way_changes_nothing(connected: Connection, slack: Slack) -> None:
    refresh(connected, "channel")
    read_on(seconds=0)
    refresh(connected, "channel")
    read_on()
    assert slack.cursors == ["", "2", "4"]


def test_asking_begins_a_run_but_not_twice_in_a_minute(connected: Connection, slack: Slack) -> None:
    read_all(connected)
    assert not refresh(connected, "channel").reading
    DirectoryRun.objects.update(finished_at=timezone.now() - timedelta(seconds=61))
    assert refresh(connected, "channel").reading
    assert read_on() == 3
    assert (run_of(connected).number, run_of(connected).reason) == (2, Why.ASKED)


def test_a_reconnected_account_is_read_anew_at_once(connected: Connection, slack: Slack) -> None:
    refresh(connected, "channel")
    read_on(seconds=0)
    refresh(connected, "channel", why=Why.CONNECTED)
    read_on()
    assert slack.cursors == ["", "", "2", "4"]


def test_the_channels_of_the_account_before_are_gone_after_the_run_of_the_new_one(
    connected: Connection, slack: Slack
) -> None:
    read_all(connected)
    slack.channels = [channel(number) for number in range(10, 12)]
    directory.read_anew(connected)
    read_on()
    assert names(connected, usable=True) == ["room-00010", "room-00011"]


def test_a_destination_without_directories_has_nothing_to_read_anew(acme: Vendor) -> None:
    directory.read_anew(make_connection(acme.workspace))
    assert not DirectoryRun.objects.exists()


def test_a_page_of_the_old_account_does_not_get_into_the_new_run(connected: Connection) -> None:
    refresh(connected, "channel")
    (old,) = claim(8)
    refresh(connected, "channel", why=Why.CONNECTED)
    assert not record(old, DirectoryPage(entries=(Entry("C0OLDACCOUNT", "old"),)))
    assert names(connected) == []


# --------------------------------------------------------------------------- killed, racing, slowed down


def test_a_killed_workers_run_goes_on_at_the_page_where_it_stood(connected: Connection, slack: Slack) -> None:
    refresh(connected, "channel")
    read_on(seconds=0)
    claim(8)  # and the worker dies
    assert read_on() == 0  # its lease holds
    due_now(connected)  # and ends
    read_on()
    assert slack.cursors == ["", "2", "4"]
    assert len(names(connected)) == 5


def test_a_lease_is_longer_than_a_page_takes() -> None:
    most = max(kind.max_requests for found in all_providers().values() for kind in found.directories)
    assert directory.LEASE.total_seconds() > most * REQUEST_SECONDS


def test_a_worker_that_comes_too_late_changes_nothing(connected: Connection) -> None:
    refresh(connected, "channel")
    (late,) = claim(8)
    due_now(connected)
    (now,) = claim(8)
    page = DirectoryPage(entries=(Entry("C0000000001", "one"),), next_cursor="next")
    assert record(now, page)
    assert not record(late, page)
    assert not record(late, Unread("Slack did not answer in time."))
    run = run_of(connected)
    assert (run.pages, run.cursor, run.trouble) == (1, "next", "")


@pytest.mark.django_db(transaction=True)
def test_of_two_workers_one_gets_the_run(acme: Vendor, slack: Slack) -> None:
    refresh(make_slack(acme.workspace), "channel")
    barrier = Barrier(2)

    def worker() -> int:
        try:
            with transaction.atomic():
                barrier.wait(10)
                claimed = len(claim(8))
                barrier.wait(10)  # both have looked before either is done
                return claimed
        finally:
            database.close()

    with ThreadPoolExecutor(2) as both:
        assert sorted(future.result() for future in [both.submit(worker), both.submit(worker)]) == [0, 1]


@pytest.mark.django_db(transaction=True)
def test_no_transaction_is_open_while_the_vendor_is_asked(acme: Vendor, monkeypatch: pytest.MonkeyPatch) -> None:
    vendor, ours, seen = Slack(channels=[channel(1)]), connections["default"], list[bool]()

    def send(request: Request, **options: Any) -> Reply:
        seen.append(ours.in_atomic_block)
        return vendor.send(request, **options)

    monkeypatch.setattr(http, "send", send)
    read_all(make_slack(acme.workspace))
    assert seen == [False]


def test_a_vendor_that_asks_for_time_gets_it_and_nobody_sleeps(connected: Connection, slack: Slack) -> None:
    refresh(connected, "channel")
    read_on(seconds=0)
    slack.first = [slow_down(40)]
    assert read_on() == 1
    run = run_of(connected)
    wait = run.next_at - timezone.now()
    assert timedelta(seconds=30) < wait <= timedelta(seconds=40)
    assert (run.reading, run.cursor.endswith("2"), run.failures) == (True, True, 0)
    assert run.trouble.startswith("Slack asks us to slow down")
    due_now(connected)
    read_on()
    assert slack.cursors == ["", "2", "2", "4"]
    assert run_of(connected).trouble == ""


def test_an_ill_vendor_is_asked_again_later_and_given_up_after_a_while(connected: Connection, slack: Slack) -> None:
    slack.first = [Failure(Trouble.TIMEOUT)] * 50
    refresh(connected, "channel")
    for _ in range(directory.FAILURES_MOST):
        assert read_on() == 1
        assert run_of(connected).reading
        due_now(connected)
    read_on()
    run = run_of(connected)
    assert (run.reading, run.trouble, run.completed_at) == (False, "Slack did not answer in time.", None)


# --------------------------------------------------------------------------- what goes wrong


def test_an_expired_cursor_begins_anew_and_loses_nothing(connected: Connection, slack: Slack) -> None:
    refresh(connected, "channel")
    read_on(seconds=0)
    slack.first = [error("invalid_cursor")]
    read_on()
    due_now(connected)
    read_on()
    assert slack.cursors == ["", "2", "", "2", "4"]
    assert run_of(connected).counted == 5
    assert len(names(connected, gone_at=None)) == 5


def test_cursors_that_expire_again_and_again_end_the_run(connected: Connection, slack: Slack) -> None:
    refresh(connected, "channel")
    slack.first = [error("invalid_cursor")] * 100
    for _ in range(directory.FAILURES_MOST + 1):
        read_on()
        if run_of(connected).reading:
            due_now(connected)
    assert not run_of(connected).reading


@pytest.mark.parametrize("word", ["token_revoked", "invalid_auth", "account_inactive", "missing_scope"])
def test_a_failing_token_ends_the_run_in_plain_words_and_keeps_the_list(
    connected: Connection, slack: Slack, word: str
) -> None:
    read_all(connected)
    slack.first = [error(word)]
    due_now(connected)
    read_on()
    run = run_of(connected)
    assert not run.reading
    assert run.trouble.endswith(".")
    assert "econnect" in run.trouble
    assert word not in run.trouble
    assert len(names(connected, gone_at=None, usable=True)) == 5
    assert run.completed_at


def test_a_connection_that_is_switched_off_is_not_asked_about(connected: Connection, slack: Slack) -> None:
    refresh(connected, "channel")
    Connection.objects.update(active=False)
    read_on()
    assert slack.asked == []
    assert run_of(connected).trouble == "The connection is switched off. Switch it on, or reconnect it."


def test_secrets_that_cannot_be_opened_are_waited_for(connected: Connection, slack: Slack) -> None:
    refresh(connected, "channel")
    Connection.objects.filter(id=connected.id).update(credentials=b"broken")
    read_on()
    assert slack.asked == []
    assert run_of(connected).reading
    assert "cannot be opened" in run_of(connected).trouble


def test_a_fault_of_ours_keeps_no_other_list_waiting(
    connected: Connection, globex: Vendor, slack: Slack, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> Any:
        raise ZeroDivisionError

    slack.first = [broken]
    other = make_slack(globex.workspace)
    begin_missing()
    read_on()
    troubles = sorted(run.trouble[:18] for run in DirectoryRun.objects.all())
    assert troubles == ["", "A fault of ours ke"]
    assert sorted(map(len, (names(connected), names(other)))) == [0, 5]


def test_a_list_that_does_not_end_is_not_read_for_ever(
    connected: Connection, slack: Slack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(directory, "PAGES_MOST", 2)
    run = read_all(connected)
    assert (run.pages, run.reading, run.completed_at) == (2, False, None)
    assert "does not come to an end" in run.trouble


def test_a_cursor_that_leads_back_to_itself_ends_the_run(connected: Connection, slack: Slack) -> None:
    round_and_round = says({"ok": True, "channels": [channel(1)], "response_metadata": {"next_cursor": "x"}})
    slack.first = [round_and_round] * 9
    run = read_all(connected)
    assert run.pages == 2
    assert "does not come to an end" in run.trouble


def test_what_is_unplugged_while_it_is_read_is_gone_without_a_fault(connected: Connection) -> None:
    refresh(connected, "channel")
    (claimed,) = claim(8)
    Connection.objects.filter(id=connected.id).delete()
    assert not record(claimed, DirectoryPage(entries=(Entry("C0000000001", "one"),)))
    assert DirectoryEntry.objects.count() == 0


# --------------------------------------------------------------------------- what changes


def test_a_renamed_channel_keeps_its_row_and_remembers_its_old_name(connected: Connection, slack: Slack) -> None:
    read_all(connected)
    before = DirectoryEntry.objects.get(name="room-00001")
    slack.channels[1]["name"] = "alerts"
    read_all(connected)
    after = DirectoryEntry.objects.get(id=before.id)
    assert (after.name, after.folded, after.renamed_from) == ("alerts", "alerts", "room-00001")
    read_all(connected)
    assert DirectoryEntry.objects.get(id=before.id).renamed_from == "room-00001"


def test_an_archived_channel_is_marked_and_one_that_is_unarchived_is_not(connected: Connection, slack: Slack) -> None:
    slack.channels[1]["is_archived"] = True
    read_all(connected)
    entry = DirectoryEntry.objects.get(name="room-00001")
    assert (entry.archived, entry.usable, entry.gone_at) == (True, False, None)
    slack.channels[1]["is_archived"] = False
    read_all(connected)
    entry.refresh_from_db()
    assert (entry.archived, entry.usable) == (False, True)


def test_what_a_whole_run_has_not_seen_is_gone_and_may_come_back(connected: Connection, slack: Slack) -> None:
    read_all(connected)
    lost = slack.channels.pop(1)
    read_all(connected)
    assert names(connected, gone_at__isnull=False, usable=False) == ["room-00001"]
    slack.channels.append(lost)
    read_all(connected)
    assert len(names(connected, gone_at=None, usable=True)) == 5


def test_nothing_is_gone_before_the_run_has_come_to_its_end(connected: Connection, slack: Slack) -> None:
    read_all(connected)
    slack.channels.pop(1)
    refresh(connected, "channel", why=Why.CONNECTED)
    read_on(seconds=0)
    assert names(connected, gone_at__isnull=False) == []


def test_the_list_of_one_connection_says_nothing_about_another(
    connected: Connection, globex: Vendor, slack: Slack
) -> None:
    read_all(connected)
    other = make_slack(globex.workspace)
    slack.channels = slack.channels[:1]
    read_all(other)
    assert len(names(connected, gone_at=None)) == 5
    assert len(names(other)) == 1


def test_a_channel_that_comes_twice_is_kept_once(connected: Connection, slack: Slack) -> None:
    slack.channels = [channel(1, "first"), channel(1, "second")]
    read_all(connected)
    assert names(connected) == ["second"]


HOSTILE = {
    "nul": "nul\0nul",
    "half_a_pair": "half \ud83d",
    "sql": "'; DROP TABLE x; --",
    "array": '{a,"b"}',
    "format": "%s %(x)s",
    "backslash": "\\",
    "grows_when_folded": "ﷺ" * 300,
    "emoji": "🙂" * 300,
}


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_name_is_stored_as_text(connected: Connection, name: str) -> None:
    refresh(connected, "channel")
    (claimed,) = claim(8)
    found = (Entry("C0000000001", name, {"previous_name": name, "num_members": 1}), Entry("C\0", "x"), Entry("", "y"))
    assert record(claimed, DirectoryPage(entries=found))
    (entry,) = DirectoryEntry.objects.all()
    assert entry.name == name.replace("\0", "").replace("\ud83d", "")[:255]


def test_a_hostile_cursor_is_stored_too(connected: Connection) -> None:
    refresh(connected, "channel")
    (claimed,) = claim(8)
    assert record(claimed, DirectoryPage(entries=(), next_cursor="a\0b\ud83d"))
    assert run_of(connected).cursor == "ab"
