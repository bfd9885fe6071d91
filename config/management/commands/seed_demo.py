"""Fill an installation with the demo's vendor, its two tenants in three environments, and their rules."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from config.demo import seed, tenants


class Command(BaseCommand):
    """``manage.py seed_demo --facts FILE``: safe to repeat; writes what the demo and its simulators need to know."""

    help = "Fill an installation with the demo's vendor, tenants, connections and rules."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--migrate", action="store_true", help="bring the database up to date first")
        parser.add_argument("--facts", type=Path, required=True, help="where to write keys and ids, as JSON")
        parser.add_argument("--sandbox", type=Path, required=True, help="where to write the simulators' seed")
        parser.add_argument("--catcher", required=True, help="the webhook catcher's URL, such as http://127.0.0.1:8003")
        parser.add_argument("--vendor", required=True, help="the pretend product's URL, which may frame the portal")

    def handle(self, *args: Any, **options: Any) -> None:
        from django.conf import settings

        if settings.MODE == "production":
            raise CommandError("seed_demo writes well-known secrets: it runs with JACKFIELD_MODE=sandbox only.")
        if options["migrate"]:
            call_command("migrate", verbosity=0)
        with transaction.atomic():
            facts = seed.seed(catcher=options["catcher"], vendor=options["vendor"])
        for name, content in (("facts", facts), ("sandbox", tenants.sandbox_seed(facts))):
            options[name].write_text(json.dumps(content, indent=2))
