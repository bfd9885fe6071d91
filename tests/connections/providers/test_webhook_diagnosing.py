"""The signature debugger: every usual mistake of a receiver is named, and nothing that could be misused comes out."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connections.providers.webhook import signing
from connections.providers.webhook.diagnosing import Diagnosis, Received, Sent, diagnose
from connections.providers.webhook.slips import Slip
from connections.providers.webhook.spelling import SHOWN_MOST, Piece, spell
from tests.connections.providers import contract
from tests.connections.providers.test_webhook import EXAMPLE, OLDER, SECRET, sent

LIVE = {"current": SECRET, "old": OLDER}
NOW = contract.NOW + timedelta(seconds=20)
BOM = b"\xef\xbb\xbf"
BODY = '{"z": 1, "value": 9007199254740993, "note": "größer  ", "lines": [1, 2.50]}'


def request_of(body: str = BODY, **changes: Any) -> Sent:
    """One request as it went out and was kept."""
    request = sent(event=contract.with_payload(body), **changes)
    headers = request.headers
    return Sent(
        id=headers["webhook-id"],
        timestamp=headers["webhook-timestamp"],
        signature=headers["webhook-signature"],
        body=request.body,
        length=len(request.body),
    )


OURS = request_of()
ALONE = request_of(credentials={"signing_secret": SECRET})  # outside of a rotation: one signature
assert OURS.body is not None
WHOLE = OURS.body


def got(body: bytes = WHOLE, **changes: Any) -> Received:
    return replace(Received(OURS.id, OURS.timestamp, OURS.signature, body), **changes)


def found(received: Received, known: tuple[Sent, ...] = (OURS,), secrets: Mapping[str, str] = LIVE) -> Diagnosis:
    return diagnose(received, secrets=secrets, sent=known, now=NOW)


def slips(received: Received, *known: Sent) -> list[Slip]:
    return [finding.slip for finding in found(received, known or (OURS,)).findings]


def mac(key: bytes, content: bytes) -> bytes:
    return hmac.digest(key, content, "sha256")


def text_of(digest: bytes) -> str:
    return f"v1,{base64.b64encode(digest).decode()}"


KEY = base64.b64decode(SECRET.removeprefix("whsec_"))
SIGNED = f"{OURS.id}.{OURS.timestamp}.".encode() + WHOLE
RIGHT = mac(KEY, SIGNED)

# --------------------------------------------------------------------------- nothing is wrong


def test_what_was_sent_is_found_right() -> None:
    seen = found(got())
    assert [finding.slip for finding in seen.findings] == [Slip.RIGHT]
    assert seen.holds
    assert seen.signed == SIGNED


def test_it_is_right_for_what_the_code_computed_too() -> None:
    assert slips(got(computed=text_of(RIGHT))) == [Slip.RIGHT]


def test_the_old_secret_is_told_apart_from_the_current_one() -> None:
    older = OURS.signature.split()[1]
    assert slips(got(signature=older)) == [Slip.OLD_SECRET]
    assert slips(got(computed=older)) == [Slip.OLD_SECRET]


# --------------------------------------------------------------------------- the headers


def test_a_missing_header_is_named() -> None:
    assert Slip.NO_ID in slips(replace(got(), id=""))
    assert Slip.NO_TIMESTAMP in slips(replace(got(), timestamp=""))


def test_a_missing_signature_is_named() -> None:
    assert slips(got(signature="")) == [Slip.NO_SIGNATURE]


@pytest.mark.parametrize("text", ["yesterday", "17.5", "-1", "²", "1" * 40, "2026-04-17T16:03:30Z"])
def test_a_timestamp_that_counts_no_seconds_is_named(text: str) -> None:
    assert Slip.TIMESTAMP_NO_NUMBER in slips(got(timestamp=text))


def test_a_timestamp_in_milliseconds_is_named() -> None:
    assert Slip.TIMESTAMP_MILLISECONDS in slips(got(timestamp=f"{OURS.timestamp}000"))


@pytest.mark.parametrize(("away", "slip"), [(-600, Slip.TOO_OLD), (900, Slip.AHEAD)])
def test_a_timestamp_outside_of_the_tolerance_is_named_with_its_minutes(away: int, slip: Slip) -> None:
    one = request_of(now=NOW + timedelta(seconds=away))
    seen = found(Received(one.id, one.timestamp, one.signature, one.body or b""), (one,))
    assert [finding.slip for finding in seen.findings] == [Slip.RIGHT, slip]
    assert seen.findings[-1].values == {"minutes": abs(away) // 60}


def test_a_timestamp_within_the_tolerance_is_not() -> None:
    one = request_of(now=NOW - timedelta(seconds=280))
    assert slips(Received(one.id, one.timestamp, one.signature, one.body or b""), one) == [Slip.RIGHT]


def test_a_header_without_its_version_is_named() -> None:
    assert slips(got(signature=base64.b64encode(RIGHT).decode())) == [Slip.NO_VERSION]
    assert slips(got(computed=base64.b64encode(RIGHT).decode())) == [Slip.NO_VERSION]


def test_a_header_of_another_version_is_named() -> None:
    assert Slip.OTHER_VERSION in slips(got(signature="v1a,AAAA v2,BBBB"))
    assert Slip.OTHER_VERSION not in slips(got(signature=f"v1a,AAAA {OURS.signature}"))


def test_the_signature_of_another_message_is_named_with_its_id() -> None:
    other = request_of('{"value": 2}', delivery_id=contract.EVENT.id)
    seen = found(got(signature=other.signature), (OURS, other))
    assert [finding.slip for finding in seen.findings] == [Slip.OTHER_MESSAGE]
    assert seen.findings[0].values["id"] == str(contract.EVENT.id)


def test_the_signature_of_another_attempt_is_named_with_its_time() -> None:
    again = request_of(now=contract.NOW + timedelta(seconds=10))
    seen = found(got(signature=again.signature), (OURS, again))
    assert [finding.slip for finding in seen.findings] == [Slip.OTHER_ATTEMPT]
    assert seen.findings[0].values["timestamp"] == again.timestamp


def test_an_id_that_nothing_was_sent_with_is_named() -> None:
    assert Slip.UNKNOWN_ID in slips(got(id="msg_somebody_elses"))


# --------------------------------------------------------------------------- the key and what is signed


@pytest.mark.parametrize(
    ("computed", "wanted"),
    [
        (RIGHT.hex(), [Slip.HEX]),
        (RIGHT.hex().upper(), [Slip.HEX]),
        (f"sha256={RIGHT.hex()}", [Slip.HEX]),
        (text_of(RIGHT).rstrip("="), [Slip.SPELLING]),
        (text_of(mac(SECRET.encode(), SIGNED)), [Slip.KEY_TEXT]),
        (text_of(mac(SECRET.removeprefix("whsec_").encode(), SIGNED)), [Slip.KEY_UNDECODED]),
        (text_of(mac(base64.b64decode(SECRET.replace("_", "") + "=="), SIGNED)), [Slip.KEY_PREFIX]),
        (text_of(mac(KEY, WHOLE)), [Slip.BODY_ONLY]),
        (text_of(mac(KEY, f"{OURS.timestamp}.".encode() + WHOLE)), [Slip.PART_MISSING]),
        (text_of(mac(KEY, f"{OURS.id}.".encode() + WHOLE)), [Slip.PART_MISSING]),
        (text_of(mac(KEY, f"{OURS.timestamp}.{OURS.id}.".encode() + WHOLE)), [Slip.PART_MISSING]),
        (text_of(mac(KEY, f"{OURS.id}{OURS.timestamp}".encode() + WHOLE)), [Slip.NO_DOTS]),
        (mac(SECRET.encode(), SIGNED).hex(), [Slip.HEX, Slip.KEY_TEXT]),
        (text_of(mac(KEY, SIGNED + b"\n")), [Slip.BODY_LINE_END]),
        (text_of(mac(KEY, SIGNED.replace(WHOLE, BOM + WHOLE))), [Slip.BODY_BOM]),
        (text_of(mac(base64.b64decode(OLDER.removeprefix("whsec_")), SIGNED)), [Slip.OLD_SECRET]),
        (text_of(mac(b"x" * 32, SIGNED)), [Slip.UNKNOWN_SECRET]),
        ("complete nonsense", [Slip.UNKNOWN_SECRET]),
    ],
)
def test_what_the_code_computed_gives_its_mistake_away(computed: str, wanted: list[Slip]) -> None:
    assert slips(got(computed=computed)) == wanted


def test_the_older_headers_signature_is_told_apart() -> None:
    plain = hmac.new(SECRET.encode(), WHOLE, "sha256").hexdigest()
    assert Slip.PLAIN_HEADER in slips(got(computed=plain))
    assert (
        sent({"x_meshes_signature": "sha256"}, event=contract.with_payload(BODY))
        .headers["X-Meshes-Signature"]
        .startswith(plain)
    )


def test_a_secret_that_has_ended_is_no_live_one() -> None:
    seen = found(got(signature=OURS.signature.split()[1]), (OURS,), {"current": SECRET})
    assert [finding.slip for finding in seen.findings] == [Slip.UNKNOWN_SECRET]
    assert not seen.holds


# --------------------------------------------------------------------------- the body


def rewritten(body: bytes, **how: Any) -> bytes:
    return json.dumps(json.loads(body), **how).encode()


@pytest.mark.parametrize(
    ("body", "slip"),
    [
        (rewritten(WHOLE), Slip.BODY_REWRITTEN),
        (rewritten(WHOLE, separators=(",", ":")), Slip.BODY_REWRITTEN),
        (rewritten(WHOLE, indent=2), Slip.BODY_REWRITTEN),
        (rewritten(WHOLE, sort_keys=True), Slip.BODY_REWRITTEN),
        (WHOLE.replace("ö".encode(), b"\\u00f6"), Slip.BODY_REWRITTEN),
        (WHOLE.replace(b"2.50", b"2.5"), Slip.BODY_REWRITTEN),
        (WHOLE + b"\n", Slip.BODY_LINE_END),
        (WHOLE + b"\r\n", Slip.BODY_LINE_END),
        (WHOLE + b" ", Slip.BODY_LINE_END),
        (BOM + WHOLE, Slip.BODY_BOM),
        (json.dumps(json.loads(BODY)).encode(), Slip.BODY_PART),
        (WHOLE.replace(b"9007199254740993", b"9007199254740992"), Slip.BODY_OTHER),  # a parser that counts in doubles
        (WHOLE.replace(b'"z": 1', b'"z": 2'), Slip.BODY_OTHER),
        (b"", Slip.BODY_OTHER),
        (b"not JSON", Slip.BODY_OTHER),
        (b"[" * 100_000, Slip.BODY_OTHER),
        (b"\xff\xfe", Slip.BODY_OTHER),
    ],
    ids=lambda value: value.name if isinstance(value, Slip) else value[:20].decode("latin-1"),
)
def test_how_the_body_was_changed_is_named(body: bytes, slip: Slip) -> None:
    seen = found(got(body))
    assert [finding.slip for finding in seen.findings] == [slip]
    assert not seen.holds
    assert seen.difference is not None
    assert (seen.difference.sent, seen.difference.got) == (len(WHOLE), len(body))


def test_the_first_byte_that_differs_is_told() -> None:
    difference = found(got(WHOLE.replace(b'"z": 1', b'"z":1'))).difference
    assert difference is not None
    assert difference.at == WHOLE.index(b'"z": 1') + 5


def test_changed_line_ends_are_named() -> None:
    ours = request_of('{\n "a": 1\n}', delivery_id=contract.EVENT.id)
    assert ours.body is not None
    received = Received(ours.id, ours.timestamp, ours.signature, ours.body.replace(b"\n", b"\r\n"))
    assert slips(received, ours) == [Slip.BODY_LINE_ENDS]


def test_a_rewritten_body_is_named_although_what_was_sent_is_not_known() -> None:
    """Where the receiver pastes the raw body, and its code has signed what its parser made of it."""
    computed = text_of(mac(KEY, f"{OURS.id}.{OURS.timestamp}.".encode() + rewritten(WHOLE, separators=(",", ":"))))
    assert slips(got(computed=computed)) == [Slip.BODY_REWRITTEN]
    assert [one.slip for one in found(got(computed=computed), ()).findings] == [Slip.BODY_REWRITTEN]


def test_a_body_that_was_kept_in_part_is_known_by_its_hash() -> None:
    part = replace(OURS, body=None, sha256=hashlib.sha256(WHOLE).hexdigest())
    assert slips(got(), part) == [Slip.RIGHT]
    seen = found(got(WHOLE + b"x"), (part,))
    assert [finding.slip for finding in seen.findings] == [Slip.BODY_OTHER]
    assert seen.difference is not None
    assert seen.difference.at is None


def test_without_anything_known_it_says_that_it_cannot_tell() -> None:
    assert [one.slip for one in found(got(b"other"), ()).findings] == [Slip.CANNOT_TELL]


# --------------------------------------------------------------------------- what comes out


def test_a_signature_that_nobody_has_seen_is_shown_by_its_beginning_only() -> None:
    """Else whoever may open the page could have a message of their own signed."""
    forged = found(got(b'{"forged": true}', signature="v1,AAAA"), ())
    content = f"{OURS.id}.{OURS.timestamp}.".encode() + b'{"forged": true}'
    whole = text_of(mac(KEY, content))
    assert forged.expected[0].shown == f"{whole[:10]}…"
    assert whole not in repr(forged)


def test_a_signature_that_was_sent_is_shown_whole() -> None:
    assert [one.shown for one in found(got(signature="v1,AAAA")).expected] == OURS.signature.split()


@settings(max_examples=60)
@given(
    id=st.text(max_size=20),
    timestamp=st.text(max_size=20),
    signature=st.text(max_size=60),
    body=st.binary(max_size=60),
    computed=st.text(max_size=60),
)
def test_whatever_is_pasted_it_answers_and_never_tells_a_secret(
    id: str, timestamp: str, signature: str, body: bytes, computed: str
) -> None:
    clean = {"id": id, "timestamp": timestamp, "signature": signature, "computed": computed}
    clean = {name: text.encode("utf-8", "replace").decode() for name, text in clean.items()}
    told = repr(found(Received(body=body, **clean)))
    for secret in LIVE.values():
        assert secret not in told
        assert secret.removeprefix("whsec_") not in told


@pytest.mark.parametrize("slip", list(Slip))
def test_every_finding_has_words_and_a_way_on(slip: Slip) -> None:
    what, fix = slip.value
    assert what.endswith((".", "%(id)s."))
    assert fix.endswith(".") or slip is Slip.RIGHT
    assert slip.tone in ("good", "muted", "bad")


def test_the_page_is_documented() -> None:
    page = (Path(__file__).parents[3] / "docs" / "destinations" / "webhook.md").read_text(encoding="utf-8")
    assert "Check a signature" in page


# --------------------------------------------------------------------------- spelling out


def test_what_nobody_sees_is_named() -> None:
    assert spell("\ufeffa\tb\u200bc\u00a0d\r\n") == [
        Piece("BOM", hidden=True),
        Piece("a"),
        Piece("TAB", hidden=True),
        Piece("b"),
        Piece("U+200B", hidden=True),
        Piece("c"),
        Piece("NBSP", hidden=True),
        Piece("d"),
        Piece("CR", hidden=True),
        Piece("LF", hidden=True),
        Piece("\n"),
    ]


def test_spaces_are_named_at_the_end_only() -> None:
    assert spell("a b ") == [Piece("a b"), Piece("SPACE", hidden=True)]


def test_of_a_long_text_both_ends_are_shown() -> None:
    pieces = spell("a" * SHOWN_MOST + "b" * 10)
    assert [piece.text[:1] for piece in pieces] == ["a", "…", "a"]
    assert pieces[1].text == "… 10 …"
    assert pieces[2].text.endswith("b" * 10)


def test_the_debugger_signs_as_the_sender_does() -> None:
    """It has its own few lines for that, so that a fault in one of the two shows."""
    headers = signing.standard_headers(contract_job(), WHOLE, [SECRET])
    assert headers["webhook-signature"] == text_of(mac(KEY, f"{contract.DELIVERY}.{OURS.timestamp}.".encode() + WHOLE))


def contract_job() -> Any:
    return contract.job_of(EXAMPLE, "send_webhook")
