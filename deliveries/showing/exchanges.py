"""What was sent and what came back, as a person reads and copies it. All of it was redacted when it was stored."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_TOKEN = re.compile(r'"(?:\\.|[^"\\])*"|\{\s*\}|\[\s*\]|[{}\[\],:]|[^\s{}\[\],:"]+')
_STEP = "  "


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and what came back. ``cut``: bodies were longer than what is kept."""

    request: str
    answer: str
    cut: bool


def exchange(stored: Mapping[str, Any], *, payload: bool) -> Exchange:
    """One of ``Attempt.exchanges``. Without ``payload`` nothing is told that could repeat the event's own words."""
    request, answer = stored.get("request") or {}, stored.get("response") or {}
    to = request.get("url", "") or ", ".join(request.get("to", ()))
    subject = [f"Subject: {request['subject']}"] if payload and "subject" in request else []
    status = answer.get("status") or " ".join(filter(None, (answer.get("trouble", ""), answer.get("detail", ""))))
    return Exchange(
        request=_text(f"{request.get('method', '')} {to}".strip(), subject, request, payload=payload),
        answer=_text(str(status), [], answer, payload=payload),
        cut=any("sha256" in kept or kept.get("truncated") for kept in (request, answer)),
    )


def _text(first: str, more: list[str], kept: Mapping[str, Any], *, payload: bool) -> str:
    headers = [f"{name}: {value}" for name, value in kept.get("headers", {}).items()]
    body = pretty(kept.get("body", "")) if payload else ""
    return "\n".join([first, *more, *headers, *(["", body] if body else [])])


def pretty(text: str) -> str:
    """JSON with a line for each member, order and numbers as they came; anything else as it is."""
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return text
    depth, found = 0, list[str]()
    for token in _TOKEN.findall(text):
        match token[0]:
            case "{" | "[" if len(token) == 1:
                depth += 1
                found.append(f"{token}\n{_STEP * depth}")
            case "}" | "]":
                depth -= 1
                found.append(f"\n{_STEP * depth}{token}")
            case ",":
                found.append(f",\n{_STEP * depth}")
            case ":":
                found.append(": ")
            case _:
                found.append(token)
    return "".join(found)
