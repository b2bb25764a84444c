"""Chatwoot as the desk: an API inbox for the website's visitors, its own inboxes for everybody else.

A visitor of the website becomes a nameless contact and a conversation of the API inbox (Chatwoot's client API);
everything else goes through the agent bot's token: messages, private notes, the conversation's status.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from waymark.contact.notice import checked_url
from waymark.handover.desk import NotReached, Reason

logger = logging.getLogger(__name__)

CHANNEL = "chatwoot"
PREFIX = "chatwoot-"
"""Begins the names of conversations whose visitors write in Chatwoot; its number follows."""

TIMEOUT = 4.0
"""Seconds that Chatwoot has for one request."""
PAUSES = (0.3, 1.0)
"""Seconds before each further try of a request that failed with a 5xx, 429, a time-out or no connection."""
WITHIN = 10.0
"""Seconds for a whole step with all its requests and tries: a visitor waits for it."""

REASONS: dict[Reason, str] = {
    "asked": "they asked for a person",
    "unclear": "the guide did not understand them twice",
    "crisis": "they asked for a person during a crisis; they have seen the crisis lines",
}
LANGUAGES = {"en": "English", "es": "Spanish"}


@dataclass(frozen=True)
class ChatwootDesk:
    """Talks to one account of a Chatwoot server."""

    url: str
    account: int
    token: str = field(repr=False)
    """Of the agent bot."""
    inbox: str = ""
    """Identifier of the API inbox for the website; without it only Chatwoot's own conversations are handed over."""
    timeout: float = TIMEOUT
    pauses: Sequence[float] = PAUSES
    within: float = WITHIN

    def serves(self, channel: str) -> bool:
        """The website if there is an API inbox for it, and Chatwoot itself."""
        return channel == CHANNEL or (channel == "web" and bool(self.inbox))

    def owns(self, conversation: str) -> bool:
        """Whether the visitor writes in Chatwoot."""
        return conversation.startswith(PREFIX)

    async def open(self, reason: Reason, topics: tuple[str, ...], language: str, conversation: str) -> str:
        """Make or find the conversation, note why, and open it for staff."""

        async def steps() -> str:
            desk_id = conversation.removeprefix(PREFIX) if self.owns(conversation) else await self._make()
            await self._message(desk_id, {"content": first_note(reason, topics, language), "private": True})
            await self._status(desk_id, "open")
            return desk_id

        return str(await self._in_time(steps()))

    async def say(self, desk_id: str, text: str) -> None:
        """The visitor's words, as theirs."""
        await self._in_time(self._message(desk_id, {"content": text, "message_type": "incoming"}))

    async def note(self, desk_id: str, text: str) -> None:
        """A private note."""
        await self._in_time(self._message(desk_id, {"content": text, "private": True}))

    async def release(self, desk_id: str) -> None:
        """Back to "pending": the bot has it."""
        await self._in_time(self._status(desk_id, "pending"))

    async def reply(self, desk_id: str, text: str, choices: Sequence[str] = ()) -> None:
        """The bot's answer to a visitor who writes in Chatwoot, with choices to tap.

        Raises:
            NotReached: Chatwoot did not take it.
        """
        buttons: dict[str, Any] = {}
        if choices:
            items = [{"title": title, "value": title} for title in choices]
            buttons = {"content_type": "input_select", "content_attributes": {"items": items}}
        await self._in_time(self._message(desk_id, {"content": text, **buttons}))

    async def _make(self) -> str:
        inbox = f"/public/api/v1/inboxes/{self.inbox}/contacts"
        contact = await self._post(inbox, {"name": "Website visitor"}, with_token=False)
        source = _value(contact, "source_id")
        conversation = await self._post(f"{inbox}/{source}/conversations", {}, with_token=False)
        return _value(conversation, "id")

    async def _message(self, desk_id: str, message: dict[str, Any]) -> None:
        path = f"/api/v1/accounts/{self.account}/conversations/{desk_id}/messages"
        await self._post(path, {"message_type": "outgoing", "private": False, **message})

    async def _status(self, desk_id: str, status: str) -> None:
        path = f"/api/v1/accounts/{self.account}/conversations/{desk_id}/toggle_status"
        await self._post(path, {"status": status})

    async def _in_time(self, steps: Any) -> Any:
        try:
            return await asyncio.wait_for(steps, self.within)
        except asyncio.TimeoutError:
            raise NotReached("TimeoutError") from None

    async def _post(self, path: str, body: dict[str, Any], with_token: bool = True) -> Any:
        for pause in (*self.pauses, None):
            failure, again = "", True
            try:
                return await self._post_once(path, body, {"api_access_token": self.token} if with_token else {})
            except aiohttp.ClientResponseError as error:
                failure, again = f"HTTP {error.status}", error.status >= 500 or error.status == 429
            except (aiohttp.ClientError, asyncio.TimeoutError, OSError, ValueError) as error:
                failure = type(error).__name__
            if pause is None or not again:
                raise NotReached(failure)
            await asyncio.sleep(pause)
        raise AssertionError("unreachable")

    async def _post_once(self, path: str, body: dict[str, Any], headers: dict[str, str]) -> Any:
        limit = aiohttp.ClientTimeout(total=self.timeout)
        async with (
            aiohttp.ClientSession(timeout=limit) as session,
            session.post(self.url + path, json=body, headers=headers, allow_redirects=False) as answer,
        ):
            if not 200 <= answer.status < 300:
                raise aiohttp.ClientResponseError(answer.request_info, (), status=answer.status)
            return json.loads(await answer.text() or "{}")


def first_note(reason: Reason, topics: tuple[str, ...], language: str) -> str:
    """What staff read first: why, what about, in which language; nothing that the visitor wrote."""
    about = ", ".join(topics) if topics else "not shared"
    return (
        f"Handed over by the automated guide: {REASONS[reason]}.\n"
        f"Topics: {about}.\nLanguage: {LANGUAGES.get(language, language)}.\n"
        "What they wrote before this was not kept. Each message is still screened: a crisis shows them the crisis "
        "lines at once and leaves an alert here. Resolve the conversation to give it back to the guide."
    )


def desk_from(environment: Mapping[str, str] = os.environ) -> ChatwootDesk | None:
    """The desk that the environment sets up, or None.

    Raises:
        ValueError: It is set up by half; says what is missing.
    """
    if not environment.get("WAYMARK_CHATWOOT_URL"):
        return None
    for name in ("WAYMARK_CHATWOOT_ACCOUNT", "WAYMARK_CHATWOOT_TOKEN", "WAYMARK_CHATWOOT_SECRET"):
        if not environment.get(name):
            raise ValueError(f"WAYMARK_CHATWOOT_URL is set but {name} is not: see docs/handover.md.")
    account = environment["WAYMARK_CHATWOOT_ACCOUNT"]
    if not account.isdigit():
        raise ValueError("WAYMARK_CHATWOOT_ACCOUNT has to be the account's number, as in its address.")
    return ChatwootDesk(
        url=checked_url("WAYMARK_CHATWOOT_URL", environment["WAYMARK_CHATWOOT_URL"], "https"),
        account=int(account),
        token=environment["WAYMARK_CHATWOOT_TOKEN"],
        inbox=environment.get("WAYMARK_CHATWOOT_INBOX", ""),
    )


def _value(answer: Any, key: str) -> str:
    value = answer.get(key) if isinstance(answer, dict) else None
    # It becomes part of an address: only what cannot lead elsewhere.
    if not isinstance(value, str | int) or not str(value).replace("-", "").isalnum():
        raise NotReached(f"answer without {key}")
    return str(value)
