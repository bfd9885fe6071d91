"""Every request that we make of Slack and Resend: the providers' own courses, over a great many jobs."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from types import GeneratorType
from typing import Any
from unittest.mock import patch

from connections import http, oauth
from connections.provider import Action, Answer, Client, Field, Job, Kind, Provider, Reply, Request, Step
from connections.registry import provider
from rules import templates
from rules.severity import Severity
from tests.connections.providers import contract
from tests.connections.providers.contract import Example, example_of, job_of
from tests.odd_payloads import odd_payloads

PROVIDERS = Path(__file__).parents[2] / "connections" / "providers"
CLIENT = Client("1.2", "hush-hush-hush")
_LONG = tuple((text * contract.LONG)[: contract.LONG] for text in ("x", "&", "🙂", "A: b\n", "https://a.example/&"))


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, and the line of the provider's code that made it, such as ``calls.py:12``."""

    request: Request
    line: str


def every_request(slug: str, nth: int = 1) -> Iterator[Asked]:
    """All that we ask of one vendor. Of the deliveries each ``nth`` is taken, the first always."""
    found, example = provider(slug), example_of(slug)
    for number, reply in enumerate(_REPLIES[slug](example)):
        for job in islice(jobs_of(found, example), 0, None, 10 * nth if number else nth):
            yield from walk(found.deliver(job), reply)
        for settings in (example.settings, {}):
            yield from _directories(found, replace(example, settings=settings), reply)
    yield from walk(found.revoke(example.credentials), contract.accepted)
    yield from _sign_in(found) if found.oauth else ()


def walk(course: Generator[Step, Reply, object], reply: Callable[[Step], Reply]) -> Iterator[Asked]:
    """The requests of a course whose steps are all answered so."""
    try:
        step = next(course)
        while True:
            assert isinstance(step, Request)
            yield Asked(step, _line(course))
            step = course.send(reply(step))
    except StopIteration:
        return


def asking_lines(slug: str) -> set[str]:
    """The lines of a provider's code that make requests: its ``yield``s."""
    sources = (PROVIDERS / slug).glob("*.py")
    nodes = ((path, node) for path in sources for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    return {f"{path.name}:{node.lineno}" for path, node in nodes if isinstance(node, ast.Yield)}


def _line(course: object) -> str:
    assert isinstance(course, GeneratorType)
    if course.gi_yieldfrom is not None:
        return _line(course.gi_yieldfrom)
    assert course.gi_frame is not None
    return f"{Path(course.gi_code.co_filename).name}:{course.gi_frame.f_lineno}"


# --------------------------------------------------------------------------- jobs


def jobs_of(found: Provider, example: Example) -> Iterator[Job]:
    """Many different deliveries of each of the provider's actions."""
    for action in found.actions:
        yield from _usual(example, action)
        yield from _odd(example, action)


def _usual(example: Example, action: Action) -> Iterator[Job]:
    job = job_of(example, action.key)
    for severity in ("", *(step.label for step in Severity)):
        yield replace(job, event=replace(job.event, severity=severity))
    yield replace(job, test=True)
    yield replace(job, workspace=replace(job.workspace, environment="staging"), attempt=7)
    for text in (*_LONG, *contract.HOSTILE, ""):
        yield from (replace(job, inputs=inputs) for inputs in _with(action, job.inputs, text))
        whole = text.encode(errors="ignore").decode()
        yield replace(job, event=replace(job.event, type=whole, resource=whole, resource_id=whole))
        yield from (replace(job, digest=contract.digest_of(whole, count)) for count in (2, 1_200) if action.digest)


def _with(action: Action, inputs: Mapping[str, str], text: str) -> Iterator[dict[str, str]]:
    """The text in each template alone, and in all of them."""
    keys = [field.key for field in action.fields if field.kind is Kind.TEMPLATE]
    yield from ({**inputs, key: text} for key in keys)
    yield {**inputs, **dict.fromkeys(keys, text)}


def _odd(example: Example, action: Action) -> Iterator[Job]:
    """A rule as it is made, with the texts that it proposes, over events as senders of the world write them."""
    for text in odd_payloads():
        event = contract.with_payload(text)
        scope = templates.scope(payload=event.payload, event={"type": event.type}, workspace={}, severity="high")
        filled = {field.key: _filled(field, scope, example.inputs[action.key]) for field in action.fields}
        # VALUE is what a template of the example's declares to be a number.
        values = "\n".join(f"{name}: {value}\nVALUE: {value}" for name, value in event.payload.items())
        yield job_of(example, action.key, event=event, inputs=filled)
        if listed := filled.keys() & {"variables", "fields", "template"}:
            yield job_of(example, action.key, event=event, inputs={**filled, **dict.fromkeys(listed, values)})


def _filled(field: Field, scope: Mapping[str, Any], usual: Mapping[str, str]) -> str:
    said = templates.render(field.default, scope).text if field.default else ""
    return said or (usual[field.key] if field.required else "")


# --------------------------------------------------------------------------- directories, and signing in


def _directories(found: Provider, example: Example, reply: Callable[[Step], Reply]) -> Iterator[Asked]:
    account: dict[str, Any] = {"settings": example.settings, "credentials": example.credentials}
    for kind, pasted in example.pasted.items():
        found.directory_kind(kind)
        for cursor in ("", "public_channel dGVhbTpDMDYx+/=", found.entry_id(kind, pasted)):
            yield from walk(found.directory(kind, cursor, **account), reply)
        yield from walk(found.find_entry(kind, pasted, **account), reply)


def _sign_in(found: Provider) -> Iterator[Asked]:
    """What goes out when somebody signs in, and when a token is renewed."""
    asked: list[Request] = []

    def send(request: Request, **_: object) -> Reply:
        asked.append(request)
        return Answer(status=200, body=b"{}")

    with patch.object(http, "send", send):
        oauth.exchange(found, CLIENT, code="c/+ode", verifier="", now=contract.NOW, asked={})
        oauth.renew(found, CLIENT, "xoxe-1-not a token", now=contract.NOW, asked={})
    yield from (Asked(request, "") for request in asked)


# --------------------------------------------------------------------------- answers


def _says(answer: Mapping[str, Any], status: int = 200) -> Answer:
    return Answer(status=status, body=json.dumps(answer).encode())


def _slack(example: Example) -> Iterator[Callable[[Step], Reply]]:
    """A content Slack, one that asks for a permission, and one that does not know the channel."""
    yield example.accepted
    yield lambda _step: _says({"ok": False, "error": "missing_scope", "needed": "groups:read"})
    yield lambda _step: _says({"ok": False, "error": "channel_not_found"})


def _resend(example: Example) -> Iterator[Callable[[Step], Reply]]:
    """A content Resend, one that knows nobody, and one whose key may only send."""
    yield example.accepted
    yield lambda step: _says({"name": "not_found"}, 404) if "/contacts/" in _url(step) else example.accepted(step)
    yield lambda step: _says({"name": "restricted_api_key"}, 401) if "/templates/" in _url(step) else _says({})


def _url(step: Step) -> str:
    assert isinstance(step, Request)
    return step.url


_REPLIES = {"slack": _slack, "resend": _resend}
