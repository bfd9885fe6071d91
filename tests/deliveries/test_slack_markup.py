"""Slack's markup in a preview: formatted where Slack formats, and never more than text."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deliveries.templatetags.slack_markup import slack_text

_TAG = re.compile(
    r"</?(strong|em|s|code|br)>|<a href=\"https?://[^\"<>]*\" target=\"_blank\" rel=\"noopener noreferrer\">|</a>"
)


def marked(text: str) -> str:
    return slack_text({"type": "mrkdwn", "text": text})


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("*bold* _italic_ ~gone~ `a*b*`", "<strong>bold</strong> <em>italic</em> <s>gone</s> <code>a*b*</code>"),
        ("snake_case_name and 2*3*4", "snake_case_name and 2*3*4"),
        ("a &amp; &lt;b&gt;", "a &amp; &lt;b&gt;"),
        ("one\ntwo", "one<br>two"),
        (
            "<https://x.example/?a=1&amp;b=2|Open it>",
            '<a href="https://x.example/?a=1&amp;b=2" target="_blank" rel="noopener noreferrer">Open it</a>',
        ),
        ("<javascript:alert(1)|x>", "&lt;javascript:alert(1)|x&gt;"),
        ("<script>", "&lt;script&gt;"),
    ],
)
def test_it_formats_what_slack_formats(text: str, html: str) -> None:
    assert marked(text) == html


def test_plain_text_is_plain() -> None:
    assert slack_text({"type": "plain_text", "text": "*a* &lt;b&gt;"}) == "*a* &lt;b&gt;"
    assert slack_text("no object") == ""


@given(st.text(alphabet=st.sampled_from("ab*_~`<>|&;:/\"'\n https://x.y lt gt amp"), max_size=60))
def test_nothing_but_its_own_tags_comes_out(text: str) -> None:
    rest = _TAG.sub("", marked(text))
    assert "<" not in rest
    assert ">" not in rest
