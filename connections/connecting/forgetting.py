"""What a sign-in leaves lying: secrets for minutes, the row for a month."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from connections.models import PendingAuthorization

ROWS_FOR = timedelta(days=30)


def forget() -> int:
    """Empty the secrets of every sign-in whose time is over, and delete old rows. Returns how many lost a secret."""
    now = timezone.now()
    PendingAuthorization.objects.filter(expires_at__lt=now - ROWS_FOR).delete()
    over = PendingAuthorization.objects.filter(expires_at__lte=now).exclude(Q(verifier=b"") & Q(credentials=b""))
    emptied: int = over.update(verifier=b"", credentials=b"")
    return emptied
