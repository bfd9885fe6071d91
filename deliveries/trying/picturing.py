"""A preview as the page shows it: the picture, and every fault and note beside the field that it is about."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connections.provider import Action
from deliveries.trying.cards import card_in
from deliveries.trying.preview import Picture, Preview
from rules.showing import storable

BODY_MOST = 20_000  # characters of a body that are shown


@dataclass(frozen=True, slots=True)
class Aside:
    """What is said beside one input."""

    key: str
    fault: str
    notes: list[str]


def pictured(found: Preview, *, action: Action, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """For the template. What is not typed yet, or not picked yet, is not blamed: saving does that."""
    typed = {one.key for one in action.fields if inputs.get(one.key) and not one.directory}
    faults = {param.removeprefix("metadata."): words for param, words in found.faults}
    stems = [f"{one.label}: " for one in action.fields]
    return {
        "found": found,
        "picture": found.picture,
        "card": card_in(found.picture.body) if found.picture else None,
        "body": readable(found.picture) if found.picture else "",
        "asides": [
            Aside(one.key, faults.get(one.key, "") if one.key in typed else "", _about(one.label, found))
            for one in action.fields
        ],
        "notes": [note for note in found.notes if not note.startswith(tuple(stems))],
    }


def readable(picture: Picture) -> str:
    """The body, indented if it is JSON."""
    try:
        text = json.dumps(json.loads(picture.body), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        text = picture.body
    return storable(text)[:BODY_MOST]


def _about(label: str, found: Preview) -> list[str]:
    """The notes that begin with an input's label, without it."""
    stem = f"{label}: "
    words = [note.removeprefix(stem) for note in found.notes if note.startswith(stem)]
    return [f"{one[:1].upper()}{one[1:]}" for one in words]
