"""A Chatwoot on loopback, the desk that talks with it, and the server with its channels."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from fake_chatwoot import ACCOUNT, INBOX, SECRET, TOKEN, FakeChatwoot
from rasa.core.channels.channel import UserMessage
from sanic import Sanic
from sanic_testing.testing import SanicASGITestClient

from waymark.handover import handover as module
from waymark.handover.chatwoot_desk import ChatwootDesk
from waymark.handover.handover import Handover, handover
from waymark.server import create_app

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


@pytest_asyncio.fixture
async def chatwoot() -> AsyncIterator[FakeChatwoot]:
    server = FakeChatwoot()
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
def desk(chatwoot: FakeChatwoot) -> ChatwootDesk:
    return ChatwootDesk(chatwoot.url, ACCOUNT, TOKEN, INBOX, timeout=0.3, pauses=(0.01, 0.02), within=2.0)


@pytest.fixture
def here(chatwoot: FakeChatwoot, desk: ChatwootDesk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The handover that channels and actions share, as the environment sets it up."""
    for name, value in {
        "WAYMARK_CHATWOOT_URL": chatwoot.url,
        "WAYMARK_CHATWOOT_ACCOUNT": str(ACCOUNT),
        "WAYMARK_CHATWOOT_TOKEN": TOKEN,
        "WAYMARK_CHATWOOT_SECRET": SECRET,
        "WAYMARK_CHATWOOT_INBOX": INBOX,
        "DATABASE_URL": f"sqlite:///{tmp_path}/cases.sqlite",
    }.items():
        monkeypatch.setenv(name, value)
    handover.cache_clear()
    found = handover()
    assert found is not None and isinstance(found.desk, ChatwootDesk)
    assert found.desk == replace(desk, **{name: getattr(found.desk, name) for name in ("timeout", "pauses", "within")})
    found.desk = desk
    yield found
    handover.cache_clear()


@pytest.fixture
def agent() -> Agent:
    return Agent()


@pytest.fixture
def make_site(here: Handover, chatwoot: FakeChatwoot) -> Callable[[Any], Site]:
    def make(agent: Any) -> Site:
        Sanic.test_mode = True
        Sanic._app_registry.clear()
        return Site(create_app(agent=agent), chatwoot, here)

    return make


@pytest.fixture
def site(make_site: Callable[[Any], Site], agent: Agent) -> Site:
    return make_site(agent)


@pytest.fixture
def hours(here: Handover, monkeypatch: pytest.MonkeyPatch) -> Callable[[bool], None]:
    """Sets the clinic's hours so that it is open or closed now."""
    from zoneinfo import ZoneInfo

    from waymark.callback.office import DAYS, Office

    def set_hours(is_open: bool) -> None:
        day = module.now().astimezone(ZoneInfo("UTC")).weekday()
        span = {DAYS[day]: "00:00-23:59"} if is_open else {DAYS[(day + 3) % 7]: "09:00-17:00"}
        here._office = Office.read(span, "UTC")

    return set_hours


