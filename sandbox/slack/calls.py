"""Reading a Web API call: its arguments, from a query, a form or JSON, and its token."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from aiohttp import web

from sandbox.oauth import bearer
from sandbox.slack.errors import SlackError

FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


@dataclass(frozen=True, slots=True)
class Call:
    """One call: ``warning`` is what Slack grumbles about while it answers."""

    args: dict[str, Any]
    token: str
    authorization: str
    warning: str = ""


async def read(request: web.Request, *, takes_json: bool) -> Call:
    """The call that a request makes. Raises ``SlackError`` when its body cannot be understood.

    Methods that only read do not look into a JSON body, so their arguments go missing, as they do at Slack
    (docs.slack.dev/apis/web-api: "most write methods" take JSON).
    """
    authorization = request.headers.get("Authorization", "")
    query: dict[str, Any] = dict(request.query)
    if request.content_type == "application/json" and request.can_read_body:
        args = {**query, **(await _json(request) if takes_json else {})}
        # A token inside a JSON body is not looked at: with JSON it has to be in the header.
        return Call(args, bearer(authorization) or query.get("token", ""), authorization, _charset_warning(request))
    args = {**query, **await _form(request)}
    return Call(args, bearer(authorization) or str(args.get("token", "")), authorization)


async def _form(request: web.Request) -> dict[str, Any]:
    if not request.can_read_body:
        return {}
    if "Content-Type" not in request.headers:
        raise SlackError("missing_post_type")
    if request.content_type not in FORMS:
        raise SlackError("invalid_post_type")
    try:
        return dict(await request.post())
    except ValueError:
        raise SlackError("invalid_form_data") from None


async def _json(request: web.Request) -> dict[str, Any]:
    try:
        parsed = await request.json()
    except LookupError:
        raise SlackError("invalid_charset") from None
    except ValueError:
        raise SlackError("invalid_json") from None
    if not isinstance(parsed, dict):
        raise SlackError("json_not_object")
    return parsed


def _charset_warning(request: web.Request) -> str:
    return "" if request.charset else "missing_charset"
