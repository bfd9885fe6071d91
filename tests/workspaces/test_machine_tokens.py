from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workspaces.machine_tokens import Claims, Credential, Refusal, read_claims

ACCESS_KEY = "mk_" + "a" * 24
STRANGER = "mk_" + "b" * 24
SECRET = "s-_" * 14 + "s"
ORGANIZATION = UUID("3f2b8c1e-9d4a-4e6f-8b7c-1a2b3c4d5e6f")
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SECONDS = int(NOW.timestamp())
HEADER = {"alg": "HS256", "typ": "JWT", "kid": ACCESS_KEY}
GOOD = {
    "iss": f"urn:meshes:m2m:{ACCESS_KEY}",
    "aud": "meshes-api",
    "org": str(ORGANIZATION),
    "iat": SECONDS,
    "exp": SECONDS + 30,
}


def find_secret(access_key: str) -> Credential | None:
    return Credential(SECRET, ORGANIZATION) if access_key == ACCESS_KEY else None


def read(token: str) -> Claims | Refusal:
    return read_claims(token, find_secret=find_secret, now=NOW)


def base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def signed(header: bytes, claims: bytes, *, secret: str = SECRET, digest: Any = hashlib.sha256) -> str:
    """A token built by hand, so that nothing keeps it from being wrong."""
    body = f"{base64url(header)}.{base64url(claims)}"
    return f"{body}.{base64url(hmac.digest(secret.encode(), body.encode(), digest))}"


def token(header: dict[str, Any] | None = None, *, secret: str = SECRET, **claims: Any) -> str:
    """A good token with some of it replaced; None takes a claim or header away."""
    kept_header = {name: value for name, value in (HEADER | (header or {})).items() if value is not None}
    kept_claims = {name: value for name, value in (GOOD | claims).items() if value is not None}
    return signed(json.dumps(kept_header).encode(), json.dumps(kept_claims).encode(), secret=secret)


def test_it_accepts_the_token_of_a_foreign_library() -> None:
    made = jwt.encode(GOOD, SECRET, algorithm="HS256", headers={"kid": ACCESS_KEY})
    assert read(made) == Claims(
        access_key=ACCESS_KEY,
        organization=ORGANIZATION,
        issued_at=NOW,
        expires_at=datetime(2026, 11, 22, 12, 0, 30, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    "claims",
    [
        {"iat": SECONDS - 64, "exp": SECONDS - 4},  # the last second of the skew
        {"iat": SECONDS + 5, "exp": SECONDS + 65},
        {"iat": SECONDS, "exp": SECONDS + 60},
        {"org": str(ORGANIZATION).upper()},
        {"sub": "more", "jti": "than", "nbf": "asked for"},
    ],
)
def test_it_accepts_what_is_just_inside_the_limits(claims: dict[str, Any]) -> None:
    assert isinstance(read(token(**claims)), Claims)


NO_TOKEN = "not a well-formed JSON Web Token"
SIGNATURE = "signature was not made with the secret"
ALGORITHM = "alg must be HS256"
KID = "kid must be the access key"
AUDIENCE = "aud must be the text meshes-api"
LIFE = "at most 60 seconds after its iat"
ORG_FORM = "org must be the UUID"
CLAIMS = json.dumps(GOOD).encode()
HEAD = json.dumps(HEADER).encode()
NONE_HEAD = json.dumps(HEADER | {"alg": "none"}).encode()

FORGED: dict[str, tuple[str, str]] = {
    "empty": ("", NO_TOKEN),
    "one segment": ("mk", NO_TOKEN),
    "truncated after the claims": (token().rpartition(".")[0], NO_TOKEN),
    "truncated signature": (token()[:-3], SIGNATURE),
    "empty signature": (token().rpartition(".")[0] + ".", SIGNATURE),
    "extra segment": (token() + ".x", NO_TOKEN),
    "not base64": ("!!!." + token().partition(".")[2], NO_TOKEN),
    "header not JSON": (signed(b"{", CLAIMS), NO_TOKEN),
    "header a list": (signed(b"[]", CLAIMS), NO_TOKEN),
    "header nested too deep": (signed(b"[" * 2_000, CLAIMS), NO_TOKEN),
    "claims not JSON": (signed(HEAD, b"{'a'}"), "claims are not JSON"),
    "claims not UTF-8": (signed(HEAD, b'{"a": "\xff"}'), "claims are not JSON"),
    "claims nested too deep": (signed(HEAD, b"[" * 2_500), "claims are not JSON"),
    "claims a list": (signed(HEAD, b"[1]"), "claims must be a JSON object"),
    "alg none, unsigned": (f"{base64url(NONE_HEAD)}.{base64url(CLAIMS)}.", ALGORITHM),
    "alg none, signed": (token({"alg": "none"}), ALGORITHM),
    "alg NONE": (token({"alg": "NONE"}), ALGORITHM),
    "alg in small letters": (token({"alg": "hs256"}), ALGORITHM),
    "alg missing": (token({"alg": None}), ALGORITHM),
    "alg a list": (token({"alg": ["HS256"]}), ALGORITHM),
    "alg RS256": (token({"alg": "RS256"}), ALGORITHM),
    "alg HS512, rightly signed": (
        signed(json.dumps(HEADER | {"alg": "HS512"}).encode(), CLAIMS, digest=hashlib.sha512),
        ALGORITHM,
    ),
    "HS512 called HS256": (signed(HEAD, CLAIMS, digest=hashlib.sha512), SIGNATURE),
    "detached payload": (token({"b64": False, "crit": ["b64"]}), NO_TOKEN),
    "unknown critical extension": (token({"crit": ["x"], "x": 1}), NO_TOKEN),
    "typ missing": (token({"typ": None}), "typ must be JWT"),
    "typ of another token": (token({"typ": "at+jwt"}), "typ must be JWT"),
    "kid missing": (token({"kid": None}), KID),
    "kid a number": (token({"kid": 7}), NO_TOKEN),
    "kid of another form": (token({"kid": "org_1"}), KID),
    "kid with a null": (token({"kid": ACCESS_KEY + "\0"}), KID),
    "kid with a line end": (token({"kid": ACCESS_KEY + "\n"}), KID),
    "kid in Unicode": (token({"kid": "mk_" + "ä" * 24}), KID),
    "kid unknown or inactive": (token({"kid": STRANGER}, iss=f"urn:meshes:m2m:{STRANGER}"), "No active machine key"),
    "wrong secret": (token(secret="t" * 43), SIGNATURE),
    "signed with the access key": (token(secret=ACCESS_KEY), SIGNATURE),
    "signed with an empty secret": (token(secret=""), SIGNATURE),
    "claims swapped under a good signature": (
        ".".join([token().split(".")[0], token(exp=SECONDS + 59).split(".")[1], token().split(".")[2]]),
        SIGNATURE,
    ),
    "iss missing": (token(iss=None), "iss must be"),
    "iss of another key": (token(iss=f"urn:meshes:m2m:{STRANGER}"), "iss must be"),
    "iss the bare key": (token(iss=ACCESS_KEY), "iss must be"),
    "aud missing": (token(aud=None), AUDIENCE),
    "aud another": (token(aud="meshes-events"), AUDIENCE),
    "aud a list": (token(aud=["meshes-api"]), AUDIENCE),
    "org missing": (token(org=None), ORG_FORM),
    "org a number": (token(org=1), ORG_FORM),
    "org in braces": (token(org=f"{{{ORGANIZATION}}}"), ORG_FORM),
    "org without hyphens": (token(org=ORGANIZATION.hex), ORG_FORM),
    "org in other digits": (token(org=str(ORGANIZATION).replace("1", "\N{ARABIC-INDIC DIGIT ONE}")), ORG_FORM),
    "org of somebody else": (token(org=str(UUID(int=4))), "not the organization of the machine key"),
    "iat missing": (token(iat=None), "iat must be a whole number"),
    "exp missing": (token(exp=None), "exp must be a whole number"),
    "iat a float": (token(iat=SECONDS + 0.5), "iat must be a whole number"),
    "exp a float": (token(exp=float(SECONDS + 30)), "exp must be a whole number"),
    "exp a text": (token(exp=str(SECONDS + 30)), "exp must be a whole number"),
    "iat true": (token(iat=True, exp=2), "iat must be a whole number"),
    "exp infinite": (token(exp=float("inf")), "exp must be a whole number"),
    "iat not a number": (token(iat=float("nan")), "iat must be a whole number"),
    "exp overflowing to infinity": (
        signed(HEAD, CLAIMS.replace(str(SECONDS + 30).encode(), b"1e999")),
        "exp must be a whole number",
    ),
    "exp of 5,000 digits": (signed(HEAD, CLAIMS.replace(str(SECONDS + 30).encode(), b"9" * 2_500)), LIFE),
    "both of 1,000 digits": (token(iat=10**1000, exp=10**1000 + 30), "iat is in the future"),
    "both below zero": (token(iat=-(10**1000), exp=30 - 10**1000), "has expired"),
    "expired": (token(iat=SECONDS - 35, exp=SECONDS - 5), "has expired"),
    "too long a life": (token(exp=SECONDS + 61), LIFE),
    "exp at iat": (token(exp=SECONDS), LIFE),
    "exp before iat": (token(iat=SECONDS + 3, exp=SECONDS + 2), LIFE),
    "from the future": (token(iat=SECONDS + 6, exp=SECONDS + 36), "iat is in the future"),
    "too long": (token() + "x" * 4096, "ASCII text of at most"),
    "not ASCII": (token() + "é", "ASCII text of at most"),
    "half a character": ("\ud800", "ASCII text of at most"),
}


@pytest.mark.parametrize(("forged", "reason"), FORGED.values(), ids=FORGED)
def test_it_refuses_a_forged_token_and_says_which_check_failed(forged: str, reason: str) -> None:
    refusal = read(forged)
    assert isinstance(refusal, Refusal)
    assert reason in refusal.reason


@pytest.mark.parametrize("forged", [forged for forged, _ in FORGED.values()], ids=list(FORGED))
def test_a_refusal_shows_nothing_of_the_token_or_the_secret(forged: str) -> None:
    refusal = read(forged)
    assert isinstance(refusal, Refusal)
    for part in (SECRET, ACCESS_KEY, STRANGER, str(ORGANIZATION), "\0"):
        assert part not in refusal.reason


def test_it_looks_for_no_key_that_no_machine_key_could_have() -> None:
    asked: list[str] = []

    def remember(access_key: str) -> None:
        asked.append(access_key)

    read_claims(token({"kid": ACCESS_KEY + "\0"}), find_secret=remember, now=NOW)
    read_claims(token({"alg": "none"}), find_secret=remember, now=NOW)
    read_claims(token({"kid": STRANGER}), find_secret=remember, now=NOW)
    assert asked == [STRANGER]


def test_a_printed_credential_shows_no_secret() -> None:
    assert SECRET not in repr(Credential(SECRET, ORGANIZATION))


@pytest.mark.parametrize("position", range(0, len(token()), 7))
def test_it_refuses_a_token_with_one_character_changed(position: int) -> None:
    good = token()
    changed = "A" if good[position] != "A" else "B"
    assert isinstance(read(good[:position] + changed + good[position + 1 :]), Refusal)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(st.text() | st.binary().map(lambda raw: raw.decode("latin-1")))
def test_it_never_raises_on_any_text(text: str) -> None:
    assert isinstance(read(text), Refusal)


@given(claim=st.sampled_from(sorted(GOOD)), value=JSON.filter(lambda value: value is not None))
def test_it_never_raises_on_any_signed_claim(claim: str, value: Any) -> None:
    refused = read(token(**{claim: value}))
    assert isinstance(refused, Refusal) or claim in ("iat", "exp")


@given(part=st.sampled_from(sorted(HEADER)), value=JSON)
def test_it_never_raises_on_any_header(part: str, value: Any) -> None:
    assert isinstance(read(token({part: value})), Refusal)


def test_what_the_look_up_raises_is_not_swallowed() -> None:
    def lost(access_key: str) -> Credential | None:
        raise ConnectionError(access_key)

    with pytest.raises(ConnectionError):
        read_claims(token(), find_secret=lost, now=NOW)
