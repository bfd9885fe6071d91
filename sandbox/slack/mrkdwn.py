"""Slack's message markup as safe HTML (docs.slack.dev/messaging/formatting-message-text)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import groupby
from typing import Any

from markupsafe import Markup, escape

FENCE = re.compile(r"```\n?(.+?)\n?```\n?", re.DOTALL)
TOKEN = re.compile(r"`(?P<code>[^`\n]+)`|<(?P<ref>[^<>\n]+)>|:(?P<emoji>[a-z0-9_+-]+):")
STYLES = tuple(
    (re.compile(rf"(?<![\w{mark}]){mark}(?=\S)([^{mark}\n]+?)(?<=\S){mark}(?![\w{mark}])"), tag)
    for mark, tag in ((r"\*", "strong"), ("_", "em"), ("~", "s"))
)
SLOT = re.compile("\ue000(\\d+)\ue001")
WEB_LINK = re.compile(r"(https?://|mailto:)\S+")
EMOJI = {
    "rotating_light": "🚨", "warning": "⚠️", "white_check_mark": "✅", "x": "❌", "bell": "🔔", "fire": "🔥",
    "red_circle": "🔴", "large_orange_circle": "🟠", "large_yellow_circle": "🟡", "large_green_circle": "🟢",
    "large_blue_circle": "🔵", "white_circle": "⚪", "black_circle": "⚫", "information_source": "ℹ️",  # noqa: RUF001
    "tada": "🎉", "wave": "👋", "eyes": "👀", "hourglass": "⌛", "link": "🔗", "email": "📧",
    "chart_with_upwards_trend": "📈", "test_tube": "🧪", "no_bell": "🔕", "lock": "🔒", "mag": "🔍",
    "bust_in_silhouette": "👤",
}  # fmt: skip


def shown(text: Any) -> Markup:
    """A text object: ``mrkdwn`` is formatted, ``plain_text`` only gets its emoji. Anything else shows nothing."""
    if not isinstance(text, Mapping):
        return Markup("")
    if text.get("type") == "mrkdwn":
        return mrkdwn(text.get("text", ""))
    return Markup("<br>").join(escape(_emoji_only(line)) for line in str(text.get("text", "")).split("\n"))


def mrkdwn(text: object) -> Markup:
    """The whole markup: fenced code, quotes, links, code, emoji, bold, italic, strike. Anything else is text."""
    pieces = FENCE.split(str(text))
    return Markup("").join(
        Markup("<pre>{}</pre>").format(_unescape(piece)) if number % 2 else _paragraphs(piece)
        for number, piece in enumerate(pieces)
    )


def _paragraphs(text: str) -> Markup:
    runs = groupby(text.split("\n"), key=lambda line: line.startswith(("&gt;", ">")))
    return Markup("").join(_quote(list(lines)) if quoted else _lines(list(lines)) for quoted, lines in runs)


def _quote(lines: list[str]) -> Markup:
    bare = [line.removeprefix("&gt;").removeprefix(">").lstrip() for line in lines]
    return Markup("<blockquote>{}</blockquote>").format(_lines(bare))


def _lines(lines: list[str]) -> Markup:
    return Markup("<br>").join(_inline(line) for line in lines)


def _inline(line: str) -> Markup:
    """Tokens are put aside in numbered slots first, so that styles may span them and never reach inside."""
    slots: list[Markup] = []

    def put_aside(match: re.Match[str]) -> str:
        slots.append(_token(match))
        return f"\ue000{len(slots) - 1}\ue001"

    held = TOKEN.sub(put_aside, line.replace("\ue000", "").replace("\ue001", ""))
    text = str(escape(_unescape(held)))
    for pattern, tag in STYLES:
        text = pattern.sub(rf"<{tag}>\1</{tag}>", text)
    return Markup(SLOT.sub(lambda match: slots[int(match[1])], text))  # noqa: S704  escaped above, slots are Markup


def _token(match: re.Match[str]) -> Markup:
    if match["code"]:
        return Markup("<code>{}</code>").format(_unescape(match["code"]))
    if match["emoji"]:
        return escape(EMOJI.get(match["emoji"], match[0]))
    return _reference(match["ref"])


def _reference(inside: str) -> Markup:
    """``<https://…|label>``, ``<@U…>``, ``<#C…|name>``, ``<!here>``, ``<!date^…|fallback>``."""
    target, _, label = inside.partition("|")
    if WEB_LINK.fullmatch(target):
        words = _unescape(label or target)
        return Markup('<a href="{}" target="_blank" rel="noopener noreferrer">{}</a>').format(_unescape(target), words)
    if target.startswith(("@", "#", "!")):
        name = label or target[1:].split("^")[0]
        sign = "" if target.startswith("!date") else target[0].replace("!", "@")
        return Markup('<span class="mention">{}{}</span>').format(sign, _unescape(name))
    return escape(f"<{inside}>")


def _emoji_only(line: str) -> str:
    return re.sub(r":([a-z0-9_+-]+):", lambda match: EMOJI.get(match[1], match[0]), line)


def _unescape(text: str) -> str:
    """Slack asks for these three to be escaped, and for no others."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
