"""The mail that asks the owner of an address for a yes, in the language in which the address was named."""

from __future__ import annotations

from django.utils.translation import gettext as _

from connections.models import Recipient
from connections.provider import Mail


def mail(recipient: Recipient, *, link: str) -> Mail:
    """The question. The message's id is the same whenever it is asked."""
    subject, what = _alerts() if recipient.connection_id else _trouble()
    names = {"name": recipient.workspace.name, "address": recipient.address}
    paragraphs = [
        what % names,
        _("If you want them, confirm here:") + f"\n{link}",
        _("If you do nothing, nothing will be sent to you."),
    ]
    return Mail(
        to=(recipient.address,),
        subject=subject % names,
        text="\n\n".join(paragraphs) + "\n",
        html="",
        message_id=f"<confirm-{recipient.id}@jackfield>",
    )


def _alerts() -> tuple[str, str]:
    return (
        _("Do you want alerts from %(name)s?"),
        _("Somebody in %(name)s asked for alerts to be mailed to %(address)s."),
    )


def _trouble() -> tuple[str, str]:
    return (
        _("Do you want to hear of trouble from %(name)s?"),
        _("Somebody in %(name)s asked for a mail to %(address)s whenever one of its connections breaks."),
    )
