"""What Slack refuses in Block Kit, with the place it names (docs.slack.dev/reference/block-kit/blocks)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

MAX_BLOCKS = 50
MAX_CHARACTERS = 13_000  # of all texts together; not documented by Slack, measured near this (slackapi/bolt-js#2509)
HEADER, SECTION, FIELD, BUTTON, ALT_TEXT, URL, BLOCK_ID = 150, 3_000, 2_000, 75, 2_000, 3_000, 255
FIELDS, CONTEXT_ELEMENTS, ACTIONS = 10, 10, 25

type Complaints = Iterator[str]


def complaints(blocks: Any, *, at: str = "/blocks") -> Complaints:
    """Each thing wrong with a list of blocks, in Slack's form ``<what> [json-pointer:<where>]``."""
    yield from _count(blocks, most=MAX_BLOCKS, at=at)
    for place, block in _each(blocks, at=at):
        yield from _block(block, at=place)


def characters(blocks: Any) -> int:
    """The length of every text in the blocks together."""
    if isinstance(blocks, list):
        return sum(characters(each) for each in blocks)
    if not isinstance(blocks, dict):
        return 0
    own = len(blocks["text"]) if isinstance(blocks.get("text"), str) else 0
    return own + sum(characters(value) for value in blocks.values())


def _block(block: Any, *, at: str) -> Complaints:
    check = CHECKS.get(str(block.get("type"))) if isinstance(block, dict) else None
    if check is None:
        yield f"must be a valid block type [json-pointer:{at}/type]"
        return
    yield from _length(str(block.get("block_id", "")), most=BLOCK_ID, at=f"{at}/block_id")
    yield from check(block, at)


def _section(block: dict[str, Any], at: str) -> Complaints:
    if not block.get("text") and not block.get("fields"):
        yield f"must define either `text` or `fields` [json-pointer:{at}]"
    if block.get("text"):
        yield from _text(block["text"], most=SECTION, at=f"{at}/text")
    if block.get("fields"):
        yield from _count(block["fields"], most=FIELDS, at=f"{at}/fields")
        for place, each in _each(block["fields"], at=f"{at}/fields"):
            yield from _text(each, most=FIELD, at=place)
    if block.get("accessory"):
        yield from _element(block["accessory"], at=f"{at}/accessory")


def _header(block: dict[str, Any], at: str) -> Complaints:
    yield from _text(block.get("text"), most=HEADER, at=f"{at}/text", plain=True)


def _context(block: dict[str, Any], at: str) -> Complaints:
    yield from _count(block.get("elements"), most=CONTEXT_ELEMENTS, at=f"{at}/elements")
    for place, each in _each(block.get("elements"), at=f"{at}/elements"):
        if isinstance(each, dict) and each.get("type") == "image":
            yield from _image(each, place)
        else:
            yield from _text(each, most=SECTION, at=place)


def _actions(block: dict[str, Any], at: str) -> Complaints:
    yield from _count(block.get("elements"), most=ACTIONS, at=f"{at}/elements")
    for place, each in _each(block.get("elements"), at=f"{at}/elements"):
        yield from _element(each, at=place)


def _element(element: Any, *, at: str) -> Complaints:
    if not isinstance(element, dict) or not element.get("type"):
        yield f"missing required field: type [json-pointer:{at}]"
    elif element["type"] == "button":
        yield from _text(element.get("text"), most=BUTTON, at=f"{at}/text", plain=True)
        yield from _length(str(element.get("url", "")), most=URL, at=f"{at}/url")
    elif element["type"] == "image":
        yield from _image(element, at)


def _image(block: dict[str, Any], at: str) -> Complaints:
    if not block.get("image_url") and not block.get("slack_file"):
        yield f"must provide either an image_url or slack_file [json-pointer:{at}]"
    if not block.get("alt_text"):
        yield f"missing required field: alt_text [json-pointer:{at}]"
    yield from _length(str(block.get("alt_text", "")), most=ALT_TEXT, at=f"{at}/alt_text")


def _anything(block: dict[str, Any], at: str) -> Complaints:
    """Blocks whose inside is Slack's own business."""
    yield from ()


def _text(text: Any, *, most: int, at: str, plain: bool = False) -> Complaints:
    if not isinstance(text, dict):
        yield f"must provide an object [json-pointer:{at}]"
        return
    allowed = ("plain_text",) if plain else ("plain_text", "mrkdwn")
    if text.get("type") not in allowed:
        yield f"must be one of: {', '.join(allowed)} [json-pointer:{at}/type]"
    if not isinstance(text.get("text"), str) or not text["text"]:
        yield f"must be more than 0 characters [json-pointer:{at}/text]"
        return
    yield from _length(text["text"], most=most, at=f"{at}/text")


def _length(value: str, *, most: int, at: str) -> Complaints:
    if len(value) > most:
        yield f"must be less than {most + 1} characters [json-pointer:{at}]"


def _count(values: Any, *, most: int, at: str) -> Complaints:
    if not isinstance(values, list) or not values:
        yield f"must provide at least 1 item [json-pointer:{at}]"
    elif len(values) > most:
        yield f"no more than {most} items allowed [json-pointer:{at}]"


def _each(values: Any, *, at: str) -> Iterator[tuple[str, Any]]:
    """The members of a list with the place of each; nothing when it is no list."""
    return ((f"{at}/{number}", value) for number, value in enumerate(values if isinstance(values, list) else []))


CHECKS: dict[str, Callable[[dict[str, Any], str], Complaints]] = {
    "actions": _actions,
    "context": _context,
    "divider": _anything,
    "header": _header,
    "image": _image,
    "markdown": _anything,
    "rich_text": _anything,
    "section": _section,
    "video": _anything,
}
