"""What Teams refuses in a message of a workflow (adaptivecards.io/explorer, and the limits of Teams)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

MAX_BYTES = 28_672  # MicrosoftDocs/msteams-docs#11274, where the card counts as text inside the message
CARD = "application/vnd.microsoft.card.adaptive"
VERSIONS = ("1.0", "1.1", "1.2", "1.3", "1.4", "1.5")

_SPACINGS = ("Default", "None", "Small", "Medium", "Large", "ExtraLarge", "Padding")
_CHOICES = {
    "spacing": _SPACINGS,
    "style": ("default", "emphasis", "good", "attention", "warning", "accent"),
    "size": ("Default", "Small", "Medium", "Large", "ExtraLarge"),
    "weight": ("Default", "Lighter", "Bolder"),
}
# Of each kind: what it must have, and what it may have besides.
_KINDS: dict[str, tuple[set[str], set[str]]] = {
    "AdaptiveCard": ({"version", "body"}, {"$schema", "actions", "fallbackText", "msteams", "speak", "lang"}),
    "Container": ({"items"}, {"id", "style", "bleed", "spacing", "separator"}),
    "RichTextBlock": ({"inlines"}, {"id", "spacing", "separator", "horizontalAlignment"}),
    "TextRun": ({"text"}, {"size", "weight", "color", "isSubtle", "italic", "strikethrough", "highlight"}),
    "Action.OpenUrl": ({"url", "title"}, {"id", "style", "tooltip"}),
}
_INSIDE = {"body": {"Container", "RichTextBlock"}, "items": {"Container", "RichTextBlock"}, "inlines": {"TextRun"}}
_INSIDE["actions"] = {"Action.OpenUrl"}

type Complaints = Iterator[str]


def card_of(message: Any) -> dict[str, Any] | None:
    """The one card of a message; None when it is no such envelope."""
    attachments = message.get("attachments") if isinstance(message, dict) else None
    if not isinstance(attachments, list) or len(attachments) != 1 or not isinstance(attachments[0], dict):
        return None
    card = attachments[0].get("content")
    known = message.get("type") == "message" and attachments[0].get("contentType") == CARD
    return card if known and isinstance(card, dict) else None


def complaints(message: Any) -> Complaints:
    """Each thing wrong with a message, with its place; nothing when Teams would show it."""
    card = card_of(message)
    if card is None:
        yield "type must be message, with one Adaptive Card as its attachment"
        return
    packed = json.dumps(json.dumps(card, ensure_ascii=False, separators=(",", ":")), ensure_ascii=False)
    size = len(packed.encode(errors="replace"))
    if size > MAX_BYTES:
        yield f"MessageSizeExceeded: {size} bytes, whereas max allowed size is {MAX_BYTES} bytes"
    if card.get("version") not in VERSIONS:
        yield "card: version is not one that Teams shows"
    yield from _element(card, {"AdaptiveCard"}, at="card")


def _element(element: Any, kinds: set[str], *, at: str) -> Complaints:
    kind = element.get("type") if isinstance(element, dict) else None
    if kind not in kinds:
        yield f"{at}: type must be one of {', '.join(sorted(kinds))}"
        return
    needed, possible = _KINDS[kind]
    yield from (f"{at}: lacks {key}" for key in sorted(needed - set(element)))
    yield from (f"{at}: {key} is not known" for key in sorted(set(element) - needed - possible - {"type"}))
    yield from _values(element, at=at)
    for key, inner in _INSIDE.items():
        if key in element:
            yield from _several(element[key], inner, at=f"{at}.{key}")


def _values(element: dict[str, Any], *, at: str) -> Complaints:
    for key, choices in _CHOICES.items():
        if element.get(key, choices[0]) not in choices:
            yield f"{at}: {key} must be one of {', '.join(choices)}"
    for key in {"text", "title", "url", "id", "fallbackText"} & set(element):
        if not isinstance(element[key], str) or (key != "fallbackText" and not element[key]):
            yield f"{at}: {key} must be a text that is not empty"
    if not str(element.get("url", "https://")).startswith(("https://", "http://")):
        yield f"{at}: url must be a web address"


def _several(elements: Any, kinds: set[str], *, at: str) -> Complaints:
    if not isinstance(elements, list) or not elements:
        yield f"{at}: must be a list with something in it"
        return
    for number, element in enumerate(elements):
        yield from _element(element, kinds, at=f"{at}[{number}]")
