"""``python -m sandbox``: every simulator in one process, on ports in a row."""

from __future__ import annotations

import argparse
import asyncio
import errno
import signal
import sys
from pathlib import Path

from aiohttp import web

from sandbox import registry
from sandbox.addresses import Addresses
from sandbox.mailbox import Mailbox
from sandbox.rows import SeedError
from sandbox.seed import SeedFile
from sandbox.vendor import Vendor
from sandbox.webhooks import Catcher


class ListenError(Exception):
    """Somebody else listens where a simulator should."""


def main() -> int:
    """Serve until told to stop. 1 when a port is taken or the seed is wrong, told in one sentence."""
    options = _options()
    addresses = registry.addresses(host=options.host, port=options.port, portal=options.portal.rstrip("/"))
    try:
        asyncio.run(serve(addresses=addresses, seeds=SeedFile(options.seed, readers=registry.readers())))
    except (ListenError, SeedError) as trouble:
        print(trouble, file=sys.stderr)
        return 1
    return 0


async def serve(*, addresses: Addresses, seeds: SeedFile) -> None:
    """Start the web servers and the SMTP server, say where they are, and wait for SIGTERM or Ctrl-C."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    mailbox = Mailbox(addresses=addresses)
    apps = {
        "vendor": Vendor(seeds=seeds, addresses=addresses).app(),
        "webhooks": Catcher(seeds=seeds, addresses=addresses).app(),
        "mailbox": mailbox.app(),
        **{each.slug: each.make(seeds=seeds, addresses=addresses) for each in addresses.simulators},
    }
    names, ports = addresses.names, addresses.ports
    runners: list[web.AppRunner] = []
    try:
        for key, app in apps.items():
            runners.append(await _listen(app, name=names[key], host=addresses.host, port=ports[key]))
        await _listen_smtp(mailbox, name=names["smtp"], host=addresses.host, port=ports["smtp"])
        print(f"sandbox ready: {', '.join(f'{names[key]} {addresses.of(key)}' for key in ports)}", flush=True)
        await stop.wait()
    finally:
        await asyncio.gather(*(runner.cleanup() for runner in runners))


async def _listen(app: web.Application, *, name: str, host: str, port: int) -> web.AppRunner:
    # A request that hangs by a dial ends with its caller, and does not hold up the end of the process.
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError as error:
        await runner.cleanup()
        raise _explained(error, name=name, port=port) from None
    return runner


async def _listen_smtp(mailbox: Mailbox, *, name: str, host: str, port: int) -> None:
    try:
        await asyncio.get_running_loop().create_server(mailbox.protocol, host, port)
    except OSError as error:
        raise _explained(error, name=name, port=port) from None


def _explained(error: OSError, *, name: str, port: int) -> ListenError:
    if error.errno == errno.EADDRINUSE:
        return ListenError(
            f"Port {port}, wanted for the {name}, is taken: stop what listens there or choose another --port."
        )
    return ListenError(f"The {name} cannot listen on port {port}: {error.strerror}.")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on")
    parser.add_argument("--port", type=int, default=8001, help="the first of the ports in a row")
    parser.add_argument("--portal", default="http://127.0.0.1:8000", help="where Jackfield is, as a browser reaches it")
    parser.add_argument("--seed", type=Path, help="a JSON file of teams, tenants and receivers; read again on change")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
