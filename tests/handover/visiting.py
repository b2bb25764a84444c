"""The server as Chatwoot and a visitor's page see it, with an assistant that echoes."""

from __future__ import annotations

import asyncio
from typing import Any

from fake_chatwoot import FakeChatwoot
from rasa.core.channels.channel import UserMessage
from sanic import Sanic
from sanic_testing.testing import SanicASGITestClient

from waymark.handover.handover import Handover

OWN = "http://guide.test"


class Agent:
    """Echoes; cannot parse, so that messages are screened by the rules alone."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.open = asyncio.Event()
        self.open.set()
        self.buttons: list[dict[str, str]] = []
        self.tracker_store: Any = self

    async def handle_message(self, message: UserMessage) -> None:
        self.asked.append(message.text)
        await self.open.wait()
        reply = {"text": f"About: {message.text}", "buttons": self.buttons}
        await message.output_channel.send_response(message.sender_id, reply)

    def delete(self, sender: str) -> None:
        pass

    def is_ready(self) -> bool:
        return True


class Site:
    """The running server: Chatwoot posts to it, and a visitor's page talks with it."""

    def __init__(self, app: Sanic, chatwoot: FakeChatwoot, here: Handover) -> None:
        self.client, self.chatwoot, self.here = SanicASGITestClient(app), chatwoot, here
        self.session, self.after, self._number = "", 0, 0
        self.choices: dict[str, str] = {}

    async def hook(self, event: Any, wait: bool = True, **headers: str) -> int:
        body, signed = self.chatwoot.delivery(event)
        return await self.post(body, {**signed, **headers}, wait)

    async def post(self, body: bytes, headers: dict[str, str], wait: bool = True) -> int:
        _, response = await self.client.post("/webhooks/chatwoot/webhook", content=body, headers=headers)
        if wait:
            await self.here.finish()
        return int(response.status)

    async def talk(self, path: str, **body: Any) -> Any:
        headers = {"host": "guide.test", "origin": OWN}
        _, response = await self.client.post(f"/talk/{path}", json=body, headers=headers)
        return response

    async def start(self) -> None:
        self._take((await self.talk("start")).json)

    async def say(self, text: str = "", tap: str = "") -> list[str]:
        self._number += 1
        words = {"choice": self.choices[tap]} if tap else {"text": text}
        response = await self.talk("say", session=self.session, id=f"message-{self._number}", **words)
        assert response.status == 200, response.json
        return self._take(response.json)

    async def later(self) -> list[str]:
        read = (await self.talk("later", session=self.session, after=self.after)).json
        self.after = read["after"]
        return self._take(read)

    def _take(self, read: dict[str, Any]) -> list[str]:
        self.session = read.get("session", self.session)
        self.person = read.get("person", False)
        for reply in read["replies"]:
            self.choices |= {each["title"]: each["choice"] for each in reply["choices"]}
        return [reply["text"] for reply in read["replies"]]
