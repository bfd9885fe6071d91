"""Whoever is told of trouble can end that with one click, from any mail that they got (RFC 8058).

The link is signed with ``SECRET_KEY`` and not stored: it is the same in every mail to a recipient, and it is good for
as long as that key is kept and the recipient is on the list. It can end the mails, and nothing else.
"""

from __future__ import annotations

from urllib.parse import urljoin
from uuid import UUID

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.utils import timezone

from connections.models import Recipient

_signer = Signer(salt="connections.leaving", sep=".")


def link_of(recipient: Recipient) -> str:
    """The address that ends the mails to a recipient."""
    return urljoin(settings.PUBLIC_URL, f"/unsubscribe/{_signer.sign(recipient.id.hex)}")


def headers_of(recipient: Recipient) -> dict[str, str]:
    """What lets a mail program show a button of its own. Source: https://www.rfc-editor.org/rfc/rfc8058"""
    return {"List-Unsubscribe": f"<{link_of(recipient)}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


def find(token: str) -> Recipient | None:
    """Whose link this is; None for one that we never made, or when the address is not on the list any more."""
    try:
        id = UUID(_signer.unsign(token))
    except (BadSignature, ValueError):
        return None
    found: Recipient | None = Recipient.objects.select_related("workspace").filter(id=id).first()
    return found


def leave(recipient: Recipient) -> None:
    """Its owner wants no more mails. To say it twice keeps the first time."""
    rows = Recipient.objects.filter(id=recipient.id, left_at=None)
    rows.update(left_at=timezone.now(), confirmed_at=None)
