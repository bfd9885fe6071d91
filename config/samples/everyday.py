"""What nearly every page is made of: buttons, fields, badges, lists, a rule, a timeline, a chart."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from connections.icons import icon

ID = "0190f5fe-7c00-7a00-8000-000000000001"  # for links that lead nowhere
ENVIRONMENTS = ("production", "staging", "development")
BADGES = {
    "what became of it": ("completed", "pending", "processing", "failed", "canceled"),
    "a delivery": ("delivered", "retrying", "held", "silent"),
    "any word": ("success", "warning", "danger", "muted"),
}
BANNERS = (
    ("", "We are mailing two people a question.", "See who"),
    ("success", "Slack is connected.", "Choose a channel"),
    ("warning", "2 deliveries wait for it.", "Switch it on"),
    ("danger", "Slack says that the token was revoked.", "Reconnect"),
)


def samples(now: datetime) -> dict[str, Any]:
    """Each component, in the states that it has."""
    allowed = ("see_connections", "see_events", "see_payload", "change_rules", "connect", "resend")
    return {
        "may": dict.fromkeys(allowed, True),
        "environments": ENVIRONMENTS,
        "badges": BADGES,
        "banners": BANNERS,
        "severities": ("any", "debug", "info", "low", "medium", "high", "critical"),
        "steps": range(6),
        "errors": {"sample-wrong": "The address must begin with https://."},
        "fields": [_field("sample-plain"), _field("sample-wrong", error="The address must begin with https://.")],
        "marks": _marks(),
        "plugged": [_plugged(now, name, how) for name, how in _health(now).items()],
        "conditions": [_condition(1), _condition(2, errors={"value": "A number is needed here, such as 1000."})],
        "sentence": SENTENCE,
        "row": _rule_row(active=True),
        "row_off": _rule_row(active=False),
        "attempts": [_attempt(now, 2, good=True), _attempt(now, 1, good=False)],
        "line": _line(now),
        "bars": _bars(),
        "days": [_day(now, away) for away in range(6, -1, -1)],
        **_directory(now),
    }


SENTENCE = (
    {"kind": "text", "value": "When "},
    {"kind": "event", "value": "alert.triggered"},
    {"kind": "text", "value": " happens with a severity of at least "},
    {"kind": "severity", "value": "high"},
    {"kind": "text", "value": " and "},
    {"kind": "field", "value": "value"},
    {"kind": "text", "value": " is more than "},
    {"kind": "value", "value": "1000"},
    {"kind": "text", "value": ", post to "},
    {"kind": "place", "value": "#alerts"},
)


def _field(id: str, *, error: str = "") -> dict[str, Any]:
    asked = {"label": "Address", "hint": "Where we send the event to.", "required": True, "max_length": 200}
    value = "http://hooks.example.com" if error else "https://hooks.example.com"
    return {"id": id, "asked": asked, "control": "url", "value": value, "error": error}


def _marks() -> list[dict[str, str]]:
    said = (("good", "check", "delivered"), ("wait", "clock", "waiting"), ("bad", "cross", "failed"))
    return [
        {"tone": tone, "icon": drawing, "word": word} for tone, drawing, word in (*said, ("muted", "silent", "silent"))
    ]


def _health(now: Any) -> dict[str, dict[str, Any]]:
    lost = {"what": "Slack says that the token was revoked.", "since": now - timedelta(days=2)}
    return {
        "Slack Casterly Rock": {"tone": "good", "icon": "check", "word": "healthy", "good": True},
        "Slack Springfield": {"tone": "bad", "icon": "warning", "word": "needs you", "good": False, **lost},
        "On-call bridge": {"tone": "muted", "icon": "silent", "word": "off", "good": True},
    }


def _plugged(now: Any, name: str, how: dict[str, Any]) -> dict[str, Any]:
    waiting = 0 if how["good"] else 37
    return {
        "id": name.replace(" ", "-"),
        "url": "#row",
        "name": name,
        "provider": "Slack",
        "waiting": waiting,
        "how": how,
    }


def _condition(number: int, *, errors: dict[str, str] | None = None) -> dict[str, Any]:
    return {
        "row": {
            "number": number,
            "field": "value",
            "op": "gt",
            "value": "many" if errors else "1000",
            "form": "number",
        },
        "errors": errors or {},
        "ids": {name: f"c-{number}-{name}" for name in ("field", "op", "value", "other", "highest", "factor")},
        "operators": [("gt", "is more than"), ("lt", "is less than")],
        "compares": True,
        "samples": ["1840", "4210"],
    }


def _rule_row(*, active: bool) -> dict[str, Any]:
    connection = {"name": "Slack Casterly Rock", "active": active}
    return {
        "rule": {"id": ID[:-1] + str(int(active)), "name": "High alerts", "active": active, "connection": connection},
        "provider": "Slack",
        "icon": icon("slack"),
        "sentence": SENTENCE,
    }


def _attempt(now: Any, number: int, *, good: bool) -> dict[str, Any]:
    answer = "HTTP/1.1 200 OK" if good else "HTTP/1.1 500 Internal Server Error"
    return {
        "good": good,
        "attempt": {
            "id": f"sample-{number}",
            "number": number,
            "started_at": now - timedelta(minutes=5 - number),
            "duration_ms": 38 * number,
            "reason": "The receiver took it." if good else "The receiver had a fault of its own (500).",
        },
        "exchanges": [{"request": "POST /casterly/on-call HTTP/1.1", "answer": answer}],
    }


def _line(now: Any) -> dict[str, Any]:
    event = {"event": "alert.triggered", "resource": "alert", "resource_id": "alrt_tyrion_42", "severity": 4, "id": ID}
    names = ("Slack Casterly Rock", "On-call bridge", "Mail")
    places = [{"name": name, "mark": mark, "times": 1} for name, mark in zip(names, _marks(), strict=False)]
    return {"event": {**event, "created_at": now - timedelta(minutes=3)}, "destinations": places}


def _bars() -> list[dict[str, str]]:
    shares = ((20, 0, 0), (45, 5, 0), (30, 0, 0), (80, 10, 0), (55, 0, 0), (10, 0, 0), (65, 15, 10))
    return [bar for day, parts in enumerate(shares) for bar in _stack(day, parts)]


def _stack(day: int, parts: tuple[int, ...]) -> Iterator[dict[str, str]]:
    """One day's share of each fate in percent, one on top of the other."""
    top = 100
    for tone, height in zip(("good", "bad", "wait"), parts, strict=True):
        top -= height
        yield {"tone": tone, "x": f"{day * 100 / 7 + 2:.1f}%", "y": f"{top}%", "width": "10%", "height": f"{height}%"}


def _day(now: Any, away: int) -> dict[str, Any]:
    return {
        "date": now - timedelta(days=away),
        "delivered": 120 + 7 * away,
        "failed": away % 3,
        "waiting": 0,
        "canceled": 0,
    }


def _directory(now: Any) -> dict[str, Any]:
    names = ("alerts", "board", "old-ops")
    return {
        "kind": {"key": "channel", "label": "channel", "label_plural": "channels"},
        "entries": [_entry(name) for name in names],
        "summary": {"complete": True, "count": 1284},
        "read_at": now - timedelta(minutes=12),
        "connection": {"id": ID},
        "list": "sample-open-list",
        "by": "sample-open",
    }


def _entry(name: str) -> dict[str, Any]:
    archived = name == "old-ops"
    facts = {"is_private": name == "board", "num_members": None if name == "board" else 42}
    return {"external_id": name, "name": name, "usable": not archived, "archived": archived, "facts": facts}
