"""The web server: Rasa's Sanic app with the channels, the page and routes that tell its health."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from rasa.core.channels.channel import register
from rasa.core.run import create_http_input_channels
from sanic import Sanic
from sanic.exceptions import SanicException
from sanic.request import Request
from sanic.response import HTTPResponse, json

from waymark import settings
from waymark.channels.card import count_into, static_card
from waymark.channels.gate import tappable
from waymark.channels.web import PREFIX, Refused, WebChannel
from waymark.content.clinic import Clinic
from waymark.pages import Pages, add_pages
from waymark.referrals.counter import counter_of
from waymark.runtime import load_agent

logger = logging.getLogger(__name__)

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


def create_app(model: Path | None = None, agent: Any = None, clinic: Clinic | None = None) -> Sanic:
    """The app, which loads its model as it starts, unless it is given an agent; the clinic is that of clinic.yml.

    Without a model it still starts and answers every message with the numbers to call;
    `/ready` says 503 then.
    """
    clinic = clinic or Clinic.load(settings.CLINIC)
    channels = create_http_input_channels(None, str(settings.ROOT / "credentials.yml"))
    for channel in channels:
        if isinstance(channel, WebChannel):
            channel.clinic = clinic
    app = Sanic("waymark", configure_logging=False)
    register(channels, app, route="/webhooks/")
    app.config.REQUEST_MAX_SIZE = settings.BODY_LIMIT + 1024
    app.config.FALLBACK_ERROR_FORMAT = "json"
    app.ctx.agent = agent or _NoAgent()

    async def load(app: Sanic, _: Any) -> None:
        count_into(counter_of(settings.database_url()))
        try:
            app.ctx.agent = load_agent(model)
        except Exception as error:
            logger.error("No model (%s: %s); only the numbers are answered.", type(error).__name__, error)

    async def prepare(*_: Any) -> None:
        # Read before the first visitor comes, not while one waits: what a failing part is answered with.
        tappable()
        static_card("")

    app.register_listener(prepare, "before_server_start")
    if agent is None:
        app.register_listener(load, "before_server_start")
    _add_routes(app, clinic)
    return app


class _NoAgent:
    """Stands in while there is no model: answers nothing, so the channel gives the static card."""

    async def handle_message(self, _: Any) -> None:
        return None

    def is_ready(self) -> bool:
        return False


def _add_routes(app: Sanic, clinic: Clinic) -> None:
    @app.get("/health")
    async def health(_: Request) -> HTTPResponse:
        return json({"status": "ok"})

    @app.get("/ready")
    async def ready(_: Request) -> HTTPResponse:
        is_ready = app.ctx.agent.is_ready()
        return json({"ready": is_ready}, status=200 if is_ready else 503)

    app.ctx.pages = Pages(clinic)
    add_pages(app, app.ctx.pages)

    @app.middleware("response")  # type: ignore[no-untyped-call]
    async def harden(_: Request, response: HTTPResponse) -> None:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)

    @app.exception(Exception)  # type: ignore[no-untyped-call]
    async def refuse(request: Request, error: Exception) -> HTTPResponse:
        if request.path.startswith(PREFIX):
            return _refuse_page(app, error)
        if isinstance(error, SanicException) and error.status_code < 500:
            return json({"error": str(error) or "refused"}, status=error.status_code)
        logger.error("A request failed: %s", type(error).__name__)
        return json({"error": "Something broke on our side."}, status=500)


def _refuse_page(app: Sanic, error: Exception) -> HTTPResponse:
    """What the page gets when a request does not come as far as its channel, or breaks in it."""
    status = getattr(error, "status_code", 500)
    if status >= 500:
        logger.error("A request failed: %s", type(error).__name__)
    channel = next(each for each in app.ctx.input_channels if isinstance(each, WebChannel))
    refused = Refused(status, "too_long" if status == 413 else "slow" if status >= 500 else "unclear")
    return json(channel.refusal(refused), status=status, ensure_ascii=False)


def serve(host: str, port: int, model: Path | None = None) -> None:
    """Serve until interrupted."""
    app = create_app(model)
    print(f"Waymark is starting on http://{host}:{port} (Ctrl-C ends it).", flush=True)

    async def announce(*_: Any) -> None:
        print(f"Ready: open http://{host}:{port} in a browser.", flush=True)

    app.register_listener(announce, "after_server_start")
    app.run(host=host, port=port, workers=1, access_log=False, debug=False, motd=False)
