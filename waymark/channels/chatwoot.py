"""Chatwoot's agent bot: visitors who write in a Chatwoot inbox, and staff who write to visitors of the website.

    POST /webhooks/chatwoot/webhook     the bot's address in Chatwoot, for all inboxes it is connected to

What comes in is signed, fresh and not seen before, or it is refused. It is answered at once and worked on in the
background, message after message in each conversation: Chatwoot waits five seconds and takes a conversation from a
bot that is slower.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import logging
import os
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any

import sqlalchemy as sa
from rasa.core.channels.channel import InputChannel, UserMessage
from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse
from sanic.response import json as json_response

from waymark import settings
from waymark.channels.card import scripted
from waymark.channels.gate import words_only
from waymark.channels.held import Reply, screen, without_offer
from waymark.channels.rest import reply_to
from waymark.handover.chatwoot_desk import CHANNEL, PREFIX, ChatwootDesk
from waymark.handover.desk import NotReached
from waymark.handover.handover import HOURS_OVER, TAKEN_BACK, Handover, handover

logger = logging.getLogger(__name__)

SECRET = "WAYMARK_CHATWOOT_SECRET"
FRESH = 5 * 60
"""Seconds that a timestamp may be off."""
MOST_SEEN = 4_096
"""Deliveries and messages remembered."""
MOST_CONVERSATIONS = 2_000
"""Conversations whose open choices are remembered."""
MOST_UNDER_WAY = 200
"""Messages worked on at a time; past that Chatwoot hears 503 and gives the conversation to people by itself."""
LONGEST = 4_000
"""Characters of a staff message that are shown."""

Handler = Callable[[UserMessage], Awaitable[Any]]


class Recent:
    """Remembers the last so many names."""

    def __init__(self, most: int = MOST_SEEN) -> None:
        """Start with none."""
        self._most = most
        self._names: OrderedDict[str, None] = OrderedDict()

    def is_new(self, name: str) -> bool:
        """Whether a name comes for the first time; it does not any more afterwards."""
        if name in self._names:
            return False
        self._names[name] = None
        while len(self._names) > self._most:
            self._names.popitem(last=False)
        return True


class ChatwootChannel(InputChannel):
    """Answers nothing (404) unless the environment sets up a desk in Chatwoot."""

    def __init__(self) -> None:
        """Take desk and secret from the environment."""
        self.handover = handover()
        self._secret = os.environ.get(SECRET, "")
        self._seen = Recent()
        self._choices: OrderedDict[str, dict[str, str]] = OrderedDict()
        self._turns: dict[str, tuple[asyncio.Lock, int]] = {}

    @classmethod
    def name(cls) -> str:
        """The channel's name in Rasa."""
        return CHANNEL

    def blueprint(self, on_new_message: Handler) -> Blueprint:
        """The one route of the channel."""
        routes = Blueprint("waymark_chatwoot")

        @routes.post("/webhook")
        async def receive(request: Request) -> HTTPResponse:
            here = self.handover
            if here is None or not isinstance(here.desk, ChatwootDesk):
                return json_response({"error": "Chatwoot is not set up: see docs/handover.md."}, status=404)
            if len(request.body) > settings.BODY_LIMIT:
                return json_response({"error": "too large"}, status=413)
            if not is_signed(self._secret, request.headers, request.body, time.time()):
                return json_response({"error": "The signature or its time is not right."}, status=401)
            event = _event(request.body)
            if event is None:
                return json_response({"error": "The body is no JSON object."}, status=400)
            if here.busy >= MOST_UNDER_WAY:
                return json_response({"error": "busy"}, status=503)
            if self._is_new(request.headers.get("x-chatwoot-delivery", ""), event):
                chatwoot = _Chatwoot(self, here, here.desk, request.app.ctx.agent, on_new_message)
                work = chatwoot.work_on(event)
                if work is not None:
                    here.later(work)
            return json_response({"ok": True})

        @routes.listener("before_server_stop")
        async def finish(*_: Any) -> None:
            if self.handover:
                await self.handover.finish()

        return routes

    def _is_new(self, delivery: str, event: dict[str, Any]) -> bool:
        # The delivery's id is not signed, the message's is: either one seen before is enough.
        is_new = not delivery or self._seen.is_new(f"delivery {delivery}")
        if is_new and event.get("event") == "message_created":
            return self._seen.is_new(f"message {event.get('id')}")
        return is_new

    def offer(self, conversation: str, replies: list[Reply]) -> None:
        """Remember what a visitor can choose from now: payloads by title."""
        offered = self._choices.setdefault(conversation, {})
        for reply in replies:
            for button in reply.get("buttons") or ():
                offered.pop(button["title"].casefold(), None)
                offered[button["title"].casefold()] = button.get("payload") or button["title"]
        self._choices.move_to_end(conversation)
        for title in list(offered)[:-32]:
            del offered[title]
        while len(self._choices) > MOST_CONVERSATIONS:
            self._choices.popitem(last=False)

    def chosen(self, conversation: str, title: str) -> str | None:
        """The payload of a choice, if it was offered in this conversation."""
        return self._choices.get(conversation, {}).get(title.strip().casefold())

    async def in_turn(self, conversation: str, work: Callable[[], Awaitable[None]]) -> None:
        """Do something after what came before in the same conversation."""
        lock, waiting = self._turns.get(conversation, (asyncio.Lock(), 0))
        self._turns[conversation] = (lock, waiting + 1)
        try:
            async with lock:
                await work()
        finally:
            lock, waiting = self._turns.pop(conversation)
            if waiting > 1:
                self._turns[conversation] = (lock, waiting - 1)


class _Chatwoot:
    """Works on one event."""

    def __init__(
        self, channel: ChatwootChannel, here: Handover, desk: ChatwootDesk, agent: Any, on_new_message: Handler
    ) -> None:
        self._channel, self._here, self._desk = channel, here, desk
        self._agent, self._on_new_message = agent, on_new_message

    def work_on(self, event: dict[str, Any]) -> Any:
        """The work that an event means, to be awaited; None if it means none."""
        kind = event.get("event")
        if kind in ("conversation_resolved", "conversation_status_changed"):
            return self._resolved(event)
        if kind not in ("message_created", "message_updated") or _account(event) not in (None, self._desk.account):
            return None
        conversation = event.get("conversation")
        if not isinstance(conversation, dict) or type(conversation.get("id")) is not int or event.get("private"):
            return None
        desk_id, status = str(conversation["id"]), conversation.get("status")
        direction = _direction(event.get("message_type"))
        if kind == "message_updated":
            title = _submitted(event)
            return self._visitor_said(desk_id, status, title, is_tap=True) if title else None
        if direction == "incoming":
            return self._visitor_said(desk_id, status, _text(event), is_tap=False)
        sender = event.get("sender")
        if direction == "outgoing" and isinstance(sender, dict) and sender.get("type") == "user":
            return self._staff_said(desk_id, _text(event))
        return None

    def _resolved(self, event: dict[str, Any]) -> Any:
        if event.get("status") != "resolved" or type(event.get("id")) is not int:
            return None
        case = self._here.case_at(str(event["id"]))

        async def over() -> None:
            if case:
                self._here.resolved(case)

        return self._channel.in_turn(str(event["id"]), over)

    def _staff_said(self, desk_id: str, text: str) -> Any:
        async def show() -> None:
            # Looked up in turn: the message before may have ended it.
            case = self._here.case_at(desk_id)
            if case and text:
                await self._here.staff_said(case, text[:LONGEST])
            elif case is None:
                self._here.staff_wrote(PREFIX + desk_id)

        return self._channel.in_turn(desk_id, show)

    def _visitor_said(self, desk_id: str, status: Any, text: str, is_tap: bool) -> Any:
        if status not in ("pending", "open"):
            return None
        payload = self._channel.chosen(desk_id, text)
        if is_tap and payload is None:
            return None

        async def hear() -> None:
            await self._hear(desk_id, payload or words_only(text), has_person=status == "open")

        return self._channel.in_turn(desk_id, hear)

    async def _hear(self, desk_id: str, message: str, has_person: bool) -> None:
        if self._is_passed_on(desk_id):
            return
        sender = PREFIX + desk_id

        async def guide() -> list[Reply]:
            return await reply_to(self._on_new_message, sender, message, CHANNEL)

        if not has_person:
            await self._reply(desk_id, await guide())
            return
        alert = await screen(self._here, self._agent, sender, message)
        if alert:
            await self._reply(desk_id, without_offer(await guide()))
            self._here.asked(sender)
            await self._here.note(desk_id, str(alert))
            return
        self._here.answered(sender)
        if self._here.is_over_hours(sender):
            await self._take_back(desk_id)
            await self._reply(desk_id, [scripted(HOURS_OVER), *await guide()])

    def _is_passed_on(self, desk_id: str) -> bool:
        """Whether a message is a website visitor's, which we passed on ourselves."""
        try:
            return self._here.case_at(desk_id) is not None
        except sa.exc.SQLAlchemyError as error:
            logger.error("It cannot be told whose a conversation is: %s", type(error).__name__)
            return False

    async def _take_back(self, desk_id: str) -> None:
        await self._here.note(desk_id, TAKEN_BACK)
        try:
            await self._desk.release(desk_id)
        except NotReached as failure:
            logger.error("A conversation could not be taken back from staff: %s", failure)

    async def _reply(self, desk_id: str, replies: list[Reply]) -> None:
        """Say the replies in order; if one fails the rest is still tried, for it may be the lines."""
        self._channel.offer(desk_id, replies)
        for reply in replies:
            if not str(reply.get("text") or "").strip():
                continue
            try:
                titles = [button["title"] for button in reply.get("buttons") or ()]
                await self._desk.reply(desk_id, reply["text"], titles)
            except NotReached as failure:
                logger.error("A reply could not be posted to Chatwoot: %s", failure)


def is_signed(secret: str, headers: Any, body: bytes, now: float) -> bool:
    """Whether a request is Chatwoot's and fresh.

    The signature is `sha256=` and the hex HMAC-SHA256 of "{X-Chatwoot-Timestamp}.{body}".
    """
    stamp = headers.get("x-chatwoot-timestamp", "")
    if not secret or not (stamp.isascii() and stamp.isdigit() and len(stamp) < 16) or abs(now - int(stamp)) > FRESH:
        return False
    expected = hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    given = headers.get("x-chatwoot-signature", "")
    return hmac.compare_digest(f"sha256={expected}".encode(), given.encode(errors="replace"))


def _event(body: bytes) -> dict[str, Any] | None:
    try:
        read = json.loads(body)
    except ValueError:
        return None
    return read if isinstance(read, dict) else None


def _account(event: dict[str, Any]) -> Any:
    account = event.get("account")
    return account.get("id") if isinstance(account, dict) else None


def _direction(message_type: Any) -> str:
    # Webhooks name it; some versions give the number that the database has.
    return {0: "incoming", 1: "outgoing"}.get(message_type, "") if type(message_type) is int else str(message_type)


def _text(event: dict[str, Any]) -> str:
    content = event.get("content")
    return content.strip() if isinstance(content, str) else ""


def _submitted(event: dict[str, Any]) -> str:
    """The value of a tapped choice; Chatwoot's own window sends it as a change of the bot's message."""
    attributes = event.get("content_attributes")
    values = attributes.get("submitted_values") if isinstance(attributes, dict) else None
    first = values[0] if isinstance(values, list) and values else None
    value = first.get("value") if isinstance(first, dict) else None
    return value if isinstance(value, str) else ""
