"""The seed file: what it may say, and what is told when it is wrong."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from sandbox.rows import SeedError
from sandbox.seed import SeedFile, read

TEAM = {"team_id": "T1", "team_name": "Acme", "bot_token": "xoxb-1"}


def write(path: Path, *, team_name: str) -> None:
    path.write_text(json.dumps({"slack_teams": [{**TEAM, "team_name": team_name}]}), encoding="utf-8")
    os.utime(path, ns=(0, hash(team_name) % 10**15))


def test_it_reads_teams_workspaces_and_receivers() -> None:
    seed = read({"slack_teams": [{**TEAM, "channels": [{"id": "C1", "name": "alerts", "is_member": True}]}]})
    assert seed.slack_teams[0].channels[0].is_member
    assert seed.webhook_receivers == ()


def test_it_offers_a_slack_app_when_the_seed_names_none() -> None:
    assert read({}).slack_apps[0].client_secret


@pytest.mark.parametrize(
    ("parsed", "told"),
    [
        ([], "must be a JSON object"),
        ({"slack_team": []}, "slack_team"),
        ({"slack_teams": {}}, "slack_teams must be a list"),
        ({"slack_teams": [{"team_id": "T1"}]}, r"slack_teams\[0\] lacks team_name, bot_token"),
        ({"slack_teams": [{**TEAM, "channels": [{"id": "C1"}]}]}, r"slack_teams\[0\]\.channels\[0\] lacks name"),
        ({"webhook_receivers": [{"path": "/a", "sekret": "x"}]}, "has sekret; known are path, name, secret"),
    ],
)
def test_it_names_the_place_that_is_wrong(parsed: Any, told: str) -> None:
    with pytest.raises(SeedError, match=told):
        read(parsed)


def test_it_has_a_seed_of_its_own() -> None:
    assert [team.team_name for team in SeedFile(None).current().slack_teams][:1] == ["Casterly Rock"]


def test_it_uses_its_own_seed_until_the_file_appears(tmp_path: Path) -> None:
    seeds = SeedFile(tmp_path / "late.json")
    assert len(seeds.current().slack_teams) > 1
    write(tmp_path / "late.json", team_name="Late")
    assert [team.team_name for team in seeds.current().slack_teams] == ["Late"]


def test_it_reads_a_changed_file_again(tmp_path: Path) -> None:
    path = tmp_path / "seed.json"
    write(path, team_name="Before")
    seeds = SeedFile(path)
    write(path, team_name="After")
    assert seeds.current().slack_teams[0].team_name == "After"


def test_it_keeps_the_last_good_seed_and_says_what_is_wrong_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "seed.json"
    write(path, team_name="Good")
    seeds = SeedFile(path)
    path.write_text("{", encoding="utf-8")
    assert seeds.current().slack_teams[0].team_name == "Good"
    seeds.current()
    assert capsys.readouterr().err.count("cannot be read") == 1
