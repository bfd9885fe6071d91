"""An Adaptive Card read for drawing, as Teams would show it: the pieces that our own cards are made of, and no others.

Whatever else a body is or holds is not guessed at: it is shown as it is. Every word that the style sheet gets is one of
ours. Source: https://adaptivecards.io/explorer/
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connections.alerts import host_of

_CONTENT_TYPE = "application/vnd.microsoft.card.adaptive"
_TONES = frozenset({"attention", "warning", "accent", "good", "emphasis"})
_STRANGE = "This is not among the pieces that we draw."
_SIZES = {"Large": "large", "Small": "small"}


@dataclass(frozen=True, slots=True)
class Run:
    """A piece of text in one look."""

    text: str
    size: str  # large, small, or "" for the usual one
    bold: bool
    subtle: bool


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph. ``tight``: there is no gap above it."""

    runs: tuple[Run, ...]
    tight: bool


@dataclass(frozen=True, slots=True)
class Part:
    """Paragraphs that share a background; ``tone`` is "" for that of the card."""

    blocks: tuple[Block, ...]
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Button:
    """A link that looks like one."""

    title: str
    url: str


@dataclass(frozen=True, slots=True)
class Card:
    """What the receiver would see."""

    parts: tuple[Part, ...]
    buttons: tuple[Button, ...]


def card_in(body: str) -> Card | None:
    """The card that a message carries; None when it carries none that can be drawn whole."""
    try:
        content = json.loads(body)["attachments"][0]
        return _card(content["content"]) if content["contentType"] == _CONTENT_TYPE else None
    except (ValueError, RecursionError, LookupError, TypeError, AttributeError):
        return None


def _card(content: Mapping[str, Any]) -> Card:
    return Card(tuple(map(_part, content["body"])), tuple(map(_button, content.get("actions", []))))


def _part(element: Mapping[str, Any]) -> Part:
    if element["type"] != "Container":
        return Part((_block(element),))
    style = element.get("style", "")
    return Part(tuple(map(_block, element["items"])), tone=style if style in _TONES else "")


def _block(element: Mapping[str, Any]) -> Block:
    if element["type"] != "RichTextBlock":
        raise ValueError(_STRANGE)
    return Block(tuple(map(_run, element["inlines"])), tight=element.get("spacing") == "None")


def _run(inline: Mapping[str, Any]) -> Run:
    if inline["type"] != "TextRun" or not isinstance(inline["text"], str):
        raise ValueError(_STRANGE)
    return Run(
        text=inline["text"],
        size=_SIZES.get(inline.get("size", ""), ""),
        bold=inline.get("weight") == "Bolder",
        subtle=inline.get("isSubtle") is True,
    )


def _button(action: Mapping[str, Any]) -> Button:
    """Only what leads to a page: no other kind of link may come out of a body."""
    title, url = action["title"], action["url"]
    if action["type"] != "Action.OpenUrl" or not isinstance(title, str) or not host_of(url):
        raise ValueError(_STRANGE)
    return Button(title, url)
