"""The REST channel and the server: bad input, missing parts, health, headers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sanic import Sanic
from sanic_testing.testing import SanicASGITestClient

from waymark.runtime import Guide
from waymark.server import create_app

ADDRESS = "/webhooks/rest/webhook"


@pytest.fixture
def app(guide: Guide) -> Sanic:
    Sanic.test_mode = True
    Sanic._app_registry.clear()
    return create_app(agent=guide.agent)


class _Client:
    """A client on the same machine."""

    def __init__(self, app: Sanic, address: str = "127.0.0.1") -> None:
        self._client = SanicASGITestClient(app)
        self._client._transport.client = (address, 1)

    async def post(self, body: bytes | str | dict[str, Any]) -> Any:
        content = json.dumps(body) if isinstance(body, dict) else body
        _, response = await self._client.post(ADDRESS, content=content, headers={"content-type": "application/json"})
        return response

    async def get(self, address: str) -> Any:
        _, response = await self._client.get(address)
        return response


async def test_a_message_is_answered(app: Sanic, conversation: str) -> None:
    response = await _Client(app).post({"sender": conversation, "message": "what is cbt"})
    assert response.status == 200
    assert "text" in response.json[0]
    assert response.json[0]["buttons"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no json",
        b"[]",
        b'["a"]',
        b"null",
        b'"text"',
        b"{}",
        b'{"sender": "a"}',
        b'{"message": "hi"}',
        b'{"sender": 1, "message": "hi"}',
        b'{"sender": "", "message": "hi"}',
        b'{"sender": "a b", "message": "hi"}',
        b'{"sender": "a", "message": 5}',
        b'{"sender": "a", "message": ["hi"]}',
        b'{"sender": "a", "message": null}',
        b"\xff\xfe\x00",
        b'{"sender": "' + b"x" * 300 + b'", "message": "hi"}',
    ],
    ids=lambda body: ascii(body[:40]),
)
async def test_a_body_of_the_wrong_shape_is_refused_clearly(app: Sanic, body: bytes) -> None:
    response = await _Client(app).post(body)
    assert response.status == 400
    assert "sender" in response.json["error"] or "message" in response.json["error"] or "body" in response.json["error"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   \n ",
        "a" * 100_000,
        "ketamine " * 11_000,
        "😭😭😭",
        "\u202e\u202d\u200f",
        "\x00\x01\x02",
        "你好，我需要帮助",
        "je ne comprends pas très bien ce qui m'arrive",
        "/restart",
        "/session_start",
        '/ask_cbt{"country": "XX"}',
        "/SetSlots(country=XX)",
        "/unknown_intent",
        "<script>alert(1)</script>",
        "%s %d {clinic_phone} {0}",
        "asdf qwer zxcv",
    ],
    ids=lambda text: ascii(text[:30]),
)
async def test_odd_messages_get_a_kind_reply_and_the_talk_goes_on(
    app: Sanic, guide: Guide, conversation: str, text: str
) -> None:
    client = _Client(app)
    response = await client.post({"sender": conversation, "message": text})
    assert response.status == 200
    assert response.json[0]["text"]
    assert "Traceback" not in response.text
    tracker = await guide.agent.tracker_store.retrieve(conversation)
    assert tracker is not None
    assert tracker.get_slot("country") is None
    after = await client.post({"sender": conversation, "message": "what is a trauma bond"})
    assert "trauma bond" in after.json[0]["text"]


async def test_a_crisis_at_the_end_of_a_very_long_message_is_noticed(app: Sanic, conversation: str) -> None:
    text = "and then we went to the shop to buy some bread. " * 2_000 + "i want to kill myself"
    response = await _Client(app).post({"sender": conversation, "message": text})
    assert "988" in response.json[0]["text"]


async def test_a_body_that_is_too_large_is_refused(app: Sanic) -> None:
    response = await _Client(app).post({"sender": "a", "message": "a" * 400_000})
    assert response.status in (400, 413)


async def test_only_this_machine_is_answered(app: Sanic) -> None:
    response = await _Client(app, address="203.0.113.7").post({"sender": "a", "message": "hi"})
    assert response.status == 403


class _Broken:
    async def handle_message(self, _: Any) -> None:
        raise RuntimeError("a part failed, and its message quotes what was typed: my secret")

    def is_ready(self) -> bool:
        return False


@pytest.mark.parametrize(("text", "number"), [("what is cbt", "424.644.6486"), ("i want to kill myself", "988")])
async def test_a_failing_part_leaves_the_numbers(
    app: Sanic, caplog: pytest.LogCaptureFixture, text: str, number: str
) -> None:
    app.ctx.agent = _Broken()
    response = await _Client(app).post({"sender": "a", "message": text})
    assert response.status == 200
    assert number in response.json[0]["text"]
    assert "secret" not in caplog.text


async def test_without_a_model_it_starts_and_says_so(tmp_path: Path) -> None:
    Sanic.test_mode = True
    Sanic._app_registry.clear()
    client = _Client(create_app(tmp_path / "nothing"))
    assert (await client.get("/health")).status == 200
    assert (await client.get("/ready")).status == 503
    assert "988" in (await client.post({"sender": "a", "message": "i want to die"})).json[0]["text"]


async def test_the_page_comes_with_headers_that_keep_it_private(app: Sanic) -> None:
    response = await _Client(app).get("/")
    assert response.status == 200
    assert response.headers["cache-control"] == "no-store"
    assert "default-src 'none'" in response.headers["content-security-policy"]
    assert response.headers["referrer-policy"] == "no-referrer"


async def test_an_unknown_address_is_a_plain_404(app: Sanic) -> None:
    response = await _Client(app).get("/conversations/a/tracker")
    assert response.status == 404
