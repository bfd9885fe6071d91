"""That no request is forgotten, and that each is whole, whatever its vendor says of it."""

from __future__ import annotations

import pytest

from connections.registry import provider
from tests.connections.providers import contract
from tests.connections.providers.contract import example_of
from tests.published.asking import asking_lines, every_request, jobs_of
from tests.published.judging import strict_json

every_vendor = pytest.mark.parametrize("slug", ["slack", "resend"])


@every_vendor
def test_every_line_that_makes_a_request_is_reached(slug: str) -> None:
    assert asking_lines(slug)
    assert asking_lines(slug) == {asked.line for asked in every_request(slug, nth=100)} - {""}


@every_vendor
def test_every_action_is_tried_a_thousand_times_and_every_directory_is_read(slug: str) -> None:
    found, example = provider(slug), example_of(slug)
    jobs = [job.action for job in jobs_of(found, example)]
    assert min(jobs.count(action.key) for action in found.actions) >= 1_000
    assert set(example.pasted) == {kind.key for kind in found.directories}


@every_vendor
def test_every_request_goes_over_the_wire_as_it_stands(slug: str) -> None:
    for asked in every_request(slug):
        contract.assert_sound(asked.request)
        if "json" in contract.header(asked.request.headers, "content-type"):
            strict_json(asked.request.body)
