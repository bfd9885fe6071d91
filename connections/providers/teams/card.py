"""The alert as an Adaptive Card 1.4 in the envelope that workflows expect.

All text stands in text runs, which know no Markdown, so that nothing of an event becomes a link or a mention.
Sources: https://adaptivecards.io/explorer/TextRun.html and
https://learn.microsoft.com/en-us/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using

Teams refuses messages above 28 kB, measured after it has packed the card once more
(https://github.com/MicrosoftDocs/msteams-docs/issues/11274). The shares below are measured like that, too, and come to
less than 20 kB.
"""

from __future__ import annotations

import json
from typing import Any

from connections import alerts
from connections.provider import Job

VERSION = "1.4"
TITLE_MOST = 300  # this and all below are bytes as Teams counts them, lines and fields apart
TEXT_MOST = 6_000
LINES_MOST = 30
FIELDS_MOST = 10
FIELDS_SHARE = 3_500  # all fields together
LABEL_MOST = 80
LINK_MOST = 1_500
FOOTER_MOST = 600
FALLBACK_MOST = 400

_STYLES = {"critical": "attention", "high": "attention", "medium": "warning", "low": "accent"}

Element = dict[str, Any]


def message(job: Job) -> Element:
    """What is posted to the workflow."""
    content = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": _card(job)}
    return {"type": "message", "attachments": [content]}


def notes(job: Job) -> tuple[str, ...]:
    """What of the rule's text is missing from the card, and why; a digest has none of it."""
    if job.digest:
        return ()
    found = []
    if _lines(job) != alerts.text(job).split("\n"):
        found.append("The text is longer than a message in Teams can be, so its end is missing.")
    if len(alerts.fields(job)) > FIELDS_MOST:
        found.append(f"A card shows {FIELDS_MOST} fields, so the others are missing.")
    if job.inputs.get("link", "").strip() and not _link(job):
        found.append("The link is no web address of a fitting length, so it is missing.")
    return tuple(found)


def _card(job: Job) -> Element:
    elements = [_head(job), *_text(job), *_table(job), _block(_run(_footer(job), size="Small", isSubtle=True))]
    link = _link(job)
    label = alerts.cut(f"Open {alerts.host_of(link)}", LABEL_MOST)
    return {
        "type": "AdaptiveCard",
        "$schema": "https://adaptivecards.io/schemas/adaptive-card.json",
        "version": VERSION,
        "fallbackText": _fallback(job),
        "msteams": {"width": "Full"},
        "body": elements,
        **({"actions": [{"type": "Action.OpenUrl", "title": label, "url": link}]} if link else {}),
    }


def _head(job: Job) -> Element:
    """Severity and title. Its id is the delivery's, by which a run of the workflow can be traced back."""
    mark = alerts.mark_for(job)
    severity = [_block(_run(f"{mark.emoji} {mark.word}", weight="Bolder"))] if mark else []
    title = _block(_run(_fit(alerts.title(job), TITLE_MOST), weight="Bolder", size="Large"), spacing="Small")
    style = _STYLES.get(mark.word.lower(), "emphasis") if mark else "emphasis"
    return {"type": "Container", "id": str(job.delivery_id), "style": style, "bleed": True, "items": [*severity, title]}


def _text(job: Job) -> list[Element]:
    """A block for each line, since not every client breaks lines inside one."""
    lines = _lines(job)
    gaps = ["Medium", *("None" if line.strip() else "Medium" for line in lines)]
    return [_block(_run(line), spacing=gap) for line, gap in zip(lines, gaps, strict=False) if line.strip()]


def _lines(job: Job) -> list[str]:
    lines = _fit(alerts.text(job), TEXT_MOST).split("\n")
    return lines if len(lines) <= LINES_MOST else [*lines[: LINES_MOST - 1], "…"]


def _table(job: Job) -> list[Element]:
    fields = alerts.fields(job)[:FIELDS_MOST]
    most = FIELDS_SHARE // max(len(fields), 1)
    return [_field(label, value, most, first=index == 0) for index, (label, value) in enumerate(fields)]


def _field(label: str, value: str, most: int, *, first: bool) -> Element:
    words = _fit(label, LABEL_MOST)
    runs = [_run(f"{words}: ", weight="Bolder")] if words else []
    return _block(*runs, _run(_fit(value, most - LABEL_MOST)), spacing="Medium" if first else "None")


def _link(job: Job) -> str:
    return alerts.link(job, most=LINK_MOST)


def _footer(job: Job) -> str:
    return _fit(alerts.footer(job), FOOTER_MOST)


def _fallback(job: Job) -> str:
    """What is read where cards are not shown."""
    mark = alerts.mark_for(job)
    said = ": ".join([mark.word, alerts.title(job)] if mark else [alerts.title(job)])
    return _fit(" ".join([*(f"[{badge}]" for badge in alerts.badges(job)), said]), FALLBACK_MOST)


def _block(*runs: Element, spacing: str = "Default") -> Element:
    return {"type": "RichTextBlock", "spacing": spacing, "inlines": list(runs)}


def _run(text: str, **looks: Any) -> Element:
    return {"type": "TextRun", "text": text, **looks}


def _fit(text: str, most: int) -> str:
    """The text, cut between characters to so many bytes as Teams counts them."""
    if len(text) <= most and weight(text) <= most:
        return text
    kept, room = 0, most - weight("…")
    while kept < len(text) and (room := room - weight(text[kept])) >= 0:
        kept += 1
    return text[:kept].rstrip() + "…"


def weight(text: str) -> int:
    """Bytes of a text in JSON that was packed into a JSON text again."""
    once = json.dumps(text, ensure_ascii=False)
    return len(json.dumps(once[1:-1], ensure_ascii=False).encode()) - 2
