"""What can be found about a signature: each with its words, in the order in which they are told."""

from __future__ import annotations

from enum import Enum


class Slip(Enum):
    """One finding: what it is, and what to do, in plain sentences. They are told in this order."""

    RIGHT = (
        "The signature is right: it was made with the current secret, over exactly these bytes.",
        "",
    )
    OLD_SECRET = (
        "The signature is right, and it was made with the old secret.",
        "Put the new secret into your receiver before the old one ends.",
    )
    NO_ID = ("The header webhook-id is missing.", "Hand all three headers on to the check: proxies may drop them.")
    NO_TIMESTAMP = (
        "The header webhook-timestamp is missing.",
        "Hand all three headers on to the check: proxies may drop them.",
    )
    NO_SIGNATURE = (
        "The header webhook-signature is missing.",
        "Hand all three headers on to the check: proxies may drop them.",
    )
    NO_VERSION = (
        "The signature has no v1, before it.",
        "Compare with the whole text, v1, included; or cut that from the header first.",
    )
    OTHER_VERSION = (
        "The header holds no signature of version v1.",
        "Leave the header as it came: the signature begins with v1 and a comma.",
    )
    HEX = (
        "The signature is written in hexadecimal.",
        "Write the bytes of the HMAC in base64; the header holds base64, too.",
    )
    SPELLING = (
        "The signature is written in another kind of base64.",
        "Use the standard alphabet with + and /, and leave the padding at its end.",
    )
    OTHER_MESSAGE = (
        "The signature belongs to another message: %(id)s.",
        "Take the three headers and the body from one and the same request.",
    )
    OTHER_ATTEMPT = (
        "The signature belongs to another attempt of this message, of the timestamp %(timestamp)s.",
        "Take the three headers from one and the same request: each attempt has its own timestamp and signature.",
    )
    PLAIN_HEADER = (
        "This is the signature of X-Meshes-Signature, which is made in another way.",
        "Compare it with that header; webhook-signature covers the id and the timestamp besides.",
    )
    KEY_TEXT = (
        "The secret was used as it is written, whsec_ included.",
        "Cut whsec_ from the secret, and decode the rest from base64: those bytes are the key.",
    )
    KEY_UNDECODED = (
        "The secret was not decoded from base64.",
        "Decode what follows whsec_ from base64: those bytes are the key.",
    )
    KEY_PREFIX = (
        "The secret was decoded from base64 with whsec_ left on.",
        "Cut whsec_ from the secret before it is decoded.",
    )
    BODY_ONLY = (
        "Only the body was signed.",
        "Sign the id, a dot, the timestamp, a dot, and the body.",
    )
    PART_MISSING = (
        "The id or the timestamp is missing in what was signed, or they are the wrong way round.",
        "Sign the id, a dot, the timestamp, a dot, and the body.",
    )
    NO_DOTS = (
        "The dots are missing in what was signed.",
        "Sign the id, a dot, the timestamp, a dot, and the body.",
    )
    BODY_BOM = (
        "The body has a byte order mark at its beginning which was not sent, or lacks one that was.",
        "Read the body as bytes, and do not let it be decoded and encoded on the way.",
    )
    BODY_LINE_END = (
        "The end of the body is not as it was sent: a line end or a space was added or cut off.",
        "Check the bytes as they arrived, before anything trims or prints them.",
    )
    BODY_LINE_ENDS = (
        "The line ends in the body were changed.",
        "Check the bytes as they arrived: reading them as text may turn line ends into others.",
    )
    BODY_REWRITTEN = (
        "The body was parsed and written anew: it says the same as what was sent, in other bytes.",
        "Check the raw body before any JSON parser sees it; most frameworks keep it somewhere.",
    )
    BODY_PART = (
        "The body is the payload alone, and the whole event with the payload inside was signed.",
        "Check the whole body; or choose “The payload alone” as the body of this connection.",
    )
    BODY_OTHER = (
        "The body is not the one that was sent with this id.",
        "Take the body of this very request, and look for what changes it on the way.",
    )
    UNKNOWN_SECRET = (
        "The body is the one that was sent, but the signature is of no secret that is live.",
        "Check that your receiver holds this connection's secret; if it was lost, make a new one.",
    )
    CANNOT_TELL = (
        "The signature is of no secret that is live, or the body was changed.",
        "Compare the secret and the body with what was sent; a recent delivery above fills in the right one.",
    )
    UNKNOWN_ID = (
        "No recent message of this connection has this id.",
        "Check that the request is one of this connection, and not of another one or of a test harness.",
    )
    TIMESTAMP_NO_NUMBER = (
        "The timestamp is no whole number of seconds.",
        "Leave the header webhook-timestamp as it came.",
    )
    TIMESTAMP_MILLISECONDS = (
        "The timestamp is in milliseconds.",
        "Leave the header webhook-timestamp as it came: it counts seconds since 1970.",
    )
    TOO_OLD = (
        "The timestamp is %(age)s old: libraries refuse what is older than five minutes.",
        "Here that only means that time has passed. If your receiver says so of fresh requests, set its clock.",
    )
    AHEAD = (
        "The timestamp lies %(age)s ahead: libraries refuse more than five minutes.",
        "Leave the header as it came; if it did come so, tell the operator that our clock is wrong.",
    )

    @property
    def rank(self) -> int:
        """Its place in the order."""
        return list(Slip).index(self)

    @property
    def tone(self) -> str:
        """``good``, ``bad``, or ``muted`` for what only time has brought about."""
        if self in (Slip.RIGHT, Slip.OLD_SECRET):
            return "good"
        return "muted" if self is Slip.TOO_OLD else "bad"
