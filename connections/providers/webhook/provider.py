"""Sends events to an endpoint of the customer's. Source of the headers: Standard Webhooks 1.0.0."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connections.provider import (
    Action,
    Auth,
    Code,
    Course,
    Culprit,
    Fault,
    Field,
    Job,
    Kind,
    Outcome,
    Provider,
    Request,
)
from connections.providers.webhook import bodies, headers, signing
from connections.verdicts import judge

_UNSIGNED = Outcome(
    code=Code.INTERNAL_ERROR,
    culprit=Culprit.US,
    retry=True,
    reason="The connection has no signing secret, so nothing was sent.",
    fix="Make a new signing secret in the connection.",
)


class Webhook(Provider):
    """One address that takes events over HTTP."""

    slug = "webhook"
    name = "Webhook"
    auth = Auth.NONE
    signs = True
    description = "Sends every event as a signed HTTP request to an address of yours."
    fields = (
        Field(
            key="url",
            label="Address",
            kind=Kind.URL,
            required=True,
            hint="Where the events are sent, such as https://example.com/events.",
        ),
        Field(
            key="http_method",
            label="Method",
            kind=Kind.SELECT,
            default="POST",
            options=(("POST", "POST"), ("PUT", "PUT"), ("PATCH", "PATCH")),
        ),
        Field(
            key="payload_mode",
            label="Body",
            kind=Kind.SELECT,
            default="wrapped",
            options=(("wrapped", "The event with its payload inside"), ("raw", "The payload alone")),
        ),
        Field(
            key="auth_scheme",
            label="Authentication",
            kind=Kind.SELECT,
            default="none",
            options=(
                ("none", "None"),
                ("basic", "User name and password"),
                ("bearer", "Bearer token"),
                ("header", "A header of your own"),
            ),
        ),
        Field(key="username", label="User name", required=True, depends_on=("auth_scheme", "basic")),
        Field(
            key="password",
            label="Password",
            kind=Kind.PASSWORD,
            required=True,
            secret=True,
            bound_to="url",
            depends_on=("auth_scheme", "basic"),
        ),
        Field(
            key="token",
            label="Token",
            kind=Kind.PASSWORD,
            required=True,
            secret=True,
            bound_to="url",
            depends_on=("auth_scheme", "bearer"),
        ),
        Field(
            key="header_name",
            label="Header name",
            required=True,
            max_length=100,
            depends_on=("auth_scheme", "header"),
        ),
        Field(
            key="header_value",
            label="Header value",
            kind=Kind.PASSWORD,
            required=True,
            secret=True,
            bound_to="url",
            depends_on=("auth_scheme", "header"),
        ),
        Field(
            key="headers",
            label="More headers",
            kind=Kind.HEADERS,
            hint="Five at most. They are shown to everyone who may see this connection: keep secrets out of them.",
        ),
        Field(
            key="x_meshes_signature",
            label="X-Meshes-Signature",
            kind=Kind.SELECT,
            default="off",
            options=(("off", "Off"), ("sha256", "HMAC SHA-256"), ("sha512", "HMAC SHA-512")),
            hint="For receivers that check this header. The standard signature is sent in any case.",
        ),
    )
    actions = (
        Action(
            key="send_webhook",
            label="Send the event",
            does="send it to {place}",
            digest=True,
            description="Sends the event to the connection's address.",
            fields=(
                Field(
                    key="body_template",
                    label="A body of its own",
                    kind=Kind.TEMPLATE,
                    max_length=10_000,
                    hint="For receivers that want their own form. Left empty, the connection says what is sent.",
                ),
                Field(
                    key="content_type",
                    label="Content type",
                    default=bodies.JSON,
                    max_length=100,
                    hint="Of a body of its own. Where it is JSON, the body is checked to be that.",
                ),
            ),
        ),
    )

    def check_settings(self, settings: Mapping[str, Any], credentials: Mapping[str, str]) -> list[Fault]:
        return headers.check(settings, credentials)

    def check_inputs(self, action: str, inputs: Mapping[str, str]) -> list[Fault]:
        return bodies.check_type(inputs)

    def check_rendered(self, action: str, inputs: Mapping[str, str]) -> list[Fault]:
        return bodies.check_json(inputs)

    def new_credentials(self, settings: Mapping[str, Any], random: bytes) -> dict[str, str]:
        return {"signing_secret": signing.new_secret(random)}

    def deliver(self, job: Job) -> Course:
        secrets = signing.live_secrets(job.credentials, now=job.now)
        if not secrets:
            return _UNSIGNED
        if faults := bodies.check_json(job.inputs):
            return _broken(faults)
        reply = yield _request(job, secrets)
        return judge(reply, "The receiver", now=job.now)


def _broken(faults: list[Fault]) -> Outcome:
    """The same event and template would come to the same again."""
    return Outcome(
        code=Code.MAPPING_ERROR,
        culprit=Culprit.RULE,
        reason=f"Nothing was sent. {faults[0].message}",
        fix="Correct the template in the rule: events from then on are sent with it.",
    )


def _request(job: Job, secrets: list[str]) -> Request:
    body = bodies.body(job)
    authentication = headers.authentication(job.settings, job.credentials)
    ours = {
        **authentication,
        **({} if bodies.is_wrapped(job) else headers.facts(job)),
        **({"X-Jackfield-Test": "true"} if job.test else {}),
        **signing.plain_headers(body, job.settings.get("x_meshes_signature", "off"), secrets),
        **signing.standard_headers(job, body, secrets),
        "Content-Type": bodies.content_type(job),
    }
    return Request(
        method=job.settings.get("http_method", "POST"),
        url=job.settings.get("url", ""),
        headers=headers.with_custom(ours, job.settings),
        body=body,
        secrets=_secrets_of(job, authentication),
    )


def _secrets_of(job: Job, authentication: Mapping[str, str]) -> tuple[str, ...]:
    """Whatever must not be kept with the attempt: the secrets as they stand in the headers, and as they are stored."""
    sent = [value.removeprefix("Basic ").removeprefix("Bearer ") for value in authentication.values()]
    return tuple(dict.fromkeys(secret for secret in [*sent, *job.credentials.values()] if secret))
