"""The HTTP endpoint: /metrics and /healthz."""

from __future__ import annotations

import json
import logging
import socket
import sys
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST

from pgtune_advisor.daemon.health import Health
from pgtune_advisor.daemon.metrics import Metrics
from pgtune_advisor.domain.errors import UsageError
from pgtune_advisor.logs import log

_LOGGER = logging.getLogger(__name__)


class Endpoint:
    """A listening server in a thread of its own; close() ends both."""

    def __init__(self, server: ThreadingHTTPServer) -> None:
        self._server = server
        self._thread = threading.Thread(target=server.serve_forever, name="endpoint", daemon=True)
        self._thread.start()

    @classmethod
    def listen(cls, address: str, metrics: Metrics, health: Health) -> Endpoint:
        """Listen on `host:port`; UsageError where that cannot be had."""
        host, _, port = address.rpartition(":")
        try:
            return cls(_server(host.strip("[]"), int(port), metrics, health))
        except OSError as error:
            raise UsageError(
                f"the metrics endpoint cannot listen on {address}",
                detail=error.strerror or str(error),
                hint='Set metrics.listen to a free address, or to "" for no endpoint.',
            ) from None

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self._server.server_address[1])

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()


def _server(host: str, port: int, metrics: Metrics, health: Health) -> ThreadingHTTPServer:
    family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]

    class Handler(_Handler):
        pages = _Pages(metrics, health)

    class Server(ThreadingHTTPServer):
        address_family = family
        # A client that hangs must not hold up the end.
        daemon_threads = True
        block_on_close = False

        def handle_error(self, request: Any, client_address: Any) -> None:
            del request
            message = f"an answer to {client_address} failed: {sys.exception()}"
            log(_LOGGER, logging.DEBUG, message, action="http_failed")

    return Server((str(address[0]), int(address[1])), Handler)


class _Pages:
    def __init__(self, metrics: Metrics, health: Health) -> None:
        self._metrics = metrics
        self._health = health

    def page(self, path: str) -> tuple[HTTPStatus, str, bytes]:
        match path.partition("?")[0]:
            case "/metrics":
                return HTTPStatus.OK, CONTENT_TYPE_LATEST, self._metrics.text()
            case "/healthz":
                ok, answer = self._health.answer()
                status = HTTPStatus.OK if ok else HTTPStatus.SERVICE_UNAVAILABLE
                return status, "application/json", json.dumps(answer, indent=2).encode() + b"\n"
            case _:
                text = b"Here are /metrics and /healthz.\n"
                return HTTPStatus.NOT_FOUND, "text/plain; charset=utf-8", text


class _Handler(BaseHTTPRequestHandler):
    pages: _Pages
    timeout = 10
    server_version = "pgtune-advisor"
    sys_version = ""

    def do_GET(self) -> None:
        """Answer with a page."""
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        """Answer with a page's headers."""
        self._answer(with_body=False)

    def _answer(self, *, with_body: bool) -> None:
        status, kind, body = self.pages.page(self.path)
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if with_body:
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Requests are worth a line only to whoever debugs."""
        log(_LOGGER, logging.DEBUG, format % args, action="http_request")
