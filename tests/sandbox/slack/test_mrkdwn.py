"""Slack's markup as HTML."""

from __future__ import annotations

import pytest

from sandbox.slack.mrkdwn import mrkdwn, shown


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("*bold* _it_ ~gone~", "<strong>bold</strong> <em>it</em> <s>gone</s>"),
        ("2 * 3 * 4 and snake_case_name", "2 * 3 * 4 and snake_case_name"),
        ("`a *b* <c>`", "<code>a *b* &lt;c&gt;</code>"),
        ("```\nx\n```\ny", "<pre>x</pre>y"),
        ("a\nb", "a<br>b"),
        ("> q\nb", "<blockquote>q</blockquote>b"),
        ("&gt; q", "<blockquote>q</blockquote>"),
        (":rotating_light: :nosuch:", "🚨 :nosuch:"),
        ("<!here>", '<span class="mention">@here</span>'),
        ("<#C1|ops>", '<span class="mention">#ops</span>'),
        ("<@U1>", '<span class="mention">@U1</span>'),
        ("<!date^1^{date}|17 April>", '<span class="mention">17 April</span>'),
        ("&lt;b&gt; &amp;amp; &quot;", "&lt;b&gt; &amp;amp; &amp;quot;"),
    ],
)
def test_it_formats_as_slack_does(text: str, html: str) -> None:
    assert str(mrkdwn(text)) == html


def test_it_styles_across_a_link() -> None:
    html = str(mrkdwn("*<https://a.test/?x=1&amp;y=2|Open *it*>*"))
    link = '<a href="https://a.test/?x=1&amp;y=2" target="_blank" rel="noopener noreferrer">Open *it*</a>'
    assert html == f"<strong>{link}</strong>"


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "&lt;script&gt;alert(1)&lt;/script&gt;",
        "<javascript:alert(1)|click>",
        '<https://a.test/"onmouseover="alert(1)|x>',
        "`<img src=x onerror=alert(1)>`",
        "```<img src=x onerror=alert(1)>```",
        "\ue0000\ue001 \ue00099\ue001",
    ],
)
def test_it_lets_no_markup_through(text: str) -> None:
    html = str(mrkdwn(text))
    assert "<script" not in html
    assert "<img" not in html
    assert 'href="javascript' not in html
    assert '"onmouseover' not in html


def test_plain_text_keeps_its_signs() -> None:
    assert str(shown({"type": "plain_text", "text": "*a*\n:fire: <b>"})) == "*a*<br>🔥 &lt;b&gt;"


def test_what_is_no_text_object_shows_nothing() -> None:
    assert str(shown("bare")) == ""
