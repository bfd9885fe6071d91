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
BAD: list[tuple[Any, str]] = [
    ([], "must provide at least 1 item [json-pointer:/blocks]"),
    ("text", "must provide at least 1 item [json-pointer:/blocks]"),
    ([{"type": "divider"}] * 51, "no more than 50 items allowed [json-pointer:/blocks]"),
    ([{"type": "marquee"}], "must be a valid block type [json-pointer:/blocks/0/type]"),
    (["text"], "must be a valid block type [json-pointer:/blocks/0/type]"),
    ([section()], "must define either `text` or `fields` [json-pointer:/blocks/0]"),
    ([section(text=text("s" * 3001))], "must be less than 3001 characters [json-pointer:/blocks/0/text/text]"),
    ([section(text=text(""))], "must be more than 0 characters [json-pointer:/blocks/0/text/text]"),
    ([section(text="bare")], "must provide an object [json-pointer:/blocks/0/text]"),
    ([section(text=text("a", "html"))], "must be one of: plain_text, mrkdwn [json-pointer:/blocks/0/text/type]"),
    ([section(fields=[text("f")] * 11)], "no more than 10 items allowed [json-pointer:/blocks/0/fields]"),
    ([section(fields=[text("f" * 2001)])], "must be less than 2001 characters [json-pointer:/blocks/0/fields/0/text]"),
    ([section(text=text("a"), accessory={})] * 0 + [section(text=text("a"), accessory={"url": "x"})], "missing required field: type [json-pointer:/blocks/0/accessory]"),
    ([{"type": "header", "text": text("h" * 151, "plain_text")}], "must be less than 151 characters [json-pointer:/blocks/0/text/text]"),
    ([{"type": "header", "text": text("h")}], "must be one of: plain_text [json-pointer:/blocks/0/text/type]"),
    ([{"type": "context", "elements": [text("c")] * 11}], "no more than 10 items allowed [json-pointer:/blocks/0/elements]"),
    ([{"type": "actions", "elements": [BUTTON] * 26}], "no more than 25 items allowed [json-pointer:/blocks/0/elements]"),
    ([{"type": "actions", "elements": [{**BUTTON, "url": "u" * 3001}]}], "must be less than 3001 characters [json-pointer:/blocks/0/elements/0/url]"),
    ([{"type": "actions", "elements": [{**BUTTON, "text": text("b" * 76, "plain_text")}]}], "must be less than 76 characters [json-pointer:/blocks/0/elements/0/text/text]"),
    ([{"type": "image", "image_url": "x"}], "missing required field: alt_text [json-pointer:/blocks/0]"),
    ([{"type": "image", "alt_text": "x"}], "must provide either an image_url or slack_file [json-pointer:/blocks/0]"),
    ([{"type": "divider", "block_id": "b" * 256}], "must be less than 256 characters [json-pointer:/blocks/0/block_id]"),
]  # fmt: skip


def test_it_accepts_blocks_at_their_limits() -> None:
    assert list(complaints(GOOD)) == []


@pytest.mark.parametrize(("blocks", "complaint"), BAD)
def test_it_names_the_place_of_what_it_refuses(blocks: Any, complaint: str) -> None:
    assert list(complaints(blocks))[:1] == [complaint]


def test_it_counts_every_text_together() -> None:
    assert characters([section(text=text("12345"), fields=[text("678")]), BUTTON]) == 12
