"""The inbox's pages: log in, the list, one request, the audit trail."""

from __future__ import annotations

import io
import logging
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import sqlalchemy as sa
import uvicorn
from starlette.applications import Starlette
from starlette.authentication import requires
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.authentication import AuthenticationMiddleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.templating import Jinja2Templates
from starlette_wtf import CSRFProtectMiddleware, csrf_protect, csrf_token

from waymark import settings
from waymark.contact import audit, words
from waymark.contact.desk import OPEN_STATES, Desk, NotPossible
from waymark.contact.inbox.forms import AttemptForm, LoginForm
from waymark.contact.inbox.guard import IDLE, LONGEST, Headers, Sessions, begin_session
from waymark.contact.outbox import Outbox
from waymark.contact.request import NotStored, RequestStore
from waymark.contact.staff import Staff
from waymark.contact.vault import KeyProblem
from waymark.content.clinic import Clinic

logger = logging.getLogger(__name__)

HERE = Path(__file__).resolve().parent
REQUEST_PAGE = re.compile(r"/requests/[0-9A-Z]{2}-[0-9A-Z]{4}")
TRAIL_LENGTH = 200

SERVER: dict[str, Any] = {
    "access_log": False,
    "log_level": "warning",
    "server_header": False,
    "ws": "none",  # rasa holds the websockets package at a version that uvicorn cannot load, and none is needed
}
"""How uvicorn runs the app."""


def create_app(store: RequestStore, clinic: Clinic, hosts: tuple[str, ...] = ("127.0.0.1", "localhost")) -> Starlette:
    """The app over an open store, answering to these host names only."""
    pages = Pages(store, clinic)
    secret = store.vault.secret("inbox")
    return Starlette(
        routes=[
            Route("/", pages.list, name="list"),
            Route("/login", pages.login, methods=["GET", "POST"], name="login"),
            Route("/logout", pages.logout, methods=["POST"], name="logout"),
            Route("/requests/{reference}", pages.show, methods=["GET", "POST"], name="show"),
            Route("/requests/{reference}/{act}", pages.act, methods=["POST"], name="act"),
            Route("/export", pages.export, methods=["POST"], name="export"),
            Route("/audit", pages.audit, name="audit"),
            Route("/ready", pages.ready),
            Mount("/static", StaticFiles(directory=HERE / "static"), name="static"),
        ],
        middleware=[
            Middleware(Headers),
            Middleware(TrustedHostMiddleware, allowed_hosts=list(hosts), www_redirect=False),
            Middleware(
                SessionMiddleware,
                secret_key=secret,
                session_cookie="__Host-waymark",
                max_age=LONGEST,
                same_site="strict",
                https_only=True,
            ),
            Middleware(CSRFProtectMiddleware, csrf_secret=store.vault.secret("inbox forms"), csrf_time_limit=IDLE),
            Middleware(AuthenticationMiddleware, backend=Sessions(Staff(store.engine))),
        ],
        exception_handlers={
            HTTPException: pages.refuse,
            NotPossible: pages.not_possible,
            KeyProblem: pages.broken,
            NotStored: pages.broken,
            sa.exc.SQLAlchemyError: pages.broken,
        },
    )


class Pages:
    """The handlers; each does its work at a desk in the name of who is logged in."""

    def __init__(self, store: RequestStore, clinic: Clinic) -> None:
        """Take the store, and the clinic for its time zone and retention."""
        self._store = store
        self._staff = Staff(store.engine)
        self._clinic = clinic
        self._zone = ZoneInfo(clinic.time_zone)
        self._templates = Jinja2Templates(HERE / "templates")
        self._templates.env.globals.update(
            at=lambda seconds: words.at(seconds, self._zone),
            on=lambda seconds: words.on(seconds, self._zone),
            safe_words=words.safe_words,
            means=words.MEANS,
            languages=words.LANGUAGES,
            csrf_token=csrf_token,
        )

    async def login(self, request: Request) -> Response:
        """Ask for name and password; a wrong one and a locked account look the same."""
        form = await LoginForm.from_formdata(request)
        wrong = False
        if await form.validate_on_submit():
            account = await run_in_threadpool(self._staff.log_in, form.name.data, form.password.data)
            if account:
                begin_session(request, account)
                return RedirectResponse(_next_page(request), status_code=303)
            wrong = True
        if request.method == "GET" and request.user.is_authenticated:
            return RedirectResponse(_next_page(request), status_code=303)
        expired = bool(form.errors.get("csrf_token"))
        status = 401 if wrong else 400 if form.errors else 200
        return self._page(request, "login.html", {"form": form, "wrong": wrong, "expired": expired}, status)

    @requires("viewer", redirect="login")
    @csrf_protect
    async def logout(self, request: Request) -> Response:
        """End this account's sessions, on every device: a cookie that was copied is worth nothing then."""
        await run_in_threadpool(self._staff.end_sessions, request.user.display_name)
        request.session.clear()
        return RedirectResponse("/login", status_code=303)

    @requires("viewer", redirect="login")
    async def list(self, request: Request) -> Response:
        """Open requests, or closed ones, without contact details."""
        is_closed = request.query_params.get("state") == "closed"
        states = ("closed", "cancelled") if is_closed else OPEN_STATES
        lines = await run_in_threadpool(self._desk(request).lines, states)
        counts = await run_in_threadpool(Outbox(self._store.engine).counts)
        return self._page(request, "list.html", {"lines": lines, "is_closed": is_closed, "counts": counts})

    @requires("viewer", redirect="login")
    async def show(self, request: Request) -> Response:
        """One request with everything in it, and the form to note an attempt."""
        desk = self._desk(request)
        reference = request.path_params["reference"]
        form = await AttemptForm.from_formdata(request)
        if request.method == "POST":
            _need(request, "agent")
            if await form.validate():
                await run_in_threadpool(desk.note_attempt, reference, form.outcome.data, form.note.data.strip())
                return RedirectResponse(f"/requests/{reference}", status_code=303)
        opened = await run_in_threadpool(desk.open_request, reference)
        shown = {
            "opened": opened,
            "line": opened.line,
            "facts": words.facts(opened.asked) if opened.asked else [],
            "link": _link(opened.asked.means, opened.asked.address) if opened.asked else "",
            "form": form,
            "days": self._clinic.request_retention_days,
        }
        return self._page(request, "request.html", shown, 400 if form.errors else 200)

    @requires("agent")
    @csrf_protect
    async def act(self, request: Request) -> Response:
        """Claim, give back, close or cancel."""
        desk = self._desk(request)
        acts: dict[str, Callable[[str], None]] = {
            "claim": desk.claim,
            "release": desk.release,
            "close": desk.close,
            "cancel": desk.cancel,
        }
        act = acts.get(request.path_params["act"])
        if act is None:
            raise HTTPException(404)
        reference = request.path_params["reference"]
        await run_in_threadpool(act, reference)
        is_over = request.path_params["act"] in ("close", "cancel")
        return RedirectResponse("/" if is_over else f"/requests/{reference}", status_code=303)

    @requires("admin")
    @csrf_protect
    async def export(self, request: Request) -> Response:
        """Open requests as CSV, contact details included."""
        out = io.StringIO(newline="")
        await run_in_threadpool(self._desk(request).export, out)
        headers = {"Content-Disposition": 'attachment; filename="requests.csv"'}
        return Response(out.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)

    @requires("admin")
    async def audit(self, request: Request) -> Response:
        """Who did what."""

        def read() -> object:
            with self._store.engine.connect() as connection:
                return audit.read(connection, TRAIL_LENGTH)

        return self._page(request, "audit.html", {"trail": await run_in_threadpool(read)})

    async def ready(self, _: Request) -> Response:
        """For monitors: 503 if the store is away or notices are stuck."""
        is_ready = False
        try:
            is_ready = (await run_in_threadpool(Outbox(self._store.engine).counts)).is_well
        except sa.exc.SQLAlchemyError as error:
            logger.error("The store of contact requests cannot be used (%s).", type(error).__name__)
        return JSONResponse({"ready": is_ready}, 200 if is_ready else 503)

    async def refuse(self, request: Request, error: Exception) -> Response:
        """A page for what is not there or not allowed."""
        status = error.status_code if isinstance(error, HTTPException) else 500
        said = {
            403: "You may not do that. If you were away for long, or this page is not on HTTPS, log in again.",
            404: "There is no such page.",
        }
        return self._page(request, "message.html", {"text": said.get(status, "That did not work.")}, status)

    async def not_possible(self, request: Request, error: Exception) -> Response:
        """A page for a request that is gone, or that somebody else took meanwhile."""
        text = str(error)
        return self._page(request, "message.html", {"text": text[:1].upper() + text[1:]}, 409)

    async def broken(self, request: Request, error: Exception) -> Response:
        """A page for a store that cannot be used; its text may hold nothing but our own words."""
        logger.error("The inbox could not use its store (%s).", type(error).__name__)
        text = str(error) if isinstance(error, KeyProblem) else "The store cannot be reached. Try again in a minute."
        return self._page(request, "message.html", {"text": text}, 503)

    def _desk(self, request: Request) -> Desk:
        return Desk(self._store, request.user.display_name)

    def _page(self, request: Request, name: str, values: dict[str, object], status: int = 200) -> Response:
        user = request.scope.get("user")
        account = user.account if user is not None and user.is_authenticated else None
        return self._templates.TemplateResponse(request, name, {**values, "account": account}, status_code=status)


def _need(request: Request, role: str) -> None:
    if role not in request.auth.scopes:
        raise HTTPException(403)


def _next_page(request: Request) -> str:
    """Where to go after the login: the page of a request that was asked for, else the list; never another site."""
    path = urlsplit(request.query_params.get("next", "")).path
    return path if REQUEST_PAGE.fullmatch(path) else "/"


def _link(means: str, address: str) -> str:
    return {"call": "tel:", "text": "sms:", "email": "mailto:"}[means] + address


def serve(host: str, port: int) -> None:
    """Serve until interrupted; over HTTPS by a proxy on the same machine."""
    named = urlsplit(os.environ.get("WAYMARK_INBOX_URL", "")).hostname
    hosts = ("127.0.0.1", "localhost", *([named] if named else []))
    app = create_app(RequestStore.open(), Clinic.load(settings.CLINIC), hosts)
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    print(f"The inbox is on http://{host}:{port} (Ctrl-C ends it).", flush=True)
    uvicorn.run(app, host=host, port=port, **SERVER)
