"""Simulators that register themselves: one folder, and nothing else."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

import sandbox as package
from config.demo import __main__ as demo
from config.demo import seed as demo_seed
from connections.models import ProviderApp
from sandbox import registry
from sandbox.seed import SeedFile
from sandbox.simulator import Simulator
from tests.sandbox.running import ROOT, free_ports, launched
from workspaces.models import Organization

HOST = re.compile(r"(\*\.)?([a-z0-9-]+\.)+[a-z]+")
FOLDER = """
from aiohttp import web

from sandbox.pages import Pages, application
from sandbox.rows import refuse_unknown
from sandbox.simulator import Simulator


def read(section):
    refuse_unknown(section, known=["greeting"], where="abacus")
    return section["greeting"]


def make(*, seeds, addresses):
    pages = Pages(addresses, here="abacus")

    async def home(request):
        greeting = seeds.current().sections.get("abacus", "Nothing was said.")
        return pages.html("abacus/home.html", greeting=greeting)

    app = application()
    app.router.add_get("/", home)
    return app


SIMULATOR = Simulator(
    slug="abacus",
    name="Abacus",
    hosts=("abacus.example", "*.my.abacus.example"),
    make=make,
    shows="Beads",
    client=("abacus-app", "hush"),
    read=read,
)
"""
PAGE = '{% extends "base.html" %}{% block title %}Abacus{% endblock %}{% block body %}{{ greeting }}{% endblock %}'


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the sandbox with one more folder, and its templates."""
    shutil.copytree(ROOT / "sandbox", tmp_path / "sandbox", ignore=shutil.ignore_patterns("__pycache__"))
    for path, content in (("abacus/__init__.py", FOLDER), ("templates/abacus/home.html", PAGE)):
        (tmp_path / "sandbox" / path).parent.mkdir()
        (tmp_path / "sandbox" / path).write_text(content, encoding="utf-8")
    return tmp_path


@pytest.fixture
def abacus(tree: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    """The folder on the path of the package that this process has."""
    (tree / "more").mkdir()
    (tree / "sandbox" / "abacus").rename(tree / "more" / "abacus")
    monkeypatch.setattr(package, "__path__", [*package.__path__, str(tree / "more")])
    registry.all_simulators.cache_clear()
    yield registry.all_simulators()["abacus"]
    registry.all_simulators.cache_clear()


def test_a_folder_is_served_and_linked_from_every_page(tree: Path) -> None:
    port, seed = free_ports(), tree / "seed.json"
    seed.write_text('{"abacus": {"greeting": "Seven beads"}}', encoding="utf-8")
    with launched("--port", str(port), "--seed", str(seed), tree=tree) as process:
        assert process.stdout is not None
        at = f"http://127.0.0.1:{port + 6}"
        assert f", Abacus {at}" in process.stdout.readline()
        page = requests.get(at, timeout=5).text
        assert "Seven beads" in page
        assert f'<a href="{at}/" aria-current="page">Abacus</a>' in page
        assert f'<a href="{at}/">Abacus</a>' in requests.get(f"http://127.0.0.1:{port + 1}", timeout=5).text


def test_a_section_that_its_simulator_cannot_read_is_told_in_one_sentence(tree: Path) -> None:
    seed = tree / "seed.json"
    for said, told in (
        ({"abacus": {"greting": ""}}, "abacus has greting; known are greeting."),
        ({"abacus": []}, "abacus must be an object."),
    ):
        seed.write_text(json.dumps(said), encoding="utf-8")
        with launched("--port", str(free_ports()), "--seed", str(seed), tree=tree) as process:
            _, words = process.communicate(timeout=10)
        assert (process.returncode, words) == (1, f"In the sandbox seed, {told}\n")


def test_the_demo_takes_its_hosts_and_its_address_from_the_folder(abacus: Simulator) -> None:
    ports = demo.Ports(9_000)
    hosts = ports.sandbox.simulated_hosts
    assert {host: hosts[host] for host in abacus.hosts} == dict.fromkeys(abacus.hosts, "127.0.0.1:9007")
    assert hosts["slack.com"] == "127.0.0.1:9002"
    assert ports.sandbox.of("abacus") == "http://127.0.0.1:9007"


@pytest.mark.django_db
def test_the_demo_sets_up_the_app_that_the_folder_declares(abacus: Simulator) -> None:
    organization = Organization.objects.create(name="Acme")
    demo_seed._apps(organization)
    rows = ProviderApp.objects.for_organization(organization.id).filter(provider="abacus")
    assert {(row.client_id, row.unseal("client_secret")) for row in rows} == {abacus.client}
    assert len(rows) == 3


def test_later_simulators_leave_the_others_their_ports(abacus: Simulator) -> None:
    ports = registry.addresses(port=8_001, portal="").ports
    first = {"vendor": 8001, "slack": 8002, "webhooks": 8003, "mailbox": 8004, "smtp": 8005, "hubspot": 8006}
    assert {key: ports[key] for key in first} == first
    further = [key for key in ports if key not in first]
    assert further == sorted(further)
    assert [ports[key] for key in further] == list(range(8_007, 8_007 + len(further)))


def test_every_folder_declares_what_it_is() -> None:
    found = registry.all_simulators()
    hosts = [host for simulator in found.values() for host in simulator.hosts]
    assert len(hosts) == len(set(hosts)), "two simulators stand in for one host"
    assert all(HOST.fullmatch(host) for host in hosts)
    assert all(simulator.hosts and simulator.shows for simulator in found.values())
    assert not set(found) & {"vendor", "webhooks", "mailbox", "smtp", "portal"}, "a key of the sandbox's own"


def test_the_apps_of_the_first_two_are_in_the_seed_that_is_built_in() -> None:
    found, seed = registry.all_simulators(), SeedFile(None).current()
    for slug, apps in (("slack", seed.slack_apps), ("hubspot", seed.hubspot_apps)):
        assert found[slug].client in [(app.client_id, app.client_secret) for app in apps]
