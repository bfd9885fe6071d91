"""Where each simulator listens: six ports in a row, upward from one."""

from __future__ import annotations

from dataclasses import dataclass

EVERYWHERE = ("0.0.0.0", "::")


@dataclass(frozen=True, slots=True)
class Addresses:
    """The ports, and the URLs a person's browser uses to reach them."""

    host: str
    port: int
    portal: str

    @property
    def vendor(self) -> str:
        """The pretend product. Named localhost so that the portal, at 127.0.0.1, is another site to the browser."""
        return f"http://{'localhost' if self._shown == '127.0.0.1' else self._shown}:{self.port}"

    @property
    def slack(self) -> str:
        return f"http://{self._shown}:{self.port + 1}"

    @property
    def webhooks(self) -> str:
        return f"http://{self._shown}:{self.port + 2}"

    @property
    def mailbox(self) -> str:
        return f"http://{self._shown}:{self.port + 3}"

    @property
    def smtp_port(self) -> int:
        return self.port + 4

    @property
    def hubspot(self) -> str:
        return f"http://{self._shown}:{self.port + 5}"

    @property
    def _shown(self) -> str:
        return "127.0.0.1" if self.host in EVERYWHERE else self.host
