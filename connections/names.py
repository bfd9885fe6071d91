"""The system's resolver with a time limit, which it does not have by itself."""

from __future__ import annotations

import socket
from ipaddress import ip_address
from queue import Empty, SimpleQueue
from threading import Thread


def look_up(host: str, *, seconds: float, search: bool = False) -> list[str]:
    """All addresses of a name, unchecked. Raises ``OSError`` when there are none, ``TimeoutError`` after ``seconds``.

    Without ``search`` the name is taken as complete: a resolver's search list (Kubernetes has one) is not applied.
    The system's resolver knows no time limit, so that it runs in a thread, which is left behind when it hangs.
    """
    if _is_address(host):
        return [host]
    name = host if search else f"{host}."
    outcome: SimpleQueue[list[str] | OSError] = SimpleQueue()
    Thread(target=lambda: outcome.put(_ask(name)), name="resolver", daemon=True).start()
    try:
        found = outcome.get(timeout=seconds)
    except Empty:
        raise TimeoutError from None
    if isinstance(found, OSError):
        raise found
    return found


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _ask(name: str) -> list[str] | OSError:
    try:
        return ask_resolver(name)
    except OSError as error:
        return error


def ask_resolver(name: str) -> list[str]:
    """The system's resolver; tests put their own in its place. May block for as long as the system pleases."""
    answers = socket.getaddrinfo(name.encode("ascii"), None, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return list(dict.fromkeys(str(address[0]) for *_, address in answers))
