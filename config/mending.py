"""The framework's faults of a field in plain words: what the field must be, and so how to mend it.

Its own sentences speak of types, patterns and parsers. Kinds: https://docs.pydantic.dev/latest/errors/validation_errors/
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_WORDS = {
    "missing": "is missing.",
    "extra_forbidden": "is not a field here: check its spelling.",
    "string_type": "must be a text.",
    "string_unicode": "must be a text.",
    "string_too_short": "must have at least {min_length} {characters}.",
    "string_too_long": "must be at most {max_length} characters long.",
    "string_pattern_mismatch": "holds characters that are not possible here.",
    "bool_type": "must be true or false.",
    "bool_parsing": "must be true or false.",
    "int_type": "must be a whole number.",
    "int_parsing": "must be a whole number.",
    "int_parsing_size": "must be a smaller number.",
    "int_from_float": "must be a whole number.",
    "float_type": "must be a number.",
    "float_parsing": "must be a number.",
    "greater_than": "must be more than {gt}.",
    "greater_than_equal": "must be at least {ge}.",
    "less_than": "must be less than {lt}.",
    "less_than_equal": "must be at most {le}.",
    "list_type": "must be a list.",
    "too_long": "may have at most {max_length} entries; this one has {actual_length}.",
    "too_short": "must have at least {min_length} entries.",
    "dict_type": "must be an object.",
    "model_type": "must be an object.",
    "model_attributes_type": "must be an object.",
    "uuid_type": "must be an id, such as 0190f5fe-7c00-7a00-8000-000000000001.",
    "uuid_parsing": "must be an id, such as 0190f5fe-7c00-7a00-8000-000000000001.",
    "uuid_version": "must be an id of another kind: version {expected_version}.",
    "enum": "must be one of {expected}.",
    "literal_error": "must be one of {expected}.",
    "datetime_type": "must be a moment such as 2026-12-24T08:00:00Z.",
    "datetime_parsing": "must be a moment such as 2026-12-24T08:00:00Z.",
    "datetime_from_date_parsing": "must be a moment such as 2026-12-24T08:00:00Z.",
    "timezone_aware": "must say its time zone, as in 2026-12-24T08:00:00Z.",
    "url_type": "must be an address such as https://example.com.",
    "url_parsing": "must be an address such as https://example.com.",
}
_OTHERWISE = "is not what it must be: see the description of this call in openapi.json."


def mend(fault: Mapping[str, Any]) -> str:
    """What the field must be. ``fault`` is one of the framework's, with its ``type`` and ``ctx``."""
    facts = dict(fault.get("ctx") or {})
    facts["characters"] = "character" if facts.get("min_length") == 1 else "characters"
    if "expected" in facts:
        facts["expected"] = str(facts["expected"]).replace("'", "").replace(" or ", ", ")
    if fault["type"] == "value_error" and "error" in facts:  # a check of our own, in our own words
        return str(facts["error"])
    try:
        return _WORDS.get(fault["type"], _OTHERWISE).format(**facts)
    except KeyError:
        return _OTHERWISE
