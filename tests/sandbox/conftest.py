"""One running sandbox for each test module, empty before each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.sandbox.running import Running, started


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with started(tmp_path_factory.mktemp("sandbox")) as running:
        yield running


@pytest.fixture
def sandbox(process: Running) -> Running:
    process.reset()
    return process
