"""Where each part of the sandbox listens: ports in a row, upward from one."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.simulator import Simulator

EVERYWHERE = ("0.0.0.0", "::")
# These have always had their ports; simulators that joined later follow in alphabetical order.
ROW = ("vendor", "slack", "webhooks", "mailbox", "smtp", "hubspot")
OWN = {"vendor": "vendor page", "webhooks": "webhook catcher", "mailbox": "mailbox", "smtp": "mail server"}


@dataclass(frozen=True, slots=True)
class Addresses:
    """The ports, and the URLs a person's browser uses to reach them. A key is a simulator's slug or one of ``OWN``."""

    host: str
    port: int
    portal: str
    simulators: tuple[Simulator, ...] = ()

    @property
    def names(self) -> dict[str, str]:
        """What each part is called, by its key."""
        return OWN | {simulator.slug: simulator.name for simulator in self.simulators}

    @property
    def ports(self) -> dict[str, int]:
        """The port of each part by its key, in a row."""
        names = self.names
        row = (*ROW, *sorted(set(names) - set(ROW)))
        return {key: self.port + offset for offset, key in enumerate(row) if key in names}

    @property
    def simulated_hosts(self) -> dict[str, str]:
        """Which ``host:port`` stands in for which of the vendors' hosts."""
        ports = self.ports
        return {host: f"{self._shown}:{ports[each.slug]}" for each in self.simulators for host in each.hosts}

    def of(self, key: str) -> str:
        """The URL of a part. Raises ``KeyError`` when there is none of that key.

        The pretend product is named localhost so that the portal, at 127.0.0.1, is another site to the browser.
        """
        scheme = "smtp" if key == "smtp" else "http"
        host = "localhost" if key == "vendor" and self._shown == "127.0.0.1" else self._shown
        return f"{scheme}://{host}:{self.ports[key]}"

    @property
    def _shown(self) -> str:
        return "127.0.0.1" if self.host in EVERYWHERE else self.host
