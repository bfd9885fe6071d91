"""Which rules a page lists."""

from __future__ import annotations

import pytest

from rules.listing import PER_PAGE, list_rules
from rules.models import Rule
from tests.world import Vendor, make_connection, make_rule


def names(text: str = "", event: str = "") -> set[str]:
    return {rule.name for rule in list_rules(Rule.objects.all(), text=text, event=event).rules}


@pytest.fixture
def rules(acme: Vendor) -> None:
    Rule.objects.all().delete()
    make_rule(acme.connection, "alert.*", name="any alert")
    make_rule(acme.connection, "alert.triggered", name="one alert")
    make_rule(acme.connection, "*.created", name="whatever was created")
    make_rule(acme.connection, "100%_done", name="odd")
    make_rule(make_connection(acme.workspace, name="Second place"), "*", name="all", inputs={"note": "for the night"})


@pytest.mark.usefixtures("rules")
@pytest.mark.parametrize(
    ("event", "found"),
    [
        ("alert.triggered", {"any alert", "one alert", "all"}),
        ("alert.", {"all"}),  # a wildcard stands for one character at least
        ("user.created", {"whatever was created", "all"}),
        ("100%_done", {"odd", "all"}),
        ("100xydone", {"all"}),
        ("x' OR 1=1", {"all"}),
    ],
)
def test_it_finds_the_rules_that_want_an_event(event: str, found: set[str]) -> None:
    assert names(event=event) == found


@pytest.mark.usefixtures("rules")
@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("ANY", {"any alert"}),
        ("alert one", {"one alert"}),
        ("second", {"all"}),
        ("night", {"all"}),
        ("created", {"whatever was created"}),
        ("nowhere", set()),
        ("\0", {"any alert", "one alert", "whatever was created", "odd", "all"}),
    ],
)
def test_it_finds_the_rules_that_say_a_text(text: str, found: set[str]) -> None:
    assert names(text=text) == found


def test_it_goes_on_where_the_page_before_ended(acme: Vendor) -> None:
    for number in range(PER_PAGE + 1):
        make_rule(acme.connection, name=str(number))
    first = list_rules(Rule.objects.all())
    second = list_rules(Rule.objects.all(), before=first.before)
    assert (len(first.rules), len(second.rules), second.before) == (PER_PAGE, 2, None)
    assert first.rules[0].name == str(PER_PAGE)
    assert {rule.id for rule in first.rules} & {rule.id for rule in second.rules} == set()
