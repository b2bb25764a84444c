"""The web server: Rasa's Sanic app with the channels, the demo page and routes that tell its health."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from rasa.core.channels.channel import register
from rasa.core.run import create_http_input_channels
from sanic import Sanic
from sanic.exceptions import SanicException
from sanic.request import Request
from sanic.response import HTTPResponse, file, json

from waymark import settings
from waymark.runtime import load_agent

logger = logging.getLogger(__name__)

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}

PAGE_FILES = {"": "index.html", "chat.js": "chat.js", "chat.css": "chat.css"}


def create_app(model: Path | None = None, agent: Any = None) -> Sanic:
    """The app, which loads its model as it starts, unless it is given an agent.

    Without a model it still starts and answers every message with the numbers to call;
    `/ready` says 503 then.
    """
    channels = create_http_input_channels(None, str(settings.ROOT / "credentials.yml"))
    app = Sanic("waymark", configure_logging=False)
    register(channels, app, route="/webhooks/")
    app.config.REQUEST_MAX_SIZE = settings.BODY_LIMIT + 1024
    app.config.FALLBACK_ERROR_FORMAT = "json"
    app.ctx.agent = agent or _NoAgent()

    async def load(app: Sanic, _: Any) -> None:
        try:
            app.ctx.agent = load_agent(model)
        except Exception as error:
            logger.error("No model (%s: %s); only the numbers are answered.", type(error).__name__, error)

    if agent is None:
        app.register_listener(load, "before_server_start")
    _add_routes(app)
    return app


class _NoAgent:
    """Stands in while there is no model: answers nothing, so the channel gives the static card."""

    async def handle_message(self, _: Any) -> None:
        return None

    def is_ready(self) -> bool:
        return False


def _add_routes(app: Sanic) -> None:
    @app.get("/health")
    async def health(_: Request) -> HTTPResponse:
        return json({"status": "ok"})

    @app.get("/ready")
    async def ready(_: Request) -> HTTPResponse:
        is_ready = app.ctx.agent.is_ready()
        return json({"ready": is_ready}, status=200 if is_ready else 503)

    for address, name in PAGE_FILES.items():
        _add_page(app, address, settings.WEB / name)

    @app.middleware("response")  # type: ignore[no-untyped-call]
    async def harden(_: Request, response: HTTPResponse) -> None:
        response.headers.update(HEADERS)

    @app.exception(Exception)  # type: ignore[no-untyped-call]
    async def refuse(_: Request, error: Exception) -> HTTPResponse:
        if isinstance(error, SanicException) and error.status_code < 500:
            return json({"error": str(error) or "refused"}, status=error.status_code)
        logger.error("A request failed: %s", type(error).__name__)
        return json({"error": "Something broke on our side."}, status=500)


def _add_page(app: Sanic, address: str, path: Path) -> None:
    async def page(_: Request) -> HTTPResponse:
        return await file(path)

    app.add_route(page, f"/{address}", name=f"page_{path.stem}_{path.suffix[1:]}")


def serve(host: str, port: int, model: Path | None = None) -> None:
    """Serve until interrupted."""
    app = create_app(model)
    print(f"Waymark is starting on http://{host}:{port} (Ctrl-C ends it).", flush=True)

    async def announce(*_: Any) -> None:
        print(f"Ready: open http://{host}:{port} in a browser.", flush=True)

    app.register_listener(announce, "after_server_start")
    app.run(host=host, port=port, workers=1, access_log=False, debug=False, motd=False)
