"""The formats of the keys we hand out: made, read and compared here; stored elsewhere.

Both follow the wire contract's regular expressions, which its clients check before they send anything.
"""

from __future__ import annotations

import hmac
import re
import secrets
import string
from dataclasses import dataclass, field

_LETTERS_AND_DIGITS = string.ascii_letters + string.digits
_PUBLISHABLE = re.compile(r"mesh_pub_([A-Za-z0-9]{1,32})_([A-Za-z0-9]{1,64})_([A-Za-z0-9]{1,128})")


@dataclass(frozen=True, slots=True)
class PublishableKeyParts:
    """A publishable key in its parts. No part holds "_", which separates them."""

    environment: str
    key_id: str
    secret: str = field(repr=False)

    @property
    def text(self) -> str:
        """The key as its owner types it."""
        return f"mesh_pub_{self.environment}_{self.key_id}_{self.secret}"


@dataclass(frozen=True, slots=True)
class MachineKeyParts:
    """A machine key: the access key names it, the secret signs tokens with its UTF-8 bytes and is shown once."""

    access_key: str
    secret: str = field(repr=False)


def new_publishable_key(environment: str) -> PublishableKeyParts:
    """A fresh key that can only emit, with a secret of 190 random bits.

    Raises ``ValueError`` when the environment is not made of letters and digits only.
    """
    parts = PublishableKeyParts(environment=environment, key_id=_random(12), secret=_random(32))
    if read_publishable_key(parts.text) is None:
        raise ValueError(f"An environment is 1 to 32 letters and digits, not {environment!r}.")
    return parts


def read_publishable_key(text: str) -> PublishableKeyParts | None:
    """The parts of a key, or None when it does not have the form of one."""
    found = _PUBLISHABLE.fullmatch(text)
    return PublishableKeyParts(*found.groups()) if found else None


def same(one: str, other: str) -> bool:
    """Whether two secrets are equal, in a time that does not tell how much of them is."""
    return hmac.compare_digest(one.encode("utf-8", "surrogatepass"), other.encode("utf-8", "surrogatepass"))


def new_machine_key() -> MachineKeyParts:
    """A fresh machine key, with a secret of 256 random bits."""
    return MachineKeyParts(access_key=f"mk_{secrets.token_urlsafe(18)}", secret=secrets.token_urlsafe(32))


def _random(length: int) -> str:
    return "".join(secrets.choice(_LETTERS_AND_DIGITS) for _ in range(length))
