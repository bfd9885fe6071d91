from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from rules.severity import WORDS, Severity, parse, read
from tests.rules.alerts import ALERT, payloads, values


def test_the_scale_runs_from_debug_to_critical() -> None:
    labels = [severity.label for severity in sorted(Severity)]
    assert labels == ["debug", "info", "low", "medium", "high", "critical"]


@pytest.mark.parametrize(("severity", "word"), [(severity, word) for severity in WORDS for word in WORDS[severity]])
def test_every_word_of_the_published_table_is_understood(severity: Severity, word: str) -> None:
    assert parse(word) is severity


def test_no_word_of_the_published_table_means_two_things() -> None:
    words = [word for group in WORDS.values() for word in group]
    assert len(words) == len(set(words))


@pytest.mark.parametrize(
    ("word", "severity"),
    [
        ("warning", Severity.MEDIUM),
        ("error", Severity.HIGH),
        ("notice", Severity.LOW),
        ("fatal", Severity.CRITICAL),
        ("emergency", Severity.CRITICAL),
        ("sev1", Severity.CRITICAL),
        ("sev2", Severity.HIGH),
        ("sev5", Severity.INFO),
        ("p0", Severity.CRITICAL),
        ("p3", Severity.MEDIUM),
    ],
)
def test_it_knows_the_words_of_others(word: str, severity: Severity) -> None:
    assert parse(word) is severity


@pytest.mark.parametrize("spelling", ["SEV1", "sev-1", "Sev 1", " sev_1 ", "sev\t1"])
def test_it_forgives_case_spaces_hyphens_and_underscores(spelling: str) -> None:
    assert parse(spelling) is Severity.CRITICAL


@pytest.mark.parametrize("value", ["none", "", "severe-ish", "high" + " " * 50, None, True, 1, 0, 5.0, ["high"], {}])
def test_it_reads_no_severity_from_none_unknown_words_numbers_and_other_kinds(value: Any) -> None:
    assert parse(value) is None


def test_it_reads_the_severity_of_a_payload_at_the_usual_place() -> None:
    assert read(ALERT) is Severity.HIGH


def test_it_reads_the_severity_of_a_payload_at_another_place() -> None:
    assert read({"alert": {"level": "P1"}, "severity": "low"}, path="alert.level") is Severity.CRITICAL


def test_a_payload_without_severity_has_none() -> None:
    assert read({"value": 1}) is None


@given(value=values)
def test_no_value_makes_it_raise(value: Any) -> None:
    assert parse(value) is None or parse(value) in Severity


@given(payload=payloads)
def test_no_payload_makes_it_raise(payload: dict[str, Any]) -> None:
    assert read(payload, path="severity.0.lines") is None or read(payload, path="severity.0.lines") in Severity
