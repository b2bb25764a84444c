"""A Chatwoot server on loopback: the parts of its API that we use, its webhooks, and its failures."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import itertools
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

ACCOUNT, TOKEN, SECRET, INBOX = 7, "bot-token", "a-secret-of-the-agent-bot", "inbox-identifier"


@dataclass
class Conversation:
    id: int
    inbox: str = "web-widget"
    status: str = "pending"
    messages: list[dict[str, Any]] = field(default_factory=list)

    def texts(self, direction: str, private: bool = False) -> list[str]:
        found = [m for m in self.messages if m["message_type"] == direction and m["private"] is private]
        return [message["content"] for message in found]

    @property
    def notes(self) -> list[str]:
        return self.texts("outgoing", private=True)


class FakeChatwoot:
    """Refuses what Chatwoot refuses: no token, an unknown contact, "incoming" outside an API inbox."""

    def __init__(self) -> None:
        self.conversations: dict[int, Conversation] = {}
        self.contacts: dict[str, dict[str, Any]] = {}
        self.calls: list[str] = []
        self.fail: list[int] = []
        """Statuses that the next requests get in place of an answer."""
        self.down = False
        self.delay = 0.0
        self._numbers = itertools.count(1)
        self._runner: web.AppRunner | None = None
        self.url = ""

    async def start(self) -> None:
        app = web.Application(middlewares=[self._trouble])
        account, inbox = f"/api/v1/accounts/{ACCOUNT}/conversations/{{id}}", f"/public/api/v1/inboxes/{INBOX}/contacts"
        app.add_routes(
            [
                web.post(inbox, self._make_contact),
                web.post(inbox + "/{source}/conversations", self._make_conversation),
                web.post(account + "/messages", self._make_message),
                web.post(account + "/toggle_status", self._toggle),
            ]
        )
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        if self._runner:
            await self._runner.cleanup()

    def begin(self, status: str = "pending") -> Conversation:
        """A visitor opens Chatwoot's own window."""
        return self._add("web-widget", status)

    @property
    def only(self) -> Conversation:
        (conversation,) = self.conversations.values()
        return conversation

    # The API

    @web.middleware
    async def _trouble(self, request: web.Request, handler: Callable[[web.Request], Awaitable[Any]]) -> Any:
        self.calls.append(request.path)
        if self.delay:
            await asyncio.sleep(self.delay)
        if self.down or self.fail:
            return web.json_response({"error": "out of order"}, status=500 if self.down else self.fail.pop(0))
        if request.path.startswith("/api/") and request.headers.get("api_access_token") != TOKEN:
            return web.json_response({"error": "Invalid Access Token"}, status=401)
        assert request.path.startswith("/api/") or "api_access_token" not in request.headers
        return await handler(request)

    async def _make_contact(self, request: web.Request) -> web.Response:
        source = f"source-{next(self._numbers)}"
        self.contacts[source] = await request.json()
        return web.json_response({"id": 1, "source_id": source, **self.contacts[source]})

    async def _make_conversation(self, request: web.Request) -> web.Response:
        if request.match_info["source"] not in self.contacts:
            return web.json_response({}, status=404)
        return web.json_response({"id": self._add("api", "pending").id, "inbox_id": "3", "messages": []})

    async def _make_message(self, request: web.Request) -> web.Response:
        conversation, sent = self._of(request), await request.json()
        if sent["message_type"] == "incoming" and conversation.inbox != "api":
            return web.json_response({"error": "Incoming messages are only allowed in Api inboxes"}, status=422)
        message = {"id": next(self._numbers), **sent}
        conversation.messages.append(message)
        return web.json_response(message)

    async def _toggle(self, request: web.Request) -> web.Response:
        self._of(request).status = (await request.json())["status"]
        return web.json_response({"success": True})

    def _of(self, request: web.Request) -> Conversation:
        return self.conversations[int(request.match_info["id"])]

    def _add(self, inbox: str, status: str) -> Conversation:
        conversation = Conversation(next(self._numbers), inbox, status)
        self.conversations[conversation.id] = conversation
        return conversation

    # Its webhooks

    def message(self, of: Conversation, text: str, **changes: Any) -> dict[str, Any]:
        """The event of a message: a visitor's, unless `changes` says otherwise."""
        return {
            "event": "message_created",
            "id": next(self._numbers),
            "content": text,
            "content_type": "text",
            "content_attributes": {},
            "message_type": "incoming",
            "private": False,
            "sender": {"id": 11, "name": "Visitor"},
            "account": {"id": ACCOUNT, "name": "Clinic"},
            "conversation": {"id": of.id, "status": of.status, "channel": "Channel::WebWidget"},
            **changes,
        }

    def staff(self, conversation: Conversation, text: str, **changes: Any) -> dict[str, Any]:
        """The event of a message of staff."""
        sender = {"id": 2, "name": "Ann", "type": "user"}
        return self.message(conversation, text, message_type="outgoing", **{"sender": sender, **changes})

    def resolved(self, conversation: Conversation) -> dict[str, Any]:
        conversation.status = "resolved"
        return {"event": "conversation_resolved", "id": conversation.id, "status": "resolved"}

    def delivery(self, event: Any, age: float = 0.0, secret: str = SECRET) -> tuple[bytes, dict[str, str]]:
        """A signed request: body and headers."""
        body = event if isinstance(event, bytes) else json.dumps(event).encode()
        stamp = str(int(time.time() - age))
        signature = hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
        return body, {
            "content-type": "application/json",
            "x-chatwoot-timestamp": stamp,
            "x-chatwoot-signature": f"sha256={signature}",
            "x-chatwoot-delivery": f"delivery-{next(self._numbers)}",
        }
