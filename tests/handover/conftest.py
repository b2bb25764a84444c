"""A Chatwoot on loopback, the desk that talks with it, and the server with its channels."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from fake_chatwoot import ACCOUNT, INBOX, SECRET, TOKEN, FakeChatwoot
from sanic import Sanic
from visiting import Agent, Site

from waymark.handover import handover as module
from waymark.handover.chatwoot_desk import ChatwootDesk
from waymark.handover.handover import Handover, handover
from waymark.server import create_app


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
