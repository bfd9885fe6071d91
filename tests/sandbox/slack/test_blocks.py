"""What Block Kit refuses."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.slack.blocks import characters, complaints


def text(words: str, kind: str = "mrkdwn") -> dict[str, str]:
    return {"type": kind, "text": words}


def section(**parts: Any) -> dict[str, Any]:
    return {"type": "section", **parts}


BUTTON = {"type": "button", "text": text("Open", "plain_text"), "url": "https://a.test"}
GOOD: list[dict[str, Any]] = [
    {"type": "header", "text": text("h" * 150, "plain_text")},
    section(text=text("s" * 3000), accessory=BUTTON),
    section(fields=[text("f" * 2000)] * 10),
    {"type": "divider"},
    {"type": "context", "elements": [text("c"), {"type": "image", "image_url": "https://a.test/i", "alt_text": "i"}]},
    {"type": "actions", "elements": [BUTTON] * 25},
    {"type": "image", "image_url": "https://a.test/i", "alt_text": "a"},
]
BAD: list[tuple[Any, str, str]] = [
    ([], "", "must provide at least 1 item"),
    ("text", "", "must provide at least 1 item"),
    ([{"type": "divider"}] * 51, "", "no more than 50 items allowed"),
    ([{"type": "marquee"}], "/0/type", "must be a valid block type"),
    (["text"], "/0/type", "must be a valid block type"),
    ([section()], "/0", "must define either `text` or `fields`"),
    ([section(text=text("s" * 3001))], "/0/text/text", "must be less than 3001 characters"),
    ([section(text=text(""))], "/0/text/text", "must be more than 0 characters"),
    ([section(text="bare")], "/0/text", "must provide an object"),
    ([section(text=text("a", "html"))], "/0/text/type", "must be one of: plain_text, mrkdwn"),
    ([section(fields=[text("f")] * 11)], "/0/fields", "no more than 10 items allowed"),
    ([section(fields=[text("f" * 2001)])], "/0/fields/0/text", "must be less than 2001 characters"),
    ([section(text=text("a"), accessory={"url": "x"})], "/0/accessory", "missing required field: type"),
    ([{"type": "header", "text": text("h" * 151, "plain_text")}], "/0/text/text", "must be less than 151 characters"),
    ([{"type": "header", "text": text("h")}], "/0/text/type", "must be one of: plain_text"),
    ([{"type": "context", "elements": [text("c")] * 11}], "/0/elements", "no more than 10 items allowed"),
    ([{"type": "actions", "elements": [BUTTON] * 26}], "/0/elements", "no more than 25 items allowed"),
    (
        [{"type": "actions", "elements": [{**BUTTON, "url": "u" * 3001}]}],
        "/0/elements/0/url",
        "must be less than 3001 characters",
    ),
    (
        [{"type": "actions", "elements": [{**BUTTON, "text": text("b" * 76, "plain_text")}]}],
        "/0/elements/0/text/text",
        "must be less than 76 characters",
    ),
    ([{"type": "image", "image_url": "x"}], "/0", "missing required field: alt_text"),
    ([{"type": "image", "alt_text": "x"}], "/0", "must provide either an image_url or slack_file"),
    ([{"type": "divider", "block_id": "b" * 256}], "/0/block_id", "must be less than 256 characters"),
]


def test_it_accepts_blocks_at_their_limits() -> None:
    assert list(complaints(GOOD)) == []


@pytest.mark.parametrize(("blocks", "place", "complaint"), BAD)
def test_it_names_the_place_of_what_it_refuses(blocks: Any, place: str, complaint: str) -> None:
    assert list(complaints(blocks))[:1] == [f"{complaint} [json-pointer:/blocks{place}]"]


def test_it_counts_every_text_together() -> None:
    assert characters([section(text=text("12345"), fields=[text("678")]), BUTTON]) == 12
