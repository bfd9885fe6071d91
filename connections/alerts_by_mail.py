"""The alert as a mail, whoever carries it: the same facts as text and as HTML that mail programs leave alone.

It is made of the inputs ``subject``, ``body`` and ``link``.
"""

from __future__ import annotations

from html import escape

from connections import alerts
from connections.provider import Job

SUBJECT_MOST = 200
BODY_MOST = 8_000
BODY = (
    alerts.MESSAGE + "\n"
    "{% if value and threshold %}{{ resource | default: event.resource }} is at {{ value }};"
    " the threshold is {{ threshold }}.{% endif %}"
)  # what a rule says unless it says otherwise
FACTS_MOST = 20
LABEL_MOST = 60
VALUE_MOST = 300
LINK_MOST = 2_000

# Nobody's out-of-office note shall answer. Sources: RFC 3834, section 5; Microsoft's MS-OXCMAIL for the second.
HEADERS = {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"}

_NEUTRAL = "#3d4a5c"
_FONT = "font-family:system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif"


def subject(job: Job) -> str:
    """Severity and badges first: a list of mails shows little more."""
    mark = alerts.mark_for(job)
    words = ([mark.word] if mark else []) + alerts.badges(job)
    return alerts.cut(" ".join([f"[{word}]" for word in words] + [_title(job)]), SUBJECT_MOST)


def text(job: Job) -> str:
    """The mail for those who read plain text."""
    mark = alerts.mark_for(job)
    parts = [
        _title(job),
        f"Severity: {mark.word}" if mark else "",
        _body(job),
        "\n".join(f"{label}: {value}" for label, value in _facts(job)),
        _link(job),
        f"-- \n{alerts.footer(job)}",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def html(job: Job) -> str:
    """The mail for everybody else: tables and inline styles, because mail programs drop the rest."""
    mark = alerts.mark_for(job)
    colour = mark.colour if mark else _NEUTRAL
    rows = [
        _row(f'<h1 dir="auto" style="margin:0;font-size:20px;line-height:28px">{escape(_title(job))}</h1>'),
        _row(f'<strong style="color:{colour}">{mark.word} severity</strong>') if mark else "",
        _row(_lines(_body(job))) if _body(job) else "",
        _row(_table(job)) if _facts(job) else "",
        _row(_button(job, colour)) if _link(job) else "",
        _row(f'<span style="color:#5b6675;font-size:12px">{escape(alerts.footer(job))}</span>'),
    ]
    return (
        '<!doctype html><html><head><meta charset="utf-8"><meta name="color-scheme" content="light"></head>'
        f'<body style="margin:0;padding:24px;background:#f2f4f7;color:#1c2430;{_FONT}">'
        '<table role="presentation" width="100%" cellpadding="0" cellspacing="0" style="max-width:600px;margin:0 auto;'
        f'background:#ffffff;border-top:6px solid {colour};border-radius:6px">{"".join(rows)}</table></body></html>'
    )


def notes(job: Job) -> tuple[str, ...]:
    """What of the rule's text is missing from the mail, and why; a digest has none of it."""
    if job.digest:
        return ()
    found = []
    if len(alerts.text(job, "body")) > BODY_MOST:
        found.append(f"The text is longer than {BODY_MOST} characters, so its end is missing.")
    if job.inputs.get("link", "").strip() and not _link(job):
        found.append("The link is no web address of a fitting length, so it is missing.")
    return tuple(found)


def _row(content: str) -> str:
    return f'<tr><td style="padding:12px 24px;font-size:15px;line-height:22px">{content}</td></tr>'


def _lines(body: str) -> str:
    return f'<div dir="auto">{"<br>".join(escape(line) for line in body.split("\n"))}</div>'


def _table(job: Job) -> str:
    rows = "".join(
        f'<tr><th scope="row" align="left" style="padding:4px 16px 4px 0;font-weight:600;vertical-align:top">'
        f'{escape(label)}</th><td dir="auto" style="padding:4px 0;word-break:break-word">{escape(value)}</td></tr>'
        for label, value in _facts(job)
    )
    return f'<table cellpadding="0" cellspacing="0" style="font-size:14px;line-height:20px">{rows}</table>'


def _button(job: Job, colour: str) -> str:
    style = f"display:inline-block;padding:10px 18px;border-radius:4px;background:{colour};color:#ffffff"
    label = alerts.cut(f"Open {alerts.host_of(_link(job))}", LABEL_MOST)
    return f'<a href="{escape(_link(job))}" style="{style};text-decoration:none">{escape(label)}</a>'


def _title(job: Job) -> str:
    return alerts.cut(alerts.title(job, "subject"), SUBJECT_MOST)


def _body(job: Job) -> str:
    return alerts.cut(alerts.text(job, "body"), BODY_MOST)


def _facts(job: Job) -> list[tuple[str, str]]:
    found = (alerts.digest_facts(job.digest) if job.digest else alerts.facts(job.event.payload))[:FACTS_MOST]
    return [(alerts.cut(label, LABEL_MOST), alerts.cut(alerts.one_line(value), VALUE_MOST)) for label, value in found]


def _link(job: Job) -> str:
    return alerts.link(job, most=LINK_MOST)
