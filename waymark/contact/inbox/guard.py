"""Who is logged in, and what every answer carries."""

from __future__ import annotations

import time

from starlette.authentication import AuthCredentials, AuthenticationBackend, BaseUser
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from waymark.contact.staff import ROLES, Account, Staff

IDLE = 1_800
"""Seconds without a request after which a session ends."""

LONGEST = 36_000
"""Seconds after which a session ends whatever happens: ten hours, a long working day."""

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    # Not "no-referrer": over HTTPS the CSRF protection also compares the referrer's origin.
    "Referrer-Policy": "same-origin",
    "Strict-Transport-Security": "max-age=31536000",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow",
}


class Headers:
    """Puts HEADERS on every answer, errors included."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap the app."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        await self._app(scope, receive, send_with_headers)


class Person(BaseUser):
    """Somebody who is logged in."""

    def __init__(self, account: Account) -> None:
        """Take the account as it stands now."""
        self.account = account

    @property
    def is_authenticated(self) -> bool:
        """Yes."""
        return True

    @property
    def display_name(self) -> str:
        """The account's name."""
        return self.account.name


class Sessions(AuthenticationBackend):
    """Recognises a session, as long as the account still is what it was when the session began."""

    def __init__(self, staff: Staff) -> None:
        """Take the accounts."""
        self._staff = staff

    async def authenticate(self, conn: HTTPConnection) -> tuple[AuthCredentials, Person] | None:
        """The person and their roles, or None."""
        session = conn.session
        name = session.get("name")
        if not name or conn.url.path.startswith("/static/"):
            return None
        now = time.time()
        account = await run_in_threadpool(self._staff.find, name)
        is_fresh = now - session.get("seen", 0) < IDLE and now - session.get("since", 0) < LONGEST
        if account is None or account.sessions != session.get("sessions") or not is_fresh:
            session.clear()
            return None
        session["seen"] = now
        return AuthCredentials([role for role in ROLES if account.may(role)]), Person(account)


def begin_session(request: Request, account: Account) -> None:
    """Start afresh, so that nothing of what was there before the login is carried over."""
    now = time.time()
    request.session.clear()
    request.session.update(name=account.name, sessions=account.sessions, since=now, seen=now)
