"""The three bodies of a webhook: the event wrapped, its payload alone, or what a rule's template comes to."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import NoReturn

from connections.envelope import wrapped
from connections.provider import Fault, Job

JSON = "application/json"

_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]{1,60}/[a-z0-9!#$&^_.+-]{1,60}", re.IGNORECASE)  # RFC 6838, section 4.2
_CHARSET = re.compile(r" *; *charset *= *\"?utf-8\"? *", re.IGNORECASE)
_NO_TYPE = "That is no content type. Write it as application/json or text/plain; what is sent is UTF-8."
_NO_JSON = (
    "The body comes to no JSON: {why}"
    " Write values with the filter json and without quotation marks, as in {{{{ title | json }}}}."
)


def body(job: Job) -> bytes:
    """The bytes that are sent and signed."""
    if has_template(job.inputs):
        return job.inputs["body_template"].encode("utf-8", "replace")  # an event may hold half a character
    return wrapped(job) if is_wrapped(job) else job.event.payload_text.encode()


def content_type(job: Job) -> str:
    """What the body is."""
    return (job.inputs.get("content_type") or JSON) if has_template(job.inputs) else JSON


def is_wrapped(job: Job) -> bool:
    """Whether the body itself tells whose payload it is; else headers have to."""
    return not has_template(job.inputs) and job.settings.get("payload_mode") != "raw"


def has_template(inputs: Mapping[str, str]) -> bool:
    """Whether the rule writes the body itself."""
    return bool(inputs.get("body_template", "").strip())


def check_type(inputs: Mapping[str, str]) -> list[Fault]:
    """Whether the content type is one that a header can carry, for a text in UTF-8."""
    kind, semicolon, _ = (inputs.get("content_type") or JSON).partition(";")
    rest = (inputs.get("content_type") or JSON).removeprefix(kind)
    right = _TYPE.fullmatch(kind) and (not semicolon or _CHARSET.fullmatch(rest))
    return [] if right else [Fault(field="content_type", message=_NO_TYPE)]


def check_json(inputs: Mapping[str, str]) -> list[Fault]:
    """Whether what the template came to is JSON, where its content type says so."""
    if not has_template(inputs) or not _says_json(inputs.get("content_type") or JSON):
        return []
    why = _no_json(inputs["body_template"])
    return [Fault(field="body_template", message=_NO_JSON.format(why=why))] if why else []


def _says_json(content_type: str) -> bool:
    kind = content_type.partition(";")[0].strip().lower()
    return kind == JSON or kind.endswith("+json")


def _no_json(text: str) -> str:
    try:
        json.loads(text, parse_int=str, parse_float=str, parse_constant=_refuse)
    except json.JSONDecodeError as fault:
        return f"line {fault.lineno} of what is sent, character {fault.colno}: {fault.msg}."
    except ValueError as fault:
        return f"{fault}."
    except RecursionError:
        return "it is nested too deeply."
    return ""


def _refuse(constant: str) -> NoReturn:
    """Python reads more than JSON holds."""
    raise ValueError(f"{constant} is no number there")
