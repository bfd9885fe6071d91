"""The door for HTTP: one request out, one reply back. The only user of ``requests``.

No redirect is followed, no proxy, cookie, ``.netrc`` or certificate bundle is taken from the environment, no content is
decoded, no more is kept than the caller asks for (64 KiB unless it says), and all of it ends by one deadline. Whatever
the outside does comes back as a ``Failure``, never as an exception.

``requests`` gives the request its form and the tests their seam (``responses`` stands in for ``HTTPAdapter.send``);
what happens on the wire is ours: ``connections.lines``.
"""

from __future__ import annotations

import http.client
import re
import ssl
from collections.abc import Iterable, Mapping
from dataclasses import replace
from time import monotonic
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from urllib3.exceptions import HTTPError

from connections import addresses
from connections.addresses import Forbidden, Target, read_url
from connections.lines import BODY_MOST, HeadersTooLarge, Line, NoWay, Response, pool
from connections.provider import Answer, Failure, Reply, Request, Trouble
from connections.wire import Deadline, TooLong

USER_AGENT = "Jackfield/0.1.0"

# Framing and identity are the door's own: a caller's word on these is not sent, since it could contradict ours.
_OURS = re.compile(
    "host|user-agent|accept-encoding|content-length|transfer-encoding|connection|keep-alive|proxy-connection"
    "|expect|te|trailer|upgrade",
    re.IGNORECASE,
)
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+: [\t\x20-\x7e\x80-\xff]*")  # RFC 9110, sections 5.1 and 5.5


def send(request: Request, *, seconds: float = 15.0, most: int = BODY_MOST) -> Reply:
    """Make one request; ``seconds`` is for all of it, from the lookup of the name to the last byte of the body.

    ``most`` is how many bytes of the body are kept: a delivery needs few, a page of a directory many.
    """
    start = monotonic()
    reply = _attempt(request, Deadline(seconds), most)
    return replace(reply, elapsed_ms=round((monotonic() - start) * 1_000))


def _attempt(request: Request, deadline: Deadline, most: int) -> Reply:
    target = read_url(request.url, addresses.policy())
    if isinstance(target, Forbidden):
        return Failure(Trouble.FORBIDDEN_URL, target.reason)
    headers = _headers(request, target)
    if isinstance(headers, Failure):
        return headers
    exchange = _Exchange(target, deadline, most)
    try:
        response = _ADAPTER.send(_Prepared(request, headers, exchange), stream=True)
        return _answer(response, most)
    except NoWay as refusal:
        return refusal.failure
    except (OSError, http.client.HTTPException, HTTPError, ValueError) as error:
        return _failure(error, target.host, begun=exchange.begun)
    finally:
        exchange.finish()


def _headers(request: Request, target: Target) -> CaseInsensitiveDict[str] | Failure:
    headers = CaseInsensitiveDict({"Host": target.authority, "User-Agent": USER_AGENT, "Accept-Encoding": "identity"})
    for name, value in request.headers.items():
        if not _HEADER.fullmatch(f"{name}: {value}"):
            shown = ascii(name[:60])[1:-1]
            return Failure(
                Trouble.FORBIDDEN_HEADER,
                f"its header “{shown}” holds a line break or a character that HTTP cannot carry: remove it.",
            )
        if not _OURS.fullmatch(name):
            headers[name] = value
    if request.body or request.method in ("POST", "PUT", "PATCH"):
        headers["Content-Length"] = str(len(request.body))
    return headers


# --------------------------------------------------------------------------- through requests, over our own lines


class _Exchange:
    """One request on one line. It stands where ``HTTPAdapter`` expects a connection pool."""

    def __init__(self, target: Target, deadline: Deadline, most: int) -> None:
        self.target = target
        self._deadline = deadline
        self._most = most
        self._line: Line | None = None
        self._response: Response | None = None

    def urlopen(
        self, *, method: str, url: str, body: bytes | None, headers: Mapping[str, str], **_: object
    ) -> Response:
        self._line = line = pool.take(self.target)
        self._response = line.ask(method, url, headers, body, self._deadline, most=self._most)
        return self._response

    @property
    def begun(self) -> int:
        """The status of the answer, from its head on; 0 before."""
        return self._response.status if self._response is not None else 0

    def finish(self) -> None:
        """Keep the line when the answer was read to its end, and otherwise hang up."""
        line, response = self._line, self._response
        if line is None:
            return
        if response is not None and response.isclosed() and line.sock is not None:
            pool.keep(line)
            return
        if response is not None:
            response.close()
        line.close()


class _Prepared(requests.PreparedRequest):
    """A request that is ready to go: everything that ``requests`` would work out has been decided."""

    def __init__(self, request: Request, headers: CaseInsensitiveDict[str], exchange: _Exchange) -> None:
        super().__init__()
        self.method = request.method
        self.url = request.url
        self.headers = headers
        self.body = request.body or None
        self.exchange = exchange


class _Adapter(HTTPAdapter):
    """``HTTPAdapter.send`` without proxies, pools and bundles: its hooks lead to the exchange."""

    def get_connection_with_tls_context(self, request: Any, *_: object, **__: object) -> Any:
        return request.exchange

    def cert_verify(self, *_: object, **__: object) -> None:
        """The line verifies, always."""

    def request_url(self, request: Any, _proxies: object) -> str:
        path: str = request.exchange.target.path
        return path

    def build_response(self, req: requests.PreparedRequest, resp: Any) -> requests.Response:
        response = requests.Response()
        response.status_code = resp.status
        response.headers = CaseInsensitiveDict(_joined(resp.headers.items()))
        response.raw = resp
        response.request = req
        response.url = req.url or ""
        return response


_ADAPTER = _Adapter()  # holds no connection, so that a fork may share it


def _joined(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Headers by lower-case name; repeated ones joined as RFC 9110, section 5.3 has it, folded ones made straight."""
    joined: dict[str, str] = {}
    for name, value in headers:
        known = name.lower()
        straight = " ".join(value.split()) if "\n" in value else value
        joined[known] = f"{joined[known]}, {straight}" if known in joined else straight
    return joined


def _answer(response: requests.Response, most: int) -> Answer:
    body: bytes = response.raw.read(most + 1)
    return Answer(
        status=response.status_code,
        headers=dict(response.headers.lower_items()),
        body=body[:most],
        truncated=len(body) > most,
    )


# --------------------------------------------------------------------------- what went wrong, as a value

# OpenSSL's verification results, from its x509_vfy.h.
_CERTIFICATE = {
    9: "its certificate is not valid yet.",
    10: "its certificate has expired.",
    18: "its certificate is self-signed.",
    19: "its certificate comes from an authority of its own making.",
    20: "its certificate comes from an unknown authority, or an intermediate certificate is missing.",
    62: "its certificate is for another host name.",
    64: "its certificate is for another address.",
}
_OLD_TLS = {"UNSUPPORTED_PROTOCOL", "TLSV1_ALERT_PROTOCOL_VERSION", "NO_PROTOCOLS_AVAILABLE"}
_NOT_TLS = {"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG"}


def _failure(error: Exception, host: str, *, begun: int) -> Failure:
    while isinstance(error, requests.RequestException) and error.args and isinstance(error.args[0], Exception):
        error = error.args[0]
    trouble, detail = _why(error)
    so_far = f"it had begun to answer ({begun}), and " if begun else ""
    return Failure(trouble, f"{host}: {so_far}{detail}", begun=begun)


def _why(error: Exception) -> tuple[Trouble, str]:
    """The trouble behind an error. The order matters: several of these are kinds of ``OSError``."""
    match error:
        case TimeoutError() | requests.Timeout():
            return Trouble.TIMEOUT, "the time for this attempt was over before the answer was complete."
        case ConnectionRefusedError():
            return Trouble.REFUSED, "nothing listens at that address and port."
        case ssl.SSLEOFError() | ssl.SSLZeroReturnError() | ConnectionError() | http.client.IncompleteRead():
            return Trouble.RESET, "the connection was closed before the answer was complete."
        case ssl.SSLError() | requests.exceptions.SSLError():
            return Trouble.TLS, _tls_words(error)
        case HeadersTooLarge():
            return Trouble.HEADERS_TOO_LARGE, "the answer has more than 64 KiB or 100 lines of headers."
        case OSError() if not isinstance(error, TooLong):
            return Trouble.UNREACHABLE, "there is no way to that address."
        case _:
            return Trouble.MALFORMED, "the answer is not HTTP as we know it."


def _tls_words(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return _CERTIFICATE.get(error.verify_code, "its certificate could not be verified.")
    reason = getattr(error, "reason", None)
    if reason in _OLD_TLS:
        return "it speaks no TLS 1.2 or newer."
    if reason in _NOT_TLS:
        return "it does not speak TLS at that port."
    return "the handshake failed."
