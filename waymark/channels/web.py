"""The website's channel: a page of ours, or one of a listed site, talks with the assistant.

    POST /talk/start   {"language"}                            -> a session and the opening
    POST /talk/say     {"session", "id", "text" or "choice"}   -> the answer; the same id gets the same answer
    POST /talk/later   {"session", "after"}                    -> replies that came later
    POST /talk/delete  {"session"}                             -> deletes the conversation, ends the session
    POST /talk/end     {"session"}                             -> the same from a beacon, which cannot read answers

Whatever goes wrong is answered with `error`, a word for the program, and `text`, words for the visitor that name
the numbers to call; a message in crisis gets its crisis reply there too.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from rasa.core.channels.channel import InputChannel, UserMessage
from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse
from sanic.response import json as json_response

from waymark import settings
from waymark.channels.card import crisis_words, scripted, static_card
from waymark.channels.gate import words_only
from waymark.channels.held import hear
from waymark.channels.rest import reply_to
from waymark.channels.sessions import Allowance, Expired, Session, Sessions
from waymark.content.clinic import Clinic
from waymark.content.strings import SERVER, Strings
from waymark.handover.handover import handover

logger = logging.getLogger(__name__)

PREFIX = "/talk"
TEXT_LIMIT = 20_000
"""Characters of a message, past which it is refused; from MESSAGE_LIMIT on it is answered as too long."""
WEB_BODY_LIMIT = 128 * 1024
"""Bytes of a request's body."""
MOST_WAITING = 64
"""Answers on their way at a time."""
ANSWER_WITHIN = 15.0
"""Seconds after which the page is told to ask again; the answer is then there as soon as it is made."""

OPENINGS = {"en": "/want_start_over", "es": "/speak_spanish"}
LEAVE = "/want_exit"
"""The payload of a choice that leaves the page by itself."""
MESSAGE_ID = re.compile(r"[\w-]{8,64}", re.ASCII)
SHAPES: dict[str, dict[str, type]] = {
    "start": {"language": str},
    "say": {"session": str, "id": str, "text": str, "choice": str, "language": str},
    "later": {"session": str, "after": int, "language": str},
    "delete": {"session": str, "language": str},
    "end": {"session": str},
}

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

Handler = Callable[[UserMessage], Awaitable[Any]]


@dataclass
class Refused(Exception):
    """A request that is not answered, and why."""

    status: int
    error: str
    said: str = ""
    language: str = "en"


class WebChannel(InputChannel):
    """Talks with the page: it names nothing but its session, its own id for a message, and words or a choice."""

    def __init__(self) -> None:
        """Read the clinic, and issue sessions with a key of the environment or of this process."""
        self.sessions = Sessions()
        self.clinic = Clinic.load(settings.CLINIC)
        self.answer_within = ANSWER_WITHIN
        self.starts, self.messages = Allowance(60, 10), Allowance(120, 30)
        self._strings = Strings.load(self.clinic)
        self._waiting = 0
        self.handover = handover()
        if self.handover:
            self.handover.deliver = self._leave

    @classmethod
    def name(cls) -> str:
        """The channel's name in Rasa."""
        return "web"

    def url_prefix(self) -> str:
        """Beginning with a slash it is not put under /webhooks/."""
        return PREFIX

    def blueprint(self, on_new_message: Handler) -> Blueprint:
        """The routes of the channel."""
        routes = Blueprint("waymark_web")

        async def start(request: Request, asked: dict[str, Any]) -> dict[str, Any]:
            if not self.starts.take():
                raise Refused(429, "busy")
            session = self.sessions.start(_language(asked))
            opening = OPENINGS[session.language]
            replies = await self._within(session, self._turn(on_new_message, request.app.ctx.agent, session, opening))
            return {"session": self.sessions.token(session), "replies": replies}

        async def say(request: Request, asked: dict[str, Any]) -> dict[str, Any]:
            session = self._session(asked)
            answer = session.answers.get(asked["id"])
            if answer is None:
                answer = self._begin(on_new_message, request.app.ctx.agent, session, asked)
                session.remember(asked["id"], answer)
            try:
                replies = await self._within(session, answer)
            except Expired as error:
                raise Refused(401, "expired", "", session.language) from error
            # Empty only when the message was passed on to a person; the page takes it for a failure otherwise.
            passed_on = {} if replies else {"passed_on": True}
            return {"session": self.sessions.token(session), "replies": replies, **passed_on, **self._with(session)}

        async def later(request: Request, asked: dict[str, Any]) -> dict[str, Any]:
            session = self._session(asked, renew=False)
            if not session.polls.take():
                raise Refused(429, "too_fast")
            after, replies = session.fetch(asked.get("after", 0))
            shown = [self._shown(session, reply) for reply in replies]
            return {"after": after, "replies": shown, **self._with(session)}

        async def delete(request: Request, asked: dict[str, Any]) -> dict[str, Any]:
            await self._end(request, self._session(asked))
            return {"deleted": True}

        async def end(request: Request, asked: dict[str, Any]) -> dict[str, Any]:
            await self._end(request, self._session(asked))
            return {}

        for action in (start, say, later, delete, end):
            self._add_route(routes, action)
        return routes

    # Coming in

    def _add_route(
        self, routes: Blueprint, action: Callable[[Request, dict[str, Any]], Awaitable[dict[str, Any]]]
    ) -> None:
        name = action.__name__

        async def answer(request: Request) -> HTTPResponse:
            origin = self._allowed_origin(request)
            if request.method == "OPTIONS":
                return HTTPResponse(status=204 if origin else 403, headers=_headers(origin, preflight=True))
            try:
                # A beacon from a page without a referrer has no origin; it can only end what it has the token of.
                if origin is None and name != "end":
                    raise Refused(403, "not_here")
                payload, status = await action(request, _read(name, request.body)), 200
            except Refused as refused:
                payload, status = self.refusal(refused), refused.status
            return json_response(payload, status=status, headers=_headers(origin), ensure_ascii=False)

        routes.add_route(answer, f"/{name}", methods=["POST", "OPTIONS"], name=name)

    def _allowed_origin(self, request: Request) -> str | None:
        """The origin of a request, if it is our own or that of a listed site."""
        origin: str = request.headers.get("origin", "")
        if origin in self.clinic.sites:
            return origin
        is_own = origin.startswith(("http://", "https://")) and urlsplit(origin).netloc == request.headers.get("host")
        return origin if is_own else None

    def _session(self, asked: dict[str, Any], renew: bool = True) -> Session:
        try:
            session = self.sessions.resume(asked.get("session", ""), renew)
        except Expired as error:
            raise Refused(401, "expired", asked.get("text", ""), _language(asked)) from error
        session.language = _language(asked, session.language)
        return session

    # Answering

    def _begin(
        self, on_new_message: Handler, agent: Any, session: Session, asked: dict[str, Any]
    ) -> asyncio.Task[list[dict[str, Any]]]:
        text, choice = asked.get("text", ""), asked.get("choice")
        if len(text) > TEXT_LIMIT:
            raise Refused(413, "too_long", text, session.language)
        if not session.messages.take():
            raise Refused(429, "too_fast", text, session.language)
        if self._waiting >= MOST_WAITING or not self.messages.take():
            raise Refused(503, "busy", text, session.language)
        if choice is None:
            return self._turn(on_new_message, agent, session, words_only(text), typed=text)
        if choice not in session.choices:
            raise Refused(409, "choice_gone", "", session.language)
        title, payload = session.choices[choice]
        return self._turn(on_new_message, agent, session, payload, title=title)

    def _turn(
        self, on_new_message: Handler, agent: Any, session: Session, message: str, typed: str = "", title: str = ""
    ) -> asyncio.Task[list[dict[str, Any]]]:
        """One turn in a task of its own, so that it ends also when the page has gone away or asks again."""

        async def take() -> list[dict[str, Any]]:
            try:
                async with session.turn:
                    if session.ended:
                        raise Expired
                    replies, is_passed_on = await self._answer(on_new_message, agent, session, message, title or typed)
                shown = [self._shown(session, reply) for reply in replies if _has_words(reply)]
                if shown or is_passed_on:
                    return shown
                return [self._shown(session, reply) for reply in static_card(typed)]
            finally:
                self._waiting -= 1

        self._waiting += 1
        return asyncio.create_task(take())

    async def _answer(
        self, on_new_message: Handler, agent: Any, session: Session, message: str, said: str
    ) -> tuple[list[dict[str, Any]], bool]:
        """The guide's replies, and whether the message went to a person instead or as well."""

        async def guide() -> list[dict[str, Any]]:
            return await reply_to(on_new_message, session.sender, message, self.name())

        case = self.handover.case(session.sender) if self.handover else None
        if self.handover and case:
            return await hear(self.handover, case, agent, message, said, guide)
        return await guide(), False

    def _with(self, session: Session) -> dict[str, bool]:
        """Tells the page that a person has the conversation: it looks for replies more often then."""
        return {"person": True} if self.handover and self.handover.case(session.sender) else {}

    def _leave(self, conversation: str, response: str, **values: str) -> bool:
        """Leave a scripted reply for a visitor's page."""
        return self.sessions.deliver(conversation, scripted(response, **values))

    async def _within(self, session: Session, answer: asyncio.Task[list[dict[str, Any]]]) -> list[dict[str, Any]]:
        try:
            return await asyncio.wait_for(asyncio.shield(answer), self.answer_within)
        except asyncio.TimeoutError as error:
            raise Refused(503, "slow", "", session.language) from error

    @staticmethod
    def _shown(session: Session, reply: dict[str, Any]) -> dict[str, Any]:
        """A reply as the page gets it: words, and choices by token."""
        choices = [
            {
                "title": button["title"],
                "choice": session.offer(button["title"], button.get("payload") or button["title"]),
                **({"leave": True} if button.get("payload") == LEAVE else {}),
            }
            for button in reply.get("buttons") or ()
        ]
        return {"text": reply["text"], "choices": choices}

    def refusal(self, refused: Refused) -> dict[str, str]:
        """What the page gets instead of an answer: never without the numbers to call."""
        text = self._strings.text(SERVER, refused.error, refused.language)
        crisis = crisis_words(refused.said[:TEXT_LIMIT] + "\n" + refused.said[-TEXT_LIMIT:]) if refused.said else None
        return {"error": refused.error, "text": crisis or text}

    # Ending

    async def _end(self, request: Request, session: Session) -> None:
        """End a session and delete its conversation, after the turn that is under way."""
        self.sessions.end(session)
        if self.handover:
            self.handover.left(session.sender)
        async with session.turn:
            try:
                store = request.app.ctx.agent.tracker_store
                # Rasa wraps the store, and its wrapper has no way to delete.
                getattr(store, "_tracker_store", store).delete(session.sender)
            except Exception as error:
                logger.error("A conversation could not be deleted: %s", type(error).__name__)
                raise Refused(503, "not_deleted", "", session.language) from error


def _read(name: str, body: bytes) -> dict[str, Any]:
    """A request's body, of the right shape.

    Raises:
        Refused: It is too large, no JSON, or has something else in it than what the page may say.
    """
    if len(body) > WEB_BODY_LIMIT:
        raise Refused(413, "too_long", body.decode(errors="replace"))
    try:
        asked = json.loads(body or b"{}")
    except ValueError as error:
        raise Refused(400, "unclear") from error
    shape = SHAPES[name]
    # A bool is an int to isinstance, so the types are compared.
    if not isinstance(asked, dict) or not all(type(value) is shape.get(key) for key, value in asked.items()):
        raise Refused(400, "unclear")
    if name == "say" and (("text" in asked) == ("choice" in asked) or not MESSAGE_ID.fullmatch(asked.get("id", ""))):
        raise Refused(400, "unclear", asked.get("text", ""))
    return asked


def _language(asked: dict[str, Any], default: str = "en") -> str:
    language = asked.get("language", default)
    return language if language in OPENINGS else default


def _has_words(reply: dict[str, Any]) -> bool:
    return isinstance(reply.get("text"), str) and bool(reply["text"].strip())


def _headers(origin: str | None, preflight: bool = False) -> dict[str, str]:
    cors = {"Access-Control-Allow-Origin": origin, "Vary": "Origin"} if origin else {"Vary": "Origin"}
    if origin and preflight:
        cors |= {"Access-Control-Allow-Methods": "POST", "Access-Control-Allow-Headers": "content-type"}
    return {**HEADERS, **cors}
