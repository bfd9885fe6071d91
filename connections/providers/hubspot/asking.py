"""Asking HubSpot for a page or an entry of a directory, outside of any delivery: its JSON, or why there is none."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from connections import alerts
from connections.answers import parsed
from connections.provider import Answer, Code, Culprit, Outcome, Reply, Step, Trouble, Unread
from connections.provider import Failure as NoAnswer
from connections.providers.hubspot import errors
from connections.providers.hubspot.calls import call
from connections.verdicts import is_locked_out

NAME_MOST = 120

_LATE = Unread("HubSpot did not answer in time.", retry=True)
_TOO_LARGE = Unread("HubSpot's answer is larger than what we read.", fix="Tell the operator of this installation.")
UNREADABLE = Unread("HubSpot gave an answer that we cannot read.", retry=True)

type Asking = Generator[Step, Reply, dict[str, Any] | Unread]


def ask(method: str, path: str, *, token: str, body: object = None, gone: Unread | None = None) -> Asking:
    """The answer's object; ``gone`` is what HubSpot's own 404 means."""
    if not token:
        return unread(errors.NO_TOKEN)
    reply = yield call(method, path, token=token, body=body)
    if isinstance(reply, NoAnswer):
        return _LATE if reply.trouble is Trouble.TIMEOUT else unread(errors.judge(reply))
    if reply.status == 404 and gone and errors.is_ours(parsed(reply)):
        return gone
    return _read(reply)


def unread(outcome: Outcome) -> Unread:
    """What holds for a delivery holds here, but nothing is held: what a person has to mend is not tried again."""
    retry = outcome.renew or (outcome.retry and _by_itself(outcome))
    return Unread(
        outcome.reason,
        fix="" if retry else outcome.fix,
        retry=retry,
        retry_after=outcome.retry_after if retry else None,
        no_access=is_locked_out(outcome),
    )


def name_in(text: str) -> str:
    return alerts.cut(alerts.one_line(text), NAME_MOST)


def _by_itself(outcome: Outcome) -> bool:
    return outcome.culprit is Culprit.PROVIDER or outcome.code is Code.RATE_LIMITED


def _read(reply: Answer) -> dict[str, Any] | Unread:
    if reply.truncated:
        return _TOO_LARGE
    if reply.status != 200:
        return unread(errors.judge(reply))
    return parsed(reply) or UNREADABLE
