"""The alert as Slack's Block Kit. Nothing that came with the event can become a mention or a link of its own.

Limits: https://docs.slack.dev/reference/block-kit/blocks (header 150 characters, section text 3,000, ten fields of
2,000 each). A whole message of about 13,000 is refused with ``msg_blocks_too_long``
(https://github.com/slackapi/bolt-js/issues/2509), so the shares below add up to less than 10,000.
"""

from __future__ import annotations

import re
from typing import Any

from connections import alerts
from connections.provider import Job

HEADER_MOST = 150
BODY_MOST = 3_000
FIELDS_MOST = 10
FIELD_MOST = 2_000  # one field
FIELDS_SHARE = 3_500  # all fields together
LABEL_MOST = 80
LINK_MOST = 1_500
FOOTER_MOST = 300
FALLBACK_MOST = 500

_BROKEN_ENTITY = re.compile("&[a-z]*$")

Block = dict[str, Any]


def message(job: Job) -> dict[str, Any]:
    """The arguments of ``chat.postMessage``.

    ``metadata`` carries the delivery's id, so that a message can be traced back:
    Slack has no idempotency key and would not find a duplicate by itself.
    """
    return {
        "channel": job.inputs.get("id", "").strip(),
        "text": _fallback(job),
        "blocks": _blocks(job),
        "unfurl_links": False,
        "unfurl_media": False,
        "metadata": {"event_type": "jackfield_delivery", "event_payload": {"delivery_id": str(job.delivery_id)}},
    }


def notes(job: Job) -> tuple[str, ...]:
    """What of the rule's text is missing from the message, and why; a digest has none of it."""
    if job.digest:
        return ()
    found = []
    if len(_escaped(alerts.text(job))) > BODY_MOST:
        found.append(f"The text is longer than Slack's {BODY_MOST} characters, so its end is missing.")
    if len(alerts.fields(job)) > FIELDS_MOST:
        found.append(f"Slack shows {FIELDS_MOST} fields, so the others are missing.")
    if job.inputs.get("link", "").strip() and not _link(job):
        found.append("The link is no web address of a fitting length, so it is missing.")
    return tuple(found)


def _blocks(job: Job) -> list[Block]:
    blocks = [_header(job), _severity(job), _section(job), _table(job), _link_line(job), _footer(job)]
    return [block for block in blocks if block]


def _header(job: Job) -> Block:
    return {
        "type": "header",
        "text": {"type": "plain_text", "text": _fit(alerts.title(job), HEADER_MOST), "emoji": True},
    }


def _severity(job: Job) -> Block:
    mark = alerts.mark_for(job)
    return _context(f"{mark.emoji} *{mark.word}*") if mark else {}


def _section(job: Job) -> Block:
    body = _fit(alerts.text(job), BODY_MOST)
    return {"type": "section", "text": _mrkdwn(body)} if body else {}


def _table(job: Job) -> Block:
    fields = alerts.fields(job)[:FIELDS_MOST]
    if not fields:
        return {}
    most = min(FIELD_MOST, FIELDS_SHARE // len(fields))
    return {"type": "section", "fields": [_mrkdwn(_field(label, value, most)) for label, value in fields]}


def _field(label: str, value: str, most: int) -> str:
    words = _fit(label.replace("*", "").strip(), LABEL_MOST)
    head = f"*{words}*\n" if words else ""
    return head + _fit(value, most - len(head))


def _link_line(job: Job) -> Block:
    # A line and no button: a URL button shows a warning unless the app answers interactions.
    # Source: https://github.com/slackapi/node-slack-sdk/issues/869
    link = _link(job)
    label = _fit(f"Open {alerts.host_of(link)}", LABEL_MOST)
    return {"type": "section", "text": _mrkdwn(f"<{_escaped(link)}|{label}>")} if link else {}


def _footer(job: Job) -> Block:
    return _context(_fit(alerts.footer(job), FOOTER_MOST))


def _fallback(job: Job) -> str:
    """What notifications show and screen readers read instead of the blocks."""
    mark = alerts.mark_for(job)
    said = ": ".join(
        part for part in (mark.word if mark else "", alerts.title(job), alerts.one_line(alerts.text(job))) if part
    )
    return _fit(" ".join([f"[{badge}]" for badge in alerts.badges(job)] + [said]), FALLBACK_MOST)


def _link(job: Job) -> str:
    link = alerts.link(job, most=LINK_MOST)
    return link if len(_escaped(link)) <= LINK_MOST else ""


def _context(text: str) -> Block:
    return {"type": "context", "elements": [_mrkdwn(text)]}


def _mrkdwn(text: str) -> Block:
    # verbatim: else Slack turns plain "@here" and "#general" into mentions and links by itself.
    # Source: https://docs.slack.dev/reference/block-kit/composition-objects/text-object
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _escaped(text: str) -> str:
    """The three characters that Slack's control sequences are made of.

    Source: https://docs.slack.dev/messaging/formatting-message-text#escaping
    """
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _fit(text: str, most: int) -> str:
    """The text escaped, and then at most so long, without half an entity at its end."""
    safe = _escaped(text[: most + 1])
    if len(text) <= most and len(safe) <= most:
        return safe
    return _BROKEN_ENTITY.sub("", safe[: most - 1]) + "…"
