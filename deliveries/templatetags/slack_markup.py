"""Slack's message markup as safe HTML, for the preview. ``{% load slack_markup %}``.

Source: https://docs.slack.dev/messaging/formatting-message-text. What is no markup stays text, and all text is escaped.
"""

from __future__ import annotations

import re
from typing import Any

from django import template
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe

register = template.Library()

_TOKEN = re.compile(r"`(?P<code>[^`\n]+)`|<(?P<target>https?://[^<>|\s]+)(?:\|(?P<label>[^<>]*))?>")
_STYLES = tuple(
    (re.compile(rf"(?<![\w{sign}]){sign}(?=\S)([^{sign}\n]+?)(?<=\S){sign}(?![\w{sign}])"), tag)
    for sign, tag in ((r"\*", "strong"), ("_", "em"), ("~", "s"))
)


@register.filter
def slack_text(text: Any) -> SafeString:
    """A text object of Block Kit: ``mrkdwn`` is formatted, anything else is plain."""
    said = str(text.get("text", "")) if isinstance(text, dict) else ""
    if isinstance(text, dict) and text.get("type") == "mrkdwn":
        return _marked(said)
    return _lines(escape(_unescaped(said)))


def _marked(text: str) -> SafeString:
    """Links and code stand by themselves; styles reach only what is between them."""
    found, at = "", 0
    for match in _TOKEN.finditer(text):
        found += _styled(text[at : match.start()]) + _token(match)
        at = match.end()
    return _lines(found + _styled(text[at:]))


def _token(match: re.Match[str]) -> str:
    if match["code"]:
        return format_html("<code>{}</code>", _unescaped(match["code"]))
    address, label = _unescaped(match["target"]), _unescaped(match["label"] or match["target"])
    return format_html('<a href="{}" target="_blank" rel="noopener noreferrer">{}</a>', address, label)


def _styled(text: str) -> str:
    escaped = str(escape(_unescaped(text)))
    for pattern, tag in _STYLES:
        escaped = pattern.sub(rf"<{tag}>\1</{tag}>", escaped)
    return escaped


def _unescaped(text: str) -> str:
    """Slack asks for these three to be escaped, and for no others."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _lines(text: str) -> SafeString:
    return mark_safe(text.replace("\n", "<br>"))  # noqa: S308  every piece of it was escaped
