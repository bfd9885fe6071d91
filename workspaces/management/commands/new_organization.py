"""``manage.py new_organization NAME``: the vendor, with its first machine key."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction

from workspaces.keys import new_machine_key
from workspaces.models import MachineKey, Organization


class Command(BaseCommand):
    """Prints what the vendor's back-end signs its calls with. The secret is shown this once."""

    help = "Make an organization with a machine key, and print both."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="the vendor's name")

    def handle(self, *args: Any, **options: Any) -> None:
        """Make both in one transaction, then print."""
        parts = new_machine_key()
        with transaction.atomic():
            organization = Organization.objects.create(name=options["name"])
            key = MachineKey(organization=organization, access_key=parts.access_key)
            key.seal("secret", parts.secret)
            key.save()
        self.stdout.write(f"organization {organization.id}\naccess_key   {parts.access_key}")
        self.stdout.write(f"secret_key   {parts.secret}")
