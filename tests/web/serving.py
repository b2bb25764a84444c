"""The real server in a thread, with an assistant that answers by a table: what the tests of the page talk to."""

from __future__ import annotations

import asyncio
import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from answering import Agent
from playwright.sync_api import Browser, sync_playwright
from sanic import Sanic

from waymark import settings
from waymark.channels.web import WebChannel
from waymark.content.clinic import Clinic
from waymark.pages import Pages
from waymark.server import create_app

ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
CHROMIUM = next(filter(None, map(shutil.which, ["/usr/bin/chromium", "chromium", "chromium-browser"])), None)
NO_BROWSER = "No Chromium at /usr/bin/chromium or on PATH: the page was not tried. Run 'make browser' first."
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]

OPENING = {
    "text": "Hi. I'm an automated guide, not a person. What would you like to know? If you are in danger, call 911.",
    "buttons": [
        {"title": "What is a trauma bond?", "payload": "/ask_trauma_bond"},
        {"title": "Helplines", "payload": "/ask_helplines"},
    ],
}
ANSWERS: dict[str, list[dict[str, Any]] | Exception] = {
    "/want_start_over": [OPENING],
    "/speak_spanish": [{"text": "Soy una guía automática."}],
    "/ask_helplines": [
        {"text": "You can reach these people:\n- In danger now: call 911.\n- In crisis: call or text 988 (any time)."},
        {"text": "It need not be an emergency.", "buttons": [{"title": "I feel unsafe", "payload": "/report_danger"}]},
    ],
    "i want to die": [
        {
            "text": "I'm really glad you said that. Call or text 988 (any time). Are you thinking of killing yourself?",
            "buttons": [{"title": title, "payload": f"/{title}"} for title in ("Yes", "No", "I'm not sure")],
        }
    ],
    "leave": [{"text": "Tap it to leave.", "buttons": [{"title": "Leave this page fast", "payload": "/want_exit"}]}],
}


def answering() -> Agent:
    """An assistant with the answers of the table."""
    return Agent(dict(ANSWERS))


class Server:
    """The server on a port of its own, which can be stopped and started anew."""

    def __init__(self, agent: Any, sites: tuple[str, ...] = (), poll: float = 15) -> None:
        self.agent, self.sites, self.poll = agent, sites, poll
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}/"
        self.channel: WebChannel
        self.start()

    def use(self, agent: Any) -> None:
        """Let another assistant answer from here on."""
        self.agent = self._running.ctx.agent = agent

    def start(self) -> None:
        app = self._running = self._app()
        self.channel = next(each for each in app.ctx.input_channels if isinstance(each, WebChannel))
        ready = threading.Event()
        self._loop = asyncio.new_event_loop()

        async def run() -> None:
            self._server = await app.create_server(
                "127.0.0.1", self.port, return_asyncio_server=True, access_log=False, debug=False
            )
            await self._server.startup()
            await self._server.before_start()
            await self._server.start_serving()
            ready.set()

        def forever() -> None:
            asyncio.set_event_loop(self._loop)
            self._loop.run_until_complete(run())
            self._loop.run_forever()

        self._thread = threading.Thread(target=forever, daemon=True)
        self._thread.start()
        assert ready.wait(20), "the server did not start"

    def stop(self) -> None:
        async def close() -> None:
            self._server.close()
            for connection in list(self._server.connections):
                connection.abort()
            self._loop.stop()

        asyncio.run_coroutine_threadsafe(close(), self._loop)
        self._thread.join(10)

    def _app(self) -> Sanic:
        Sanic.test_mode = True
        Sanic._app_registry.clear()
        app = create_app(agent=self.agent, clinic=replace(Clinic.load(settings.CLINIC), sites=self.sites))
        pages: Pages = app.ctx.pages
        pages.poll = self.poll  # type: ignore[assignment]
        return app


@contextmanager
def clinic_site(script: str) -> Iterator[str]:
    """A page of a clinic's own, on another host, that carries the script; gives its address."""
    page = (
        '<!doctype html><html lang="en"><title>The clinic</title><link rel="icon" href="icon">'
        f'<script src="{script}" defer></script><main><h1>The clinic</h1><p><a href="/more">More</a></p></main>'
    )

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(page.encode())

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://localhost:{server.server_port}"
    server.shutdown()
    server.server_close()


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, which no download brings."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


def axe_faults(frame: Any) -> list[str]:
    """What axe finds against WCAG 2.2 A and AA and its own best practice, a line a fault."""
    frame.evaluate(AXE.read_text(encoding="utf-8") + ";0")
    found = frame.evaluate("axe.run(document).then((result) => result.violations)")
    return [f"{each['id']}: {node['html'][:160]} {node['failureSummary']}" for each in found for node in each["nodes"]]
