"""What an alert has in common whatever carries it: the severity's mark, the badges, the default texts, tame text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlsplit
from uuid import UUID

from connections.provider import Action, Digest, Field, Job

TITLE = '{{ event.type | replace: ".", " " | replace: "_", " " | capitalize }}'
MESSAGE = '{{ message | default: description | default: summary | default: "" }}'

TITLE_SHARE, LINE_SHARE = 100, 300  # characters of one event's title in a digest's title, and in its line

# C0 and C1 controls but tab and line feed, halves of surrogate pairs, and the marks that reorder what is read.
# Source for the last: CVE-2021-42574, where text reads otherwise than it runs.
_UNTAME = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069]")

_FIELD_LINE = re.compile(r"([^:]+):(?:\s+(.*))?")  # a space after the colon: times and addresses are no labels


@dataclass(frozen=True, slots=True)
class Mark:
    """How a severity is shown: never by colour alone, so that it is told without seeing it."""

    word: str
    emoji: str
    colour: str


_MARKS = {
    "debug": Mark("Debug", "⚫", "#5f6b7a"),
    "info": Mark("Info", "⚪", "#3f6ea8"),
    "low": Mark("Low", "🔵", "#2563ab"),
    "medium": Mark("Medium", "🟡", "#8a6100"),
    "high": Mark("High", "🟠", "#b4490f"),
    "critical": Mark("Critical", "🔴", "#b3202c"),
}


def mark_of(severity: str) -> Mark | None:
    """The mark of a severity; None when the event has none."""
    return _MARKS.get(severity)


def mark_for(job: Job) -> Mark | None:
    """The mark of the job's severity; of a digest, that of the worst in it."""
    return mark_of(next(iter(job.digest.by_severity), "") if job.digest else job.event.severity)


def badges(job: Job) -> list[str]:
    """What must never be overlooked: that this is not production, or only a test."""
    words = [] if job.workspace.environment == "production" else [job.workspace.environment]
    return [*words, "test"] if job.test else words


def footer(job: Job) -> str:
    """Where the alert comes from, in one line."""
    parts = [job.event.type, job.workspace.name, *badges(job), f"event {short(job.event.id)}"]
    return cut(one_line(" · ".join(parts)), 300)


def title_field(action: Action) -> Field | None:
    """Where a rule says how the alert is called: the input that has ``TITLE`` unless it says otherwise."""
    return next((asked for asked in action.fields if asked.default == TITLE), None)


def title(job: Job, key: str = "title") -> str:
    """What a rule calls its alert, from the input of that key, on one line; of a digest, its own title."""
    if job.digest:
        return digest_title(job.digest)
    return one_line(job.inputs.get(key, "")) or readable(job.event.type) or "Event"


def text(job: Job, key: str = "template") -> str:
    """The message, from the input of that key; of a digest, a line for each of the first few events."""
    if job.digest:
        return digest_text(job.digest)
    return tidy(job.inputs.get(key, "")).strip()


def fields(job: Job) -> list[tuple[str, str]]:
    """The rule's ``Label: value`` lines that have a value; a message that would say nothing shows the payload's own."""
    if job.digest:
        return digest_facts(job.digest)
    lines = tidy(job.inputs.get("fields", "")).splitlines()
    written = [(label, value) for label, value in map(_label_and_value, lines) if value]
    return written if written or text(job) else facts(job.event.payload)


def _label_and_value(line: str) -> tuple[str, str]:
    match = _FIELD_LINE.fullmatch(line.strip())
    return (match[1].strip(), (match[2] or "").strip()) if match else ("", line.strip())


def link(job: Job, *, most: int) -> str:
    """Where a click on the alert leads; empty for a digest, where it would lead to one of many."""
    return "" if job.digest else web_link(job.inputs.get("link", ""), most=most)


def digest_title(digest: Digest) -> str:
    """``12 events: Disk is full, and 11 more``."""
    first = cut(one_line(digest.first[0].title), TITLE_SHARE) if digest.first else ""
    return f"{digest.count:,} events" + (f": {first}, and {digest.count - 1:,} more" if first else "")


def digest_text(digest: Digest) -> str:
    """A line for each of the first few events, its severity before its title, and how many there are besides."""
    lines = [f"• {_with_severity(line.severity, cut(one_line(line.title), LINE_SHARE))}" for line in digest.first]
    more = digest.count - len(digest.first)
    return "\n".join([*lines, f"… and {more:,} more"] if more > 0 else lines)


def digest_facts(digest: Digest) -> list[tuple[str, str]]:
    """How many there are of each severity, and when the first and the last of them happened, as (label, value)."""
    counts = [(_word(severity), f"{count:,}") for severity, count in digest.by_severity.items()]
    return [*counts, ("First", _clock(digest.began_at)), ("Last", _clock(digest.ended_at))]


def _with_severity(severity: str, title: str) -> str:
    mark = mark_of(severity)
    return f"{mark.emoji} {mark.word}: {title}" if mark else title


def _word(severity: str) -> str:
    mark = mark_of(severity)
    return mark.word if mark else "Without severity"


def _clock(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def short(id: UUID) -> str:
    """The end of an id: enough to recognise it by, since ids of one minute begin alike."""
    return id.hex[-8:]


def readable(key: str) -> str:
    """``alert.triggered`` or ``account_id`` as words."""
    words = one_line(re.sub(r"[._-]+", " ", key))
    return words[:1].upper() + words[1:]


def facts(payload: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The payload's own plain values as (label, value), in their order; objects, lists and empty ones are left out."""
    found = [(readable(key), plain(value)) for key, value in payload.items()]
    return [(label, value) for label, value in found if label and value]


def plain(value: object) -> str:
    """A plain value as words; objects, lists and nothing are empty."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None or isinstance(value, dict | list | tuple):
        return ""
    return tidy(str(value)).strip()


def tidy(text: str) -> str:
    """The text without what could break a line protocol or turn its reading round; line ends as ``\\n``."""
    return _UNTAME.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def one_line(text: str) -> str:
    """The text on one line, fit for a header, a title or a subject."""
    return " ".join(tidy(text).split())


def cut(text: str, most: int) -> str:
    """At most so many characters, and the sign that there was more."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def web_link(text: str, *, most: int) -> str:
    """The address, percent-encoded where it must be; empty when it is not a web address or longer than ``most``."""
    address = one_line(text)
    if not host_of(address):
        return ""
    encoded = quote(address, safe="!#$%&'()*+,/:;=?@[]~")
    return encoded if len(encoded) <= most else ""


def host_of(address: str) -> str:
    """The host that a web address really leads to; empty when it is none."""
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
    except ValueError:
        return ""
    return host if parts.scheme in ("http", "https") and re.fullmatch(r"[\w.:-]+", host) else ""
