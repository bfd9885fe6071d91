"""``manage.py new_key``: a fresh key for ``ENCRYPTION_KEYS``."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from workspaces import crypto


class Command(BaseCommand):
    """Prints the key and nothing else, so that the output can go straight into a file."""

    help = "Print a fresh key for ENCRYPTION_KEYS. Put it first to seal with it; keep the old ones to open with."
    requires_system_checks = ()  # the check of ENCRYPTION_KEYS fails until this has run

    def handle(self, *args: Any, **options: Any) -> None:
        """Print it."""
        self.stdout.write(crypto.new_key())
