"""What alerts have in common: marks, badges, facts, tame text, honest links."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from connections import alerts
from rules.severity import Severity
from tests.connections.providers import contract
from tests.connections.providers.contract import Example, job_of

JOB = job_of(Example(inputs={"any": {}}), "any")


@pytest.mark.parametrize("severity", [severity.label for severity in Severity])
def test_every_severity_has_a_mark_of_its_own(severity: str) -> None:
    mark = alerts.mark_of(severity)
    assert mark
    assert mark.word.lower() == severity
    others = [alerts.mark_of(other.label) for other in Severity if other.label != severity]
    assert mark.emoji not in [other.emoji for other in others if other]


def test_no_severity_has_no_mark() -> None:
    assert alerts.mark_of("") is None


def test_production_has_no_badge_and_all_else_has() -> None:
    staging = replace(JOB, workspace=replace(contract.WORKSPACE, environment="staging"))
    assert alerts.badges(JOB) == []
    assert alerts.badges(staging) == ["staging"]
    assert alerts.badges(replace(staging, test=True)) == ["staging", "test"]


def test_the_facts_are_the_plain_values_in_their_order() -> None:
    plain: dict[str, object] = {"z_key": 1, "a.b": 2.5, "yes": True, "no": False, "exact": Decimal("1.50")}
    rest: dict[str, object] = {"none": None, "empty": " ", "list": [1], "object": {}, "big": 2**53 + 1}
    assert alerts.facts({**plain, **rest}) == [
        *(("Z key", "1"), ("A b", "2.5"), ("Yes", "yes"), ("No", "no")),
        *(("Exact", "1.50"), ("Big", "9007199254740993")),
    ]


@pytest.mark.parametrize(
    ("text", "tame"),
    [
        ("a\r\nb\rc\nd\te", "a\nb\nc\nd\te"),
        ("\x00\x07\x1b\x7f\x9b!", "!"),
        ("\u202egpj.exe\u202c", "gpj.exe"),
        ("half \ud83d", "half "),
        ("👩\u200d👩 é e\u0301 مرحبا", "👩\u200d👩 é e\u0301 مرحبا"),
    ],
)
def test_tame_text_keeps_what_is_text(text: str, tame: str) -> None:
    assert alerts.tidy(text) == tame


def test_one_line_is_one_line() -> None:
    assert alerts.one_line(" a\r\n b\u2028c\t d ") == "a b c d"


@pytest.mark.parametrize(("text", "most", "expected"), [("abc", 3, "abc"), ("abcd", 3, "ab…"), ("a  b", 3, "a…")])
def test_cutting_leaves_a_sign(text: str, most: int, expected: str) -> None:
    assert alerts.cut(text, most) == expected


@pytest.mark.parametrize(
    ("address", "link"),
    [
        (" https://a.example/x?b=c&d=%20#e ", "https://a.example/x?b=c&d=%20#e"),
        ("http://a.example:8080", "http://a.example:8080"),
        ("https://ü.example/ü", "https://%C3%BC.example/%C3%BC"),
        ("https://a.example/<b>|c", "https://a.example/%3Cb%3E%7Cc"),
        ("javascript:alert(1)", ""),
        ("javascript://a.example/%0aalert(1)", ""),
        ("//a.example", ""),
        ("a.example", ""),
        ("http://[::1", ""),
        ("https://a b/", ""),
        ("https://a.example/" + "x" * 100, ""),
    ],
)
def test_only_web_addresses_become_links(address: str, link: str) -> None:
    assert alerts.web_link(address, most=60) == link


def test_the_host_of_a_link_is_where_it_really_leads() -> None:
    assert alerts.host_of("https://bank.example@evil.example/bank.example") == "evil.example"
