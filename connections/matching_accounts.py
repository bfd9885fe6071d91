"""Whether an account's kind suits the workspace's environment: a sandbox where things are tried, a real one where not.

For every provider that tells kinds of accounts (``settings["account_type"]``); nothing is said of one that is unknown.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from connections.models import Connection
from connections.registry import all_providers
from workspaces.models import Environment

PRODUCTION = "production"

_KINDS: Mapping[str, str | Promise] = {
    PRODUCTION: _("a production account"),
    "sandbox": _("a sandbox account"),
    "test": _("a test account"),
    "developer": _("a developer account"),
}
_ENVIRONMENTS: Mapping[str, str | Promise] = {
    Environment.STAGING: _("staging"),
    Environment.DEVELOPMENT: _("development"),
}


def kind_of(connection: Connection) -> str:
    """production, sandbox, test or developer; "" where the provider has no kinds, or a new one."""
    found = connection.settings.get("account_type", "")
    return found if found in _KINDS else ""


def mismatch(connection: Connection, *, environment: str) -> str:
    """What goes wrong with this account in a workspace of that environment, in a sentence; "" when nothing does."""
    kind = kind_of(connection)
    if not kind or (kind == PRODUCTION) == (environment == Environment.PRODUCTION):
        return ""
    provider = all_providers().get(connection.provider)
    names = {"provider": provider.name if provider else connection.provider, "kind": str(_KINDS[kind])}
    if environment == Environment.PRODUCTION:
        words = gettext(
            "%(provider)s is connected with %(kind)s, and this workspace is production:"
            " what really happens would only reach that account."
        )
        return words % names
    words = gettext(
        "%(provider)s is connected with %(kind)s, and this workspace is %(environment)s:"
        " what is only tried here would change real data there."
    )
    return words % {**names, "environment": str(_ENVIRONMENTS.get(environment, environment))}
