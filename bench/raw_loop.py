"""The yardstick for sending: one process on one core that posts a body with ``requests.Session``, and does no more."""

from __future__ import annotations

import os
import sys
import time

import requests

BODY = (
    b'{"event":"alert.triggered","id":"01990000-0000-7000-8000-000000000000","payload":'
    b'{"severity":"high","resource":"db-1","value":97.5,"threshold":80,"account_id":"acme","alert_id":"a-1"}}'
)


def main() -> None:
    """``python -m bench.raw_loop URL REQUESTS`` prints the requests per second."""
    url, requested = sys.argv[1], int(sys.argv[2])
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    with requests.Session() as session:
        post(session, url)
        began = time.monotonic()
        for _ in range(requested):
            post(session, url)
        print(requested / (time.monotonic() - began))


def post(session: requests.Session, url: str) -> None:
    """One request; a fault ends the measurement."""
    answer = session.post(url, data=BODY, headers={"Content-Type": "application/json"}, timeout=15)
    answer.raise_for_status()


if __name__ == "__main__":
    main()
