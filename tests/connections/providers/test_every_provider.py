"""The contract of every provider folder. Declarations, courses, secrets, faults, limits, documentation."""

from __future__ import annotations

import ast
import json
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from connections.provider import (
    Action,
    Answer,
    Auth,
    DirectoryPage,
    Entry,
    Failure,
    Field,
    Job,
    Kind,
    Mail,
    Outcome,
    Provider,
    Record,
    Reply,
    Request,
    Trouble,
    Unread,
)
from connections.registry import all_providers, provider
from rules import templates
from tests.connections.providers import contract
from tests.connections.providers.contract import Example, example_of, follow, job_of
from tests.connections.providers.naming import names
from tests.imports import imports_of

ROOT = Path(__file__).parents[3]
FOLDERS = ROOT / "connections" / "providers"

every_provider = pytest.mark.parametrize("slug", sorted(all_providers()))
every_action = pytest.mark.parametrize(
    ("slug", "action"), [(slug, action.key) for slug, found in all_providers().items() for action in found.actions]
)

# Parts of the standard library that reach outside, ask the clock or roll dice: all of that is the pipeline's.
OUTSIDE = frozenset(
    {"asyncio", "ftplib", "io", "logging", "os", "pathlib", "random", "secrets", "shutil", "smtplib", "socket"}
    | {"sqlite3", "ssl", "subprocess", "threading", "time", "tempfile", "uuid1", "http", "urllib.request"}
)
ALLOWED = (sys.stdlib_module_names - OUTSIDE) | {"standardwebhooks"}


def provider_and_example(slug: str) -> tuple[Provider, Example]:
    return provider(slug), example_of(slug)


def all_fields(found: Provider) -> list[tuple[Field, tuple[Field, ...]]]:
    groups = [found.fields, *(action.fields for action in found.actions)]
    return [(field, group) for group in groups for field in group]


# --------------------------------------------------------------------------- declarations


@every_provider
def test_its_slug_is_the_name_of_its_folder(slug: str) -> None:
    assert (FOLDERS / slug / "provider.py").is_file()
    assert type(provider(slug)).__module__ == f"connections.providers.{slug}.provider"


@every_provider
def test_it_says_what_it_is(slug: str) -> None:
    found = provider(slug)
    assert found.name
    assert found.description.endswith(".")
    assert isinstance(found.auth, Auth)
    assert (found.oauth is not None) == (found.auth is Auth.OAUTH)


@every_provider
def test_its_actions_have_distinct_keys_and_labels_for_people(slug: str) -> None:
    actions = provider(slug).actions
    assert actions, "a connection that can do nothing is none"
    assert len({action.key for action in actions}) == len(actions)
    for action in actions:
        assert re.fullmatch("[a-z][a-z_]*", action.key)
        assert action.label[0].isupper()
        assert action.does.format(place="p", connection="c") != action.does, "a rule says where"
        assert action.max_requests >= 1


@every_provider
def test_its_paces_name_inputs_that_it_asks_for(slug: str) -> None:
    for action in provider(slug).actions:
        if action.pace:
            assert action.pace.per_second > 0
            assert set(action.pace.by) <= {field.key for field in action.fields}


@every_provider
def test_its_fields_are_well_formed(slug: str) -> None:
    for field, group in all_fields(provider(slug)):
        assert re.fullmatch("[a-z][a-zA-Z0-9_]*", field.key), field
        assert field.label[0].isupper() or field.label.startswith("X-"), field
        assert [other.key for other in group].count(field.key) == 1, field
        assert bool(field.options) == (field.kind is Kind.SELECT), field
        assert len(field.default) <= field.max_length, field
        if field.kind is Kind.SELECT:
            assert field.default in {value for value, _ in field.options} or field.required, field
        if field.secret:
            assert field.kind in (Kind.PASSWORD, Kind.URL), field
            assert field.default == "", field


@every_provider
def test_a_field_depends_only_on_a_choice_asked_before_it(slug: str) -> None:
    for field, group in all_fields(provider(slug)):
        if field.depends_on:
            key, value = field.depends_on
            before = {other.key: other for other in group[: group.index(field)]}
            assert value in {option for option, _ in before[key].options}, field


@every_provider
def test_secrets_are_asked_for_in_the_connection_and_never_in_a_rule(slug: str) -> None:
    assert not [field for action in provider(slug).actions for field in action.fields if field.secret]


@every_provider
def test_a_secret_is_bound_to_the_address_that_it_is_sent_to(slug: str) -> None:
    fields = provider(slug).fields
    addresses = {field.key for field in fields if field.kind is Kind.URL}
    for field in fields:
        if field.bound_to:
            assert field.secret, field
            assert field.bound_to in addresses, field
        elif field.secret:
            assert addresses <= {field.key}, field


@every_provider
def test_it_finds_nothing_wrong_with_its_own_example(slug: str) -> None:
    found, example = provider_and_example(slug)
    assert found.check_settings(example.settings, example.credentials) == []
    for action in found.actions:
        assert found.check_inputs(action.key, example.inputs[action.key]) == []


@every_provider
def test_its_example_holds_a_secret_for_each_it_asks_for(slug: str) -> None:
    found, example = provider_and_example(slug)
    asked = {field.key for field in found.fields if field.secret}
    assert asked <= set(example.credentials)
    assert example.credentials or found.auth is Auth.NONE
    assert all(len(secret) >= 12 for secret in example.credentials.values())


@every_provider
def test_the_secrets_it_makes_come_from_the_given_randomness_alone(slug: str) -> None:
    found, example = provider_and_example(slug)
    first, again, other = (found.new_credentials(example.settings, bytes([n]) * 32) for n in (1, 1, 2))
    assert first == again
    assert not first or set(first.values()).isdisjoint(other.values())


@every_provider
def test_its_icon_is_a_plain_drawing(slug: str) -> None:
    icon = FOLDERS / slug / "icon.svg"
    if icon.exists():
        drawing = icon.read_text(encoding="utf-8")
        assert drawing.startswith("<svg ")
        assert "viewBox" in drawing
        assert not re.search(r"script|style|href|\son\w+=|<!", drawing, re.IGNORECASE)


@every_provider
def test_its_page_in_the_documentation_names_all_that_it_asks_for(slug: str) -> None:
    found = provider(slug)
    page = (ROOT / "docs" / "destinations" / f"{slug}.md").read_text(encoding="utf-8")
    assert page.startswith(f"# {found.name}\n")
    named = [action.label for action in found.actions] + [field.label for field, _ in all_fields(found)]
    assert not [label for label in named if f"**{label}**" not in page]


@every_provider
def test_its_page_in_the_documentation_has_every_name_of_the_api_and_no_other(slug: str) -> None:
    page = (ROOT / "docs" / "destinations" / f"{slug}.md").read_text(encoding="utf-8")
    _, _, table = page.partition("## Names in the API\n")
    rows = [line for line in table.partition("\n## ")[0].splitlines() if line.startswith("| a ")]
    assert rows == names(provider(slug))


@every_provider
@pytest.mark.parametrize("payload", [{}, {"message": "Hi"}, contract.EVENT.payload], ids=str)
def test_the_texts_it_proposes_can_be_filled_in_from_any_event(slug: str, payload: dict[str, Any]) -> None:
    scope = templates.scope(
        payload=payload,
        event=dict.fromkeys(("id", "type", "resource", "resource_id", "created_at"), "x"),
        workspace=dict.fromkeys(("name", "tenant", "environment"), "x"),
        severity="",
    )
    for field, _ in all_fields(provider(slug)):
        rendered = templates.render(field.default, scope)
        assert (rendered.problem, rendered.missing) == ("", ()), field


# --------------------------------------------------------------------------- purity


def is_pure(name: str, slug: str) -> bool:
    if name.startswith("connections."):
        ours = ("provider.", "verdicts", "answers", "alerts", "envelope", f"providers.{slug}.")
        return name.removeprefix("connections.").startswith(ours)
    return name.partition(".")[0] in ALLOWED and not name.startswith("urllib.request")


@every_provider
def test_it_imports_nothing_that_acts(slug: str) -> None:
    names = [name for path in (FOLDERS / slug).rglob("*.py") for name in imports_of(path)]
    assert not [name for name in names if not is_pure(name, slug)]


@every_provider
def test_it_never_asks_the_clock(slug: str) -> None:
    for path in (FOLDERS / slug).rglob("*.py"):
        calls = [node.func for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
        asked = [call.attr for call in calls if isinstance(call, ast.Attribute)]
        assert not {"now", "utcnow", "today", "open"} & set(asked), path


# --------------------------------------------------------------------------- the course


@every_action
def test_it_delivers_when_the_destination_is_content(slug: str, action: str) -> None:
    found, example = provider_and_example(slug)
    course = follow(found, job_of(example, action), example.accepted)
    assert course.outcome.delivered
    contract.assert_sensible(course.outcome)


@every_action
def test_it_takes_no_more_steps_than_it_declares(slug: str, action: str) -> None:
    found, example = provider_and_example(slug)
    course = follow(found, job_of(example, action), example.accepted)
    assert 1 <= len(course.steps) <= found.action(action).max_requests


@every_action
def test_the_same_job_gives_the_same_steps(slug: str, action: str) -> None:
    found, example = provider_and_example(slug)
    first, again = (follow(found, job_of(example, action), example.accepted) for _ in range(2))
    assert first == again


@every_action
def test_a_retry_carries_the_same_delivery_id(slug: str, action: str) -> None:
    found, example = provider_and_example(slug)
    job = job_of(example, action)
    for attempt in (job, replace(job, attempt=2, now=job.now.replace(hour=23))):
        course = follow(found, attempt, example.accepted)
        named = [str(contract.DELIVERY) in contract.written(step) for step in course.steps]
        assert any(named) or not example.names_delivery


@every_action
def test_its_steps_go_over_the_wire_as_they_stand(slug: str, action: str) -> None:
    found, example = provider_and_example(slug)
    for step in follow(found, job_of(example, action), example.accepted).steps:
        contract.assert_sound(step)
        example.fits(step)


# --------------------------------------------------------------------------- secrets


@every_action
def test_no_secret_shows_in_the_job(slug: str, action: str) -> None:
    example = example_of(slug)
    job = job_of(example, action)
    assert not leaked(example, repr(job))


@every_action
def test_no_secret_is_left_in_a_step_once_its_own_list_is_masked(slug: str, action: str) -> None:
    found, example = provider_and_example(slug)
    for step in follow(found, job_of(example, action), example.accepted).steps:
        assert not leaked(example, contract.written(step))


@every_action
@pytest.mark.parametrize("status", [200, 400, 401, 403, 429, 500])
def test_a_destination_that_repeats_our_secret_does_not_get_it_into_the_outcome(
    slug: str, action: str, status: int
) -> None:
    found, example = provider_and_example(slug)
    for secret in example.credentials.values():
        said = dict.fromkeys(("error", "message", "error_description", "detail", "ts", "needed", "id", "name"), secret)
        for body in (json.dumps({"ok": False, **said}), json.dumps({"ok": True, **said}), json.dumps([said]), secret):
            echo = Answer(status=status, headers={"retry-after": secret, "date": secret}, body=body.encode())
            for reply in faults_at_each_step(found, example, action, echo):
                assert not leaked(example, repr(reply))


def leaked(example: Example, text: str) -> list[str]:
    return [form for secret in example.credentials.values() for form in contract.forms_of(secret) if form in text]


def faults_at_each_step(found: Provider, example: Example, action: str, fault: Reply) -> Iterator[Outcome]:
    """The outcomes when the first step fails, when the second does, and so on."""
    steps = follow(found, job_of(example, action), example.accepted).steps
    for index in range(len(steps)):
        yield follow(found, job_of(example, action), contract.failing_from(index, example, fault)).outcome


# --------------------------------------------------------------------------- faults


def speaks_http(found: Provider, example: Example, action: str) -> bool:
    return isinstance(follow(found, job_of(example, action), example.accepted).steps[0], Request)


@every_action
@pytest.mark.parametrize("status", sorted(contract.STATUSES))
def test_it_knows_what_a_status_means(slug: str, action: str, status: int) -> None:
    found, example = provider_and_example(slug)
    if not speaks_http(found, example, action):
        return
    fault = Answer(status=status, headers={"retry-after": "17"}, body=b"")
    for outcome in faults_at_each_step(found, example, action, fault):
        contract.assert_sensible(outcome)
        assert outcome.code is contract.STATUSES[status]
        patient = status in (408, 429) or status >= 500
        assert outcome.retry or not patient
        assert outcome.retry_after == (17 if patient else None)


@every_action
@pytest.mark.parametrize("trouble", list(Trouble))
def test_it_knows_what_a_trouble_means(slug: str, action: str, trouble: Trouble) -> None:
    found, example = provider_and_example(slug)
    if isinstance(follow(found, job_of(example, action), example.accepted).steps[0], Record):
        return
    for outcome in faults_at_each_step(found, example, action, Failure(trouble=trouble, detail="said the door.")):
        contract.assert_sensible(outcome)
        assert outcome.code is contract.TROUBLES[trouble]
        assert outcome.retry or trouble in contract.FINAL_TROUBLES


@every_action
@pytest.mark.parametrize("body", contract.RUBBISH, ids=lambda body: repr(body[:20]))
@pytest.mark.parametrize("status", [200, 400, 500])
def test_rubbish_for_an_answer_is_an_outcome_too(slug: str, action: str, status: int, body: bytes) -> None:
    found, example = provider_and_example(slug)
    for truncated in (False, True):
        for outcome in faults_at_each_step(found, example, action, Answer(status, body=body, truncated=truncated)):
            contract.assert_sensible(outcome)


# --------------------------------------------------------------------------- long and hostile text


def assert_fits(found: Provider, example: Example, job: Job) -> None:
    course = follow(found, job, example.accepted)
    contract.assert_sensible(course.outcome)
    for step in course.steps:
        contract.assert_sound(step)
        example.fits(step)


def every_input(action: Action, example: Example, text: str) -> Iterator[Mapping[str, str]]:
    """The text in each input alone, and in all of them; what is not a template is checked when it is saved."""
    keys = [field.key for field in action.fields if field.kind is Kind.TEMPLATE]
    usual = example.inputs[action.key]
    yield from ({**usual, key: text} for key in keys)
    yield {**usual, **dict.fromkeys(keys, text)}
    yield {**usual, **dict.fromkeys(keys, "")}


@every_action
@pytest.mark.parametrize(
    "text", ["x", "&", "<", '"', "é", "🙂", "\n", "a: b\n", "https://a.example/&", " x", "a: " + "x" * 5_000 + "\n"]
)
def test_the_longest_text_still_fits(slug: str, action: str, text: str) -> None:
    found, example = provider_and_example(slug)
    longest = (text * contract.LONG)[: contract.LONG]
    for inputs in every_input(found.action(action), example, longest):
        assert_fits(found, example, job_of(example, action, inputs=inputs))


@every_action
def test_the_largest_payload_still_fits(slug: str, action: str) -> None:
    found, example = provider_and_example(slug)
    for payload in ({"k" * contract.LONG: "<&" * contract.LONG}, {f"key_{n}": "v" * 300 for n in range(800)}):
        event = contract.with_payload(json.dumps(payload))
        blank = dict(list(every_input(found.action(action), example, ""))[-1])
        assert_fits(found, example, job_of(example, action, event=event))
        assert_fits(found, example, job_of(example, action, event=event, inputs=blank))


@every_action
@pytest.mark.parametrize("text", contract.HOSTILE, ids=ascii)
def test_hostile_text_stays_text(slug: str, action: str, text: str) -> None:
    found, example = provider_and_example(slug)
    payload = json.dumps({"note": text, text: "value"})
    whole = text.encode(errors="ignore").decode()  # what is no text at all never gets past the door
    event = replace(contract.with_payload(payload), type=whole, resource=whole, resource_id=whole)
    workspace = replace(contract.WORKSPACE, name=whole, tenant=whole, environment="staging")
    for inputs in every_input(found.action(action), example, text):
        job = job_of(example, action, inputs=inputs, event=event, workspace=workspace, test=True)
        assert_fits(found, example, job)


@pytest.mark.parametrize(
    ("slug", "action"),
    [(slug, one.key) for slug, found in all_providers().items() for one in found.actions if one.digest],
)
@pytest.mark.parametrize(
    "text", ["Disk is full", *contract.HOSTILE, "x" * contract.LONG], ids=lambda text: ascii(text)[:40]
)
def test_a_digest_is_one_message_that_fits_and_whose_titles_stay_text(slug: str, action: str, text: str) -> None:
    found, example = provider_and_example(slug)
    whole = text.encode(errors="ignore").decode()  # what is no text at all never gets past the door
    job = job_of(example, action, digest=contract.digest_of(whole))
    assert_fits(found, example, job)
    assert len(follow(found, job, example.accepted).steps) == 1


@every_action
def test_mail_goes_to_the_confirmed_recipients_only(slug: str, action: str) -> None:
    found, example = provider_and_example(slug)
    for step in follow(found, job_of(example, action), example.accepted).steps:
        if isinstance(step, Mail):
            assert step.to == example.recipients


# --------------------------------------------------------------------------- directories

every_directory = pytest.mark.parametrize(
    ("slug", "kind"), [(slug, kind.key) for slug, found in all_providers().items() for kind in found.directories]
)
every_question = pytest.mark.parametrize("question", ["page", "look_up"])


def asked(slug: str, kind: str, question: str, reply: Reply) -> tuple[list[Request], DirectoryPage | Entry | Unread]:
    """What a provider asks, and what it makes of one and the same answer to everything."""
    found, example = provider_and_example(slug)
    account = {"settings": example.settings, "credentials": example.credentials}
    if question == "page":
        return contract.list_page(found, kind, "", lambda _step: reply, **account)
    return contract.look_up(found, kind, example.pasted[kind], lambda _step: reply, **account)


@every_provider
def test_a_field_is_picked_from_a_directory_that_the_provider_has(slug: str) -> None:
    found = provider(slug)
    for field, _ in all_fields(found):
        assert not field.directory or found.directory_kind(field.directory)


@every_directory
def test_a_directory_says_what_it_holds(slug: str, kind: str) -> None:
    found = provider(slug).directory_kind(kind)
    assert re.fullmatch("[a-z][a-z_]{0,31}", found.key)
    assert found.label.islower()
    assert found.label_plural.islower()
    assert found.one_page_limit > 0
    assert 1 <= found.max_requests <= 3


@every_directory
def test_a_pasted_text_holds_its_id_or_none(slug: str, kind: str) -> None:
    found, example = provider_and_example(slug)
    assert found.entry_id(kind, example.pasted[kind])
    assert found.entry_id(kind, "") == ""
    for text in contract.HOSTILE:
        assert isinstance(found.entry_id(kind, text), str)


@every_directory
@every_question
@pytest.mark.parametrize("body", contract.RUBBISH, ids=lambda body: ascii(body[:20]))
def test_a_directory_survives_rubbish(slug: str, kind: str, question: str, body: bytes) -> None:
    requests, result = asked(slug, kind, question, Answer(status=200, body=body))
    assert 1 <= len(requests) <= provider(slug).directory_kind(kind).max_requests
    for request in requests:
        contract.assert_sound(request)
    assert_told(result)


@every_directory
@every_question
@pytest.mark.parametrize("status", contract.STATUSES)
def test_a_directory_reads_every_status(slug: str, kind: str, question: str, status: int) -> None:
    _, result = asked(slug, kind, question, Answer(status=status, headers={"retry-after": "7"}))
    assert isinstance(result, Unread)
    assert_told(result)
    assert result.retry == (status not in (401, 403))
    assert (result.retry_after == 7) == (status in (408, 429, 500, 503))


@every_directory
@every_question
@pytest.mark.parametrize("trouble", [trouble for trouble in Trouble if "mail" not in trouble])
def test_a_directory_reads_every_silence(slug: str, kind: str, question: str, trouble: Trouble) -> None:
    _, result = asked(slug, kind, question, Failure(trouble=trouble, detail="it was so."))
    assert isinstance(result, Unread)
    assert_told(result)


@every_directory
@every_question
def test_a_directory_masks_its_secrets(slug: str, kind: str, question: str) -> None:
    requests, _ = asked(slug, kind, question, Answer(status=500))
    for request in requests:
        for secret in example_of(slug).credentials.values():
            assert secret not in contract.written(request)


@every_directory
@every_question
def test_a_directory_without_credentials_is_told_in_words(slug: str, kind: str, question: str) -> None:
    found, example = provider_and_example(slug)
    account: dict[str, Mapping[str, Any]] = {"settings": example.settings, "credentials": {}}
    reply = Answer(status=200, body=b"{}")
    if question == "page":
        requests, result = contract.list_page(found, kind, "", lambda _step: reply, **account)
    else:
        requests, result = contract.look_up(found, kind, example.pasted[kind], lambda _step: reply, **account)  # type: ignore[assignment]
    assert requests == []
    assert_told(result)


def assert_told(result: DirectoryPage | Entry | Unread) -> None:
    """What a person gets to see is a sentence, and says what to do unless it passes by itself."""
    if isinstance(result, Unread):
        assert re.fullmatch(r"[A-Z].*[.]", result.reason), result
        assert not re.search(r"\{\w*\}", result.reason + result.fix), result
        assert result.retry or result.fix.endswith("."), result
        assert result.retry or result.retry_after is None, result
    else:
        json.dumps(asdict(result))
