"""The mail that tells of a connection's trouble, or its end: what happened, what becomes of the alerts, what to do."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from connections.models import Connection
from connections.provider import Mail
from connections.standing import standing
from workspaces.models import Message, Notice

_Kind = Notice.Kind


def mail(message: Message) -> Mail:
    """To one person. The message's id is the same on every try, so that mailboxes can drop a second copy."""
    notice = message.notice
    names = {"name": notice.facts["name"], "workspace": notice.workspace.name}
    subject = _SUBJECTS[_Kind(notice.kind)]() % names
    return Mail(
        to=(message.address,),
        subject=f"[{names['workspace']}] {subject}",
        text="\n\n".join([f"{subject}.", *_WORDS[_Kind(notice.kind)](notice), _footer(names)]) + "\n",
        html="",
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
        _("Nothing has arrived there since %(since)s.") % {"since": notice.facts["failing_since"]},
        _("If that lasts for five days, the connection is switched off."),
        _("One success is enough to keep it on. Check its settings under Connections."),
    ]


def _recovered(notice: Notice) -> list[str]:
    if not notice.facts["held"]:
        return [_("There is nothing for you to do.")]
    return [_("Alerts have waited for it. If they are many, its page asks you what shall become of them.")]


def _footer(names: Mapping[str, str]) -> str:
    return _("You get this because you asked to be told when a connection of %(workspace)s breaks.") % names


_SUBJECTS = {
    _Kind.INACTIVE: lambda: _("%(name)s needs you"),
    _Kind.WARNING: lambda: _("%(name)s has been failing for days"),
    _Kind.RECOVERED: lambda: _("%(name)s works again"),
}
_WORDS = {_Kind.INACTIVE: _inactive, _Kind.WARNING: _warning, _Kind.RECOVERED: _recovered}
