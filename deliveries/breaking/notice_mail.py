"""The mail that tells of a connection's trouble, or its end: what happened, what becomes of the alerts, what to do."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from connections import alerts_by_mail, leaving
from connections.models import Connection, Recipient
from connections.provider import Mail
from connections.recipients import in_language_of
from connections.standing import standing
from workspaces.models import Message, Notice
from workspaces.templatetags.portal import minute

_Kind = Notice.Kind


def mail(message: Message, recipient: Recipient) -> Mail:
    """To one person, in their language, with the way to get no more of it.

    The message's id is the same on every try, so that mailboxes can drop a second copy.
    """
    with in_language_of(recipient):
        return _mail(message, recipient)


def _mail(message: Message, recipient: Recipient) -> Mail:
    notice = message.notice
    names = {"name": notice.facts["name"], "workspace": notice.workspace.name}
    subject = _SUBJECTS[_Kind(notice.kind)]() % names
    return Mail(
        to=(message.address,),
        subject=f"[{names['workspace']}] {subject}",
        text="\n\n".join([f"{subject}.", *_WORDS[_Kind(notice.kind)](notice), _footer(names, recipient)]) + "\n",
        html="",
        headers={**alerts_by_mail.HEADERS, **leaving.headers_of(recipient)},
        message_id=f"<notice-{message.id}@jackfield>",
    )


def _inactive(notice: Notice) -> list[str]:
    facts = notice.facts
    row = Connection(provider=facts["type"], active=False, inactive_reason=facts["inactive_reason"] or "")
    kept = ngettext(
        "%(n)s alert is waiting for it. It is kept until it works again.",
        "%(n)s alerts are waiting for it. They are kept until it works again.",
        facts["held"],
    )
    waits = kept % {"n": facts["held"]} if facts["held"] else _("What is meant for it is kept until it works again.")
    return [standing(row).what, waits, _("To mend it, open its page under Connections.")]


def _warning(notice: Notice) -> list[str]:
    return [
        _("Nothing has arrived there since %(since)s.") % {"since": _moment(notice.facts["failing_since"])},
        _("If that lasts for five days, the connection is switched off."),
        _("One success is enough to keep it on. Check its settings under Connections."),
    ]


def _recovered(notice: Notice) -> list[str]:
    if not notice.facts["held"]:
        return [_("There is nothing for you to do.")]
    return [_("Alerts have waited for it. If they are many, its page asks you what shall become of them.")]


def _moment(written: str) -> str:
    """A time of the wire as people read it."""
    moment = parse_datetime(written)
    return f"{minute(moment)} UTC" if moment else written


def _footer(names: Mapping[str, str], recipient: Recipient) -> str:
    why = _("You get this because you asked to be told when a connection of %(workspace)s breaks.") % names
    return "\n".join([why, _("If you want no more of these messages:"), leaving.link_of(recipient)])


_SUBJECTS = {
    _Kind.INACTIVE: lambda: _("%(name)s needs you"),
    _Kind.WARNING: lambda: _("%(name)s has been failing for days"),
    _Kind.RECOVERED: lambda: _("%(name)s works again"),
}
_WORDS = {_Kind.INACTIVE: _inactive, _Kind.WARNING: _warning, _Kind.RECOVERED: _recovered}
