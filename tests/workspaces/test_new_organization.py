from __future__ import annotations

import pytest
from django.core.management import call_command

from workspaces.models import MachineKey


@pytest.mark.django_db
def test_it_prints_a_key_that_opens_what_it_made(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("new_organization", "Acme")
    printed = dict(line.split() for line in capsys.readouterr().out.splitlines())
    key = MachineKey.objects.select_related("organization").get(access_key=printed["access_key"])
    assert key.organization.name == "Acme"
    assert str(key.organization_id) == printed["organization"]
    assert key.unseal("secret") == printed["secret_key"]
