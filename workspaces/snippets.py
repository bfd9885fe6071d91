"""How to send the first event, ready to be copied: with the workspace's own key and address."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings

_CURL = """\
curl {url} \\
  -H 'X-Meshes-Publishable-Key: {key}' \\
  -H 'Content-Type: application/json' \\
  -d '{{
    "event": "alert.triggered",
    "resource": "alert",
    "resource_id": "alrt_42",
    "payload": {{"severity": "high", "value": 1840, "threshold": 1000}}
  }}'"""
_JAVASCRIPT = """\
await fetch("{url}", {{
  method: "POST",
  headers: {{
    "X-Meshes-Publishable-Key": "{key}",
    "Content-Type": "application/json",
  }},
  body: JSON.stringify({{
    event: "alert.triggered",
    resource: "alert",
    resource_id: "alrt_42",
    payload: {{ severity: "high", value: 1840, threshold: 1000 }},
  }}),
}});"""
_PYTHON = """\
import requests

answer = requests.post(
    "{url}",
    headers={{"X-Meshes-Publishable-Key": "{key}"}},
    json={{
        "event": "alert.triggered",
        "resource": "alert",
        "resource_id": "alrt_42",
        "payload": {{"severity": "high", "value": 1840, "threshold": 1000}},
    }},
    timeout=10,
)
answer.raise_for_status()"""


@dataclass(frozen=True, slots=True)
class Snippet:
    """One language's way to send an event."""

    id: str
    name: str
    text: str


def snippets(key: str) -> Sequence[Snippet]:
    """With this publishable key."""
    url = f"{settings.PUBLIC_URL}/api/v1/events"
    told = (("curl", "curl", _CURL), ("javascript", "JavaScript", _JAVASCRIPT), ("python", "Python", _PYTHON))
    return [Snippet(id, name, text.format(url=url, key=key)) for id, name, text in told]
