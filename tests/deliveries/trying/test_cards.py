"""A card is drawn from pieces that we know; whatever else stands in a body is not guessed at."""

from __future__ import annotations

import json
from typing import Any

import pytest

from connections.providers.teams import card as teams
from deliveries.trying.cards import Card, card_in
from tests.connections.providers.test_teams import job


def drawn(inputs: dict[str, str] | None = None, **about: Any) -> Card:
    found = card_in(json.dumps(teams.message(job(inputs, **about))))
    assert found is not None
    return found


def lines(card: Card) -> list[str]:
    return ["".join(run.text for run in block.runs) for part in card.parts for block in part.blocks]


def test_the_card_that_we_send_is_drawn_whole() -> None:
    card = drawn()
    said = lines(card)
    assert "Alert triggered" in said
    assert "api_latency_p95 is *slow*" in said
    assert {"Value: 1840", "Threshold: 1000"} <= set(said)
    assert [(one.title, one.url) for one in card.buttons] == [
        ("Open app.example.com", "https://app.example.com/alerts/42?tab=a&b=c")
    ]
    title = next(run for part in card.parts for block in part.blocks for run in block.runs if run.size == "large")
    assert (title.text, title.bold) == ("Alert triggered", True)
    assert card.parts[0].tone in {"attention", "warning", "accent", "emphasis"}


def test_without_a_link_it_has_no_button() -> None:
    assert drawn({"link": ""}).buttons == ()


def body(elements: Any, actions: Any = (), **envelope: Any) -> str:
    content = {"type": "AdaptiveCard", "body": elements, "actions": list(actions)}
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "content": content}
    return json.dumps({"type": "message", "attachments": [attachment], **envelope})


RUN = {"type": "TextRun", "text": "a"}
BLOCK = {"type": "RichTextBlock", "inlines": [RUN]}
GO = {"type": "Action.OpenUrl", "title": "Go", "url": "https://example.com/"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no JSON",
        "null",
        "[]",
        "7",
        '{"attachments": []}',
        '{"attachments": [7]}',
        '{"attachments": {"0": 1}}',
        "[" * 100_000,
        body(None),
        body([7]),
        body(["text"]),
        body([{"type": "Image", "url": "https://example.com/a.png"}]),
        body([{"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": 7}]}]),
        body([{"type": "RichTextBlock", "inlines": ["plain"]}]),
        body([{"type": "Container", "items": [{"type": "Container", "items": [BLOCK]}]}]),
        body([BLOCK], [{**GO, "url": "javascript:alert(1)"}]),
        body([BLOCK], [{**GO, "url": 7}]),
        body([BLOCK], [{"type": "Action.Submit", "title": "Go"}]),
        body([BLOCK], attachments=[{"contentType": "text/html", "content": {"body": [BLOCK]}}]),
    ],
)
def test_what_it_does_not_know_is_not_drawn(text: str) -> None:
    assert card_in(text) is None


def test_the_style_sheet_gets_no_word_of_a_body() -> None:
    strange = {"type": "TextRun", "text": "a", "size": '" onload="x', "weight": "Lighter", "isSubtle": "yes"}
    block = {"type": "RichTextBlock", "spacing": "small large", "inlines": [strange]}
    card = card_in(body([{"type": "Container", "style": "bad good", "items": [block]}], [GO]))
    assert card is not None
    [part] = card.parts
    [run] = part.blocks[0].runs
    assert (part.tone, part.blocks[0].tight, run.size, run.bold, run.subtle) == ("", False, "", False, False)
