"""``manage.py rotate_encryption``: bring every stored secret under the first key of ``ENCRYPTION_KEYS``."""

from __future__ import annotations

from argparse import ArgumentParser
from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from workspaces import crypto, sealing


class Command(BaseCommand):
    """Safe while everything runs, as long as every process already knows the new key."""

    help = (
        "Seal every stored secret under the first key of ENCRYPTION_KEYS, then count the rows by key. "
        "First give the new key to every process as the last entry, then move it to the front and run this."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """One switch."""
        parser.add_argument("--dry-run", action="store_true", help="only count")

    def handle(self, *args: Any, dry_run: bool, **options: Any) -> None:
        """Re-seal, count what the database holds now, and fail while any secret is left behind."""
        columns = sealing.sealed_columns()
        broken = [] if dry_run else [fault for column in columns for fault in sealing.reseal_rows(*column)]
        for fault in broken:
            self.stderr.write(str(fault))
        left = self._report(sum((sealing.count_by_key(*column) for column in columns), Counter[str]()))
        if left and not dry_run:
            raise CommandError(
                f"{left} secrets are not under the newest key yet: keep the old keys and run this again."
            )

    def _report(self, counts: Counter[str]) -> int:
        """Print the counts; returns how many secrets the newest key did not seal."""
        newest = crypto.key_ring().newest
        self.stdout.write(f"{newest} (newest): {counts.pop(newest, 0)}")
        for key_id, count in sorted(counts.items()):
            self.stdout.write(f"{key_id}: {count}")
        return counts.total()
