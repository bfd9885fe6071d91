"""What Slack's own error words mean: who has to act, whether trying again can help, and what to tell them.

Source: https://docs.slack.dev/reference/methods/chat.postMessage, section "Errors". ``{channel}`` is that of the rule.
A revoked or narrowed permission is worth a retry, because deliveries are held until the account is reconnected.
"""

from __future__ import annotations

from dataclasses import replace

from connections.provider import Code, Culprit, Inactive, Outcome
from connections.verdicts import no_access

MAY_SHOW_TWICE = "Slack may have posted the message all the same, and then shows it twice: it cannot tell a repetition."

_AGAIN = "Nothing needs to be done: it is tried again."


def _busy(reason: str) -> Outcome:
    return Outcome(code=Code.RATE_LIMITED, culprit=Culprit.PROVIDER, retry=True, reason=reason, fix=_AGAIN)


def _ill(reason: str, *notes: str) -> Outcome:
    return Outcome(
        code=Code.REJECTED_SERVER_ERROR,
        culprit=Culprit.PROVIDER,
        retry=True,
        reason=reason,
        fix=_AGAIN,
        notes=notes,
    )


def _rule(reason: str, fix: str) -> Outcome:
    return Outcome(code=Code.REJECTED_CLIENT_ERROR, culprit=Culprit.RULE, reason=reason, fix=fix)


def _ours(reason: str) -> Outcome:
    return Outcome(
        code=Code.REJECTED_CLIENT_ERROR,
        culprit=Culprit.US,
        reason=f"{reason} That is a fault of ours.",
        fix="Tell the operator of this installation.",
    )


_RECONNECT = "Reconnect Slack. The rules stay as they are, and what is held back is sent."
_ASK_ADMIN = "Ask an administrator of the Slack workspace to allow it, then reconnect Slack."
_OTHER_CHANNEL = "Choose another channel in the rule, or ask an administrator of the Slack workspace to allow the app."

_MALFORMED = _ours("Slack could not read the request.")
_UNSHOWABLE = _ours("Slack could not show the message.")
_TOO_LONG = _ours("Slack says that the message is too long.")
_TRACE = _ours("Slack did not take the trace that goes with the message.")
_OUTDATED = _ours("Slack no longer offers the call that we use.")
_THROTTLED = _busy("Slack asks us to slow down.")
_BROKEN = _ill("Slack had a fault of its own.", MAY_SHOW_TWICE)
_GONE = no_access(
    "Slack was disconnected: the app was removed.", fix=_RECONNECT, inactive=Inactive.AUTHORIZATION_REVOKED
)
_NOT_ACCEPTED = no_access("Slack did not accept our token.", fix=_RECONNECT, inactive=Inactive.AUTHENTICATION_INVALID)
_NO_TOKEN = replace(_NOT_ACCEPTED, reason="Slack says that no token came with the request.")
_TOO_LITTLE = no_access(
    "Slack says that a permission is missing.", fix=_RECONNECT, inactive=Inactive.REAUTHORIZATION_REQUIRED
)
_NOT_ALLOWED = no_access("The Slack workspace does not allow the app to do this.", fix=_ASK_ADMIN, inactive=None)
_NO_POSTING = _rule("The Slack workspace does not allow the app to post in {channel}.", fix=_OTHER_CHANNEL)
_THREADS_ONLY = _rule("In {channel} only answers in threads are allowed.", fix=_OTHER_CHANNEL)

NAMED: dict[str, Outcome] = {
    "ratelimited": _THROTTLED,
    "rate_limited": _THROTTLED,
    "message_limit_exceeded": _busy("The Slack workspace is sending more messages than Slack allows."),
    "internal_error": _BROKEN,
    "fatal_error": _BROKEN,
    "service_unavailable": _ill("Slack is not available at the moment."),
    "request_timeout": _ill("Slack did not receive the whole request in time."),
    "team_added_to_org": _ill("The Slack workspace is just being moved into an Enterprise organization."),
    "channel_not_found": _rule(
        "Slack cannot find {channel}: it was deleted, or it is private and the app is not in it.",
        fix="Choose another channel in the rule, or invite the app to the channel; then send again.",
    ),
    "is_archived": _rule(
        "Slack says that {channel} was archived.",
        fix="Unarchive it in Slack or choose another channel in the rule; then send again.",
    ),
    # Worth a retry, unlike its neighbours: the invitation is given in Slack, and nobody need come back here.
    "not_in_channel": replace(
        _rule("The app is not a member of {channel}.", fix="Open the channel in Slack and invite the app."),
        retry=True,
    ),
    "restricted_action": _NO_POSTING,
    "restricted_action_read_only_channel": _rule("Slack says that {channel} is read-only.", fix=_OTHER_CHANNEL),
    "restricted_action_thread_only_channel": _THREADS_ONLY,
    "restricted_action_non_threadable_channel": _rule(
        "Slack says that {channel} allows no threads.", fix=_OTHER_CHANNEL
    ),
    "restricted_action_thread_locked": _rule("The thread in {channel} was locked.", fix=_OTHER_CHANNEL),
    "messages_tab_disabled": _rule("The app takes no direct messages.", fix="Choose a channel in the rule."),
    "ekm_access_denied": _rule(
        "An administrator of the Slack workspace has suspended posting in {channel}.",
        fix="Ask the administrator to lift it, or choose another channel in the rule.",
    ),
    "token_revoked": _GONE,
    "account_inactive": replace(_GONE, reason="Slack says that the app's account or the whole workspace is gone."),
    "invalid_auth": _NOT_ACCEPTED,
    "not_authed": _NO_TOKEN,
    "token_expired": no_access(
        "Slack says that the token has run out.",
        fix="Nothing needs to be done: a new one is asked for, and it is sent again.",
        inactive=Inactive.REAUTHORIZATION_REQUIRED,
        renew=True,
    ),
    "missing_scope": _TOO_LITTLE,
    "no_permission": _TOO_LITTLE,
    "not_allowed_token_type": _TOO_LITTLE,
    "org_login_required": no_access(
        "The Slack workspace is being moved into an Enterprise organization.",
        fix="Reconnect Slack once the move is over.",
        inactive=Inactive.REAUTHORIZATION_REQUIRED,
    ),
    "team_access_not_granted": no_access(
        "The app may not use this workspace of the Slack organization.",
        fix=_ASK_ADMIN,
        inactive=Inactive.REAUTHORIZATION_REQUIRED,
    ),
    "two_factor_setup_required": no_access(
        "Slack asks whoever connected it to set up two-factor authentication.",
        fix="Set it up in Slack; then send again.",
        inactive=None,
    ),
    "access_denied": _NOT_ALLOWED,
    "app_access_restricted": _NOT_ALLOWED,
    "enterprise_is_restricted": _NOT_ALLOWED,
    "accesslimited": _NOT_ALLOWED,
    "team_not_found": _GONE,
    "invalid_blocks": _UNSHOWABLE,
    "invalid_blocks_format": _UNSHOWABLE,
    "no_text": _UNSHOWABLE,
    "too_many_attachments": _UNSHOWABLE,
    "msg_too_long": _TOO_LONG,
    "msg_blocks_too_long": _TOO_LONG,
    "invalid_metadata_format": _TRACE,
    "invalid_metadata_schema": _TRACE,
    "metadata_too_large": _TRACE,
    "metadata_must_be_sent_from_app": _TRACE,
    "invalid_arg_name": _MALFORMED,
    "invalid_arguments": _MALFORMED,
    "invalid_array_arg": _MALFORMED,
    "invalid_charset": _MALFORMED,
    "invalid_form_data": _MALFORMED,
    "invalid_json": _MALFORMED,
    "json_not_object": _MALFORMED,
    "invalid_post_type": _MALFORMED,
    "missing_post_type": _MALFORMED,
    "as_user_not_supported": _MALFORMED,
    "deprecated_endpoint": _OUTDATED,
    "method_deprecated": _OUTDATED,
}

UNKNOWN = Outcome(
    code=Code.REJECTED_CLIENT_ERROR,
    culprit=Culprit.PROVIDER,
    retry=True,
    reason="Slack refused the message and gave as its reason: {error}.",
    fix="It is tried again. If it lasts, look the reason up in Slack's documentation of chat.postMessage.",
)

UNREADABLE = _ill("Slack gave an answer that we cannot read.", MAY_SHOW_TWICE)
