"""The pages are measured as they are."""

from __future__ import annotations

import json

from bench import pages
from deliveries.models import Attempt, Delivery


def test_every_page_answers_with_what_the_measurement_stores(db: None) -> None:
    workspace, names = pages._fill(40)
    assert Delivery.objects.for_workspace(workspace.id).count() == Attempt.objects.count() == 40
    took = dict(pages._measure(workspace, names, looks=1))
    assert list(took) == [*(name for name, _ in pages.PAGES), pages.COUNTED_ANEW]
    assert all(value > 0 for value in took.values())


def test_a_page_that_is_slower_than_its_aim_says_so() -> None:
    told = f"something else\n{json.dumps([['Overview', 12.4], ['Event', 99.6]])}\n"
    assert [row.value for row in pages.rows(told)] == ["12 ms", "100 ms (aim 60)"]
