"""A mail server and a webhook receiver on real sockets that can be taken down, or fail, while others write to them."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from email import message_from_bytes
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller
from cluster import free_port


class MailSink:
    """Keeps what it takes; `refuse` is the chance that it says 451 after it has read a message."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.raw: list[bytes] = []
        self.refuse = 0.0
        self.keep_and_refuse = 0.0  # the chance that it takes a message, but its answer says that it did not
        self._port = free_port()
        self._controller: Controller | None = None
        self.url = f"smtp://127.0.0.1:{self._port}"
        self.start()

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        lot = random.random()
        if lot < self.refuse:
            return "451 try again later"
        self.raw.append(envelope.content)
        self.messages.append(message_from_bytes(envelope.content))
        return "451 not sure" if lot < self.refuse + self.keep_and_refuse else "250 taken"

    def start(self) -> None:
        self._controller = Controller(self, hostname="127.0.0.1", port=self._port)
        self._controller.start()

    def stop(self) -> None:
        if self._controller:
            self._controller.stop()
        self._controller = None


class HookSink:
    """Keeps the headers and bodies it gets; answers what `status` says."""

    def __init__(self, status: Callable[[], int] = lambda: 204) -> None:
        self.taken: list[tuple[dict[str, str], bytes]] = []
        self.asked: list[tuple[dict[str, str], bytes]] = []
        self.status = status
        sink = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                body = self.rfile.read(length)
                if len(body) < length:
                    return  # the sender died half-way; like any receiver, this one forgets it
                status = sink.status()
                sink.asked.append((dict(self.headers), body))
                if status < 300:
                    sink.taken.append((dict(self.headers), body))
                self.send_response(status)
                if 300 <= status < 400:
                    self.send_header("Location", "/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
