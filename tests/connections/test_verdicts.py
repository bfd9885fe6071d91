"""How replies are read, kind by kind, and what ``Retry-After`` is worth."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connections.provider import Answer, Code, Culprit, Failure, Inactive, Trouble
from connections.verdicts import RETRY_AFTER_MOST, judge, judge_vendor, retry_after

NOW = datetime(2026, 4, 17, 16, 0, tzinfo=UTC)
NOW_TEXT = "Fri, 17 Apr 2026 16:00:00 GMT"
IN_A_MINUTE = "Fri, 17 Apr 2026 16:01:00 GMT"


def wish(value: str, date: str = "", *, now: datetime | None = None) -> float | None:
    return retry_after(Answer(status=503, headers={"retry-after": value, "date": date}), now=now)


# --------------------------------------------------------------------------- statuses


@pytest.mark.parametrize("status", [200, 201, 202, 204, 250, 299])
def test_only_the_two_hundreds_are_a_success(status: int) -> None:
    outcome = judge(Answer(status=status), "The receiver")
    assert outcome.delivered
    assert outcome.reason == f"The receiver accepted it ({status})."


@pytest.mark.parametrize("status", [300, 301, 302, 303, 304, 307, 308])
def test_a_redirect_is_a_failure_for_the_customer_to_mend(status: int) -> None:
    outcome = judge(Answer(status=status, headers={"location": "http://169.254.169.254/"}), "The receiver")
    assert (outcome.code, outcome.culprit, outcome.retry) == (Code.REJECTED_CLIENT_ERROR, Culprit.CONNECTION, True)
    assert "never followed" in outcome.reason


@pytest.mark.parametrize("status", [401, 403])
def test_refused_credentials_are_the_connections_fault_and_do_not_switch_it_off(status: int) -> None:
    outcome = judge(Answer(status=status), "The receiver")
    assert (outcome.code, outcome.culprit, outcome.inactive) == (Code.AUTH_FAILED, Culprit.CONNECTION, None)


def test_gone_switches_the_connection_off_at_once() -> None:
    outcome = judge(Answer(status=410), "The receiver")
    assert (outcome.inactive, outcome.retry) == (Inactive.ENDPOINT_GONE, False)
    assert "switched off" in outcome.reason


@pytest.mark.parametrize("status", [408, 425, 500, 502, 503, 504, 599])
def test_a_server_in_trouble_is_tried_again_when_it_wishes(status: int) -> None:
    outcome = judge(Answer(status=status, headers={"retry-after": "9"}), "The receiver")
    assert (outcome.code, outcome.culprit) == (Code.REJECTED_SERVER_ERROR, Culprit.PROVIDER)
    assert (outcome.retry, outcome.retry_after) == (True, 9)


def test_too_many_requests_wait_as_long_as_asked() -> None:
    outcome = judge(Answer(status=429, headers={"retry-after": "9"}), "The receiver")
    assert (outcome.code, outcome.retry, outcome.retry_after) == (Code.RATE_LIMITED, True, 9)


def test_a_message_too_large_is_the_deliverys_own_fault() -> None:
    assert judge(Answer(status=413), "The receiver").culprit is Culprit.DELIVERY


@pytest.mark.parametrize("status", [400, 404, 405, 409, 415, 418, 422, 451])
def test_any_other_refusal_is_tried_again_because_receivers_get_mended(status: int) -> None:
    outcome = judge(Answer(status=status, headers={"retry-after": "9"}), "The receiver")
    assert (outcome.code, outcome.retry, outcome.retry_after) == (Code.REJECTED_CLIENT_ERROR, True, None)
    assert str(status) in outcome.reason


# --------------------------------------------------------------------------- troubles


@pytest.mark.parametrize("trouble", list(Trouble))
def test_every_trouble_has_words_a_culprit_and_a_mend(trouble: Trouble) -> None:
    outcome = judge(Failure(trouble=trouble, detail="it said {so}"), "The receiver")
    assert not outcome.delivered
    assert outcome.culprit is not Culprit.NOBODY
    assert outcome.fix
    assert "{name}" not in outcome.reason
    assert "{detail}" not in outcome.reason


def test_every_trouble_has_a_reason_of_its_own() -> None:
    reasons = {judge(Failure(trouble=trouble), "The receiver").reason for trouble in Trouble}
    assert len(reasons) == len(Trouble)


def test_an_answer_that_had_begun_is_not_told_as_none() -> None:
    told = {trouble: judge(Failure(trouble, begun=200), "The receiver").reason for trouble in Trouble}
    assert told[Trouble.TIMEOUT] == "The receiver began to answer (200) and did not finish within 15 seconds."
    assert told[Trouble.RESET] == "The receiver began to answer (200) and closed the connection before it had finished."
    others = set(Trouble) - {Trouble.TIMEOUT, Trouble.RESET}
    assert [told[trouble] for trouble in others] == [
        judge(Failure(trouble), "The receiver").reason for trouble in others
    ]
    assert "within 15 seconds" in judge_vendor(Failure(Trouble.TIMEOUT, begun=200), "Slack").reason


def test_what_the_door_said_is_passed_on() -> None:
    outcome = judge(Failure(trouble=Trouble.TLS, detail="the certificate expired on 1 March {2026}."), "The receiver")
    assert outcome.reason == "No secure connection could be made: the certificate expired on 1 March {2026}."


def test_nothing_that_a_retry_cannot_mend_is_tried_again() -> None:
    final = {trouble for trouble in Trouble if not judge(Failure(trouble=trouble), "The receiver").retry}
    assert final == {Trouble.FORBIDDEN_URL, Trouble.FORBIDDEN_HEADER, Trouble.MAIL_REJECTED}


def test_a_name_that_does_not_resolve_is_its_owners_to_mend_and_tried_again() -> None:
    outcome = judge(Failure(trouble=Trouble.NAME_NOT_FOUND), "The receiver")
    assert (outcome.code, outcome.culprit, outcome.retry) == (Code.NETWORK_ERROR, Culprit.CONNECTION, True)


# --------------------------------------------------------------------------- vendors


@pytest.mark.parametrize("status", [301, 400, 404, 410, 413, 422])
def test_a_vendors_strange_answer_is_not_the_customers_to_mend(status: int) -> None:
    outcome = judge_vendor(Answer(status=status), "Slack")
    assert (outcome.code, outcome.culprit) == (Code.REJECTED_CLIENT_ERROR, Culprit.PROVIDER)
    assert (outcome.retry, outcome.inactive) == (True, None)
    assert f"Slack gave an answer that makes no sense here ({status})." == outcome.reason


@pytest.mark.parametrize("status", [401, 403])
def test_a_vendors_refusal_of_credentials_is(status: int) -> None:
    assert judge_vendor(Answer(status=status), "Slack") == judge(Answer(status=status), "Slack")


@pytest.mark.parametrize("trouble", [Trouble.TIMEOUT, Trouble.TLS, Trouble.FORBIDDEN_ADDRESS, Trouble.NAME_NOT_FOUND])
def test_a_vendor_out_of_reach_is_tried_again_without_advice_about_receivers(trouble: Trouble) -> None:
    outcome = judge_vendor(Failure(trouble=trouble), "Slack")
    assert (outcome.culprit, outcome.retry) == (Culprit.PROVIDER, True)
    assert "receiver" not in outcome.fix


def test_a_vendors_wish_to_wait_is_kept() -> None:
    answer = Answer(status=429, headers={"retry-after": IN_A_MINUTE})
    assert judge_vendor(answer, "Slack", now=NOW).retry_after == 60


def test_a_vendors_acceptance_is_one() -> None:
    assert judge_vendor(Answer(status=204), "Slack").delivered


# --------------------------------------------------------------------------- Retry-After


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("1", 1),
        ("120", 120),
        (" 120 ", 120),
        ("0", None),
        ("1000000000", RETRY_AFTER_MOST),
        ("9" * 9_999, RETRY_AFTER_MOST),
    ],
)
def test_seconds_are_honoured_up_to_a_day(value: str, seconds: float | None) -> None:
    assert wish(value) == seconds


def test_a_date_is_measured_against_the_answers_own_date() -> None:
    skewed = datetime(2031, 1, 1, tzinfo=UTC)
    assert wish(IN_A_MINUTE, NOW_TEXT, now=skewed) == 60


def test_a_date_alone_is_measured_against_ours() -> None:
    assert wish(IN_A_MINUTE, now=NOW) == 60


def test_a_date_that_can_be_measured_against_nothing_is_no_wish() -> None:
    assert wish(IN_A_MINUTE) is None


def test_a_date_far_off_is_cut_to_a_day() -> None:
    assert wish("Fri, 17 Apr 2099 16:00:00 GMT", NOW_TEXT) == RETRY_AFTER_MOST


@pytest.mark.parametrize("value", [NOW_TEXT, "Thu, 16 Apr 2026 16:00:00 GMT"])
def test_the_past_is_no_wish(value: str) -> None:
    assert wish(value, NOW_TEXT) is None


RUBBISH = ["", "-5", "+5", "1e9", "5 seconds", "soon", "NaN", "٣", "Thu, 01 Jan 2020 00:00:00 +9999999999999", ", , ,"]


@pytest.mark.parametrize("value", RUBBISH)
def test_rubbish_is_no_wish(value: str) -> None:
    assert wish(value, NOW_TEXT) is None


@settings(max_examples=200)
@given(value=st.text(max_size=60), date=st.text(max_size=60))
def test_no_header_breaks_the_reading(value: str, date: str) -> None:
    found = wish(value, date, now=NOW)
    assert found is None or 0 < found <= RETRY_AFTER_MOST
