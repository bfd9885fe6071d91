"""Salesforce: what its error codes mean, to whom, and in which words."""

from __future__ import annotations

import pytest

from connections.provider import Answer, Code, Culprit, Failure, Inactive, Outcome, Trouble
from connections.providers.salesforce import errors
from tests.connections.providers import contract
from tests.connections.providers.test_salesforce import refuses


def judged(code: str, status: int = 400, message: str = "No.", fields: list[str] | None = None) -> Outcome:
    outcome = errors.judge(refuses(code, status, message, fields))
    contract.assert_sensible(outcome)
    return outcome


def test_an_ended_session_asks_for_a_new_token_and_switches_off_only_without_one() -> None:
    outcome = judged("INVALID_SESSION_ID", 401, "Session expired or invalid")
    assert (outcome.code, outcome.renew, outcome.retry) == (Code.AUTH_FAILED, True, True)
    assert outcome.inactive is Inactive.REAUTHORIZATION_REQUIRED


def test_a_401_without_a_word_is_an_ended_session_too() -> None:
    assert errors.judge(Answer(status=401)).renew


def test_a_used_up_day_waits_an_hour_and_a_crowd_a_minute() -> None:
    day = judged("REQUEST_LIMIT_EXCEEDED", 403, "TotalRequests Limit exceeded.")
    crowd = judged("REQUEST_LIMIT_EXCEEDED", 403, "ConcurrentRequests (Concurrent API Requests) Limit exceeded.")
    assert [(one.code, one.culprit, one.retry, one.renew) for one in (day, crowd)] == [
        (Code.RATE_LIMITED, Culprit.PROVIDER, True, False)
    ] * 2
    assert (day.retry_after, crowd.retry_after) == (3_600, 60)
    assert "last 24 hours" in day.reason


def test_a_wish_of_salesforces_goes_before_ours() -> None:
    limited = refuses("REQUEST_LIMIT_EXCEEDED", 403)
    wished = Answer(status=403, headers={"retry-after": "7200"}, body=limited.body)
    assert errors.judge(wished).retry_after == 7_200


def test_a_validation_rule_is_told_in_its_own_words_which_are_cut_and_kept_on_one_line() -> None:
    outcome = judged(
        "FIELD_CUSTOM_VALIDATION_EXCEPTION", message="Seats must\nbe \x07above\u202e (said) zero. " + "x" * 400
    )
    assert outcome.reason.startswith(
        "A validation rule of the Salesforce org refused it: Seats must be above (said) zero. xxx"
    )
    assert len(outcome.reason) < 350
    assert (outcome.culprit, outcome.retry) == (Culprit.RULE, False)


@pytest.mark.parametrize("code", ["INVALID_FIELD", "INVALID_FIELD_FOR_INSERT_UPDATE"])
def test_field_level_security_names_the_field_and_who_can_open_it(code: str) -> None:
    outcome = judged(code, 400, "Unable to create/update fields: Level__c.", ["Level__c"])
    assert "may not see or change the field Level__c" in outcome.reason
    assert "field-level security" in outcome.fix


def test_a_field_that_cannot_be_one_is_not_repeated() -> None:
    assert "<b>" not in judged("REQUIRED_FIELD_MISSING", 400, "x", ["<b>"]).reason


@pytest.mark.parametrize(
    ("code", "status", "expected", "culprit", "retry"),
    [
        ("UNABLE_TO_LOCK_ROW", 400, Code.REJECTED_SERVER_ERROR, Culprit.PROVIDER, True),
        ("SERVER_UNAVAILABLE", 503, Code.REJECTED_SERVER_ERROR, Culprit.PROVIDER, True),
        ("UNKNOWN_EXCEPTION", 500, Code.REJECTED_SERVER_ERROR, Culprit.PROVIDER, True),
        ("DUPLICATES_DETECTED", 400, Code.REJECTED_CLIENT_ERROR, Culprit.RULE, True),
        ("STRING_TOO_LONG", 400, Code.REJECTED_CLIENT_ERROR, Culprit.RULE, False),
        ("REQUIRED_FIELD_MISSING", 400, Code.REJECTED_CLIENT_ERROR, Culprit.RULE, False),
        ("INSUFFICIENT_ACCESS_OR_READONLY", 403, Code.REJECTED_CLIENT_ERROR, Culprit.RULE, False),
        ("API_DISABLED_FOR_ORG", 403, Code.AUTH_FAILED, Culprit.CONNECTION, True),
        ("INACTIVE_OWNER_OR_USER", 403, Code.AUTH_FAILED, Culprit.CONNECTION, True),
        ("SOMETHING_NEW", 400, Code.REJECTED_CLIENT_ERROR, Culprit.PROVIDER, True),
        ("SOMETHING_NEW", 503, Code.REJECTED_SERVER_ERROR, Culprit.PROVIDER, True),
    ],
)
def test_it_knows_who_has_to_act(code: str, status: int, expected: Code, culprit: Culprit, retry: bool) -> None:
    outcome = judged(code, status)
    assert (outcome.code, outcome.culprit, outcome.retry) == (expected, culprit, retry)


def test_what_blocks_the_whole_org_switches_the_connection_off() -> None:
    assert judged("API_DISABLED_FOR_ORG", 403).inactive is Inactive.REAUTHORIZATION_REQUIRED
    assert judged("INACTIVE_OWNER_OR_USER", 403).inactive is Inactive.AUTHORIZATION_REVOKED


@pytest.mark.parametrize("code", errors.NAMED)
def test_every_code_reads_like_a_sentence(code: str) -> None:
    for fields in (["Level__c"], None):
        outcome = judged(code, 400, "It is so.", fields)
        assert ".." not in outcome.reason + outcome.fix
        assert "{" not in outcome.reason + outcome.fix


def test_silence_is_read_as_everywhere() -> None:
    assert errors.judge(Failure(Trouble.TIMEOUT)).code is Code.TIMEOUT
