"""The website's channel: who may talk, what a page can say, retries, limits, deleting, and what comes when it fails."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from answering import Agent
from sanic import Sanic
from sanic_testing.testing import SanicASGITestClient

from waymark import settings
from waymark.channels.sessions import IDLE, LONGEST, Allowance, Expired, Sessions
from waymark.channels.web import OPENINGS, SHAPES, TEXT_LIMIT, WebChannel
from waymark.content.clinic import Clinic
from waymark.runtime import Guide
from waymark.server import create_app

OWN = "http://guide.test"
LISTED = "https://www.clinic.test"
OPENING = {
    "text": "Hi. I'm an automated guide.",
    "buttons": [{"title": "Helplines", "payload": "/ask_helplines"}, {"title": "Leave", "payload": "/want_exit"}],
}


class Visitor:
    """A page that talks with the channel."""

    def __init__(self, app: Sanic, origin: str | None = OWN) -> None:
        self._client = SanicASGITestClient(app)
        self.origin = origin
        self.session = ""
        self._number = 0

    async def post(self, path: str, body: Any, **headers: str) -> Any:
        content = body if isinstance(body, bytes | str) else json.dumps(body)
        sent = {
            "host": "guide.test",
            "content-type": "application/json",
            **({"origin": self.origin} if self.origin else {}),
            **headers,
        }
        _, response = await self._client.post(f"/talk/{path}", content=content, headers=sent)
        return response

    async def start(self, **body: str) -> Any:
        response = await self.post("start", body)
        self.session = response.json.get("session", "")
        return response

    async def say(self, text: str = "", **body: Any) -> Any:
        self._number += 1
        message = {
            "session": self.session,
            "id": f"message-{self._number}",
            **({} if "choice" in body else {"text": text}),
        }
        return await self.post("say", {**message, **body})


@pytest.fixture
def agent() -> Agent:
    broken = RuntimeError("it quotes what was typed: my secret")
    return Agent({OPENINGS["en"]: [OPENING], "break": broken})


@pytest.fixture
def app(agent: Agent) -> Iterator[Sanic]:
    Sanic.test_mode = True
    Sanic._app_registry.clear()
    yield create_app(agent=agent, clinic=replace(Clinic.load(settings.CLINIC), sites=(LISTED,)))


@pytest.fixture
def visitor(app: Sanic) -> Visitor:
    return Visitor(app)


def channel_of(app: Sanic) -> WebChannel:
    return next(channel for channel in app.ctx.input_channels if isinstance(channel, WebChannel))


def assert_kind(response: Any, status: int, error: str) -> None:
    """A refusal is words for the visitor, with the numbers."""
    assert (response.status, response.json["error"]) == (status, error)
    assert "911" in response.json["text"] and "988" in response.json["text"]
    assert response.headers["cache-control"] == "no-store"


# ---- A talk -----------------------------------------------------------------


async def test_a_talk(visitor: Visitor, agent: Agent) -> None:
    opening = (await visitor.start()).json["replies"]
    assert opening[0]["text"] == OPENING["text"]
    assert [choice["title"] for choice in opening[0]["choices"]] == ["Helplines", "Leave"]
    assert [choice.get("leave") for choice in opening[0]["choices"]] == [None, True]
    assert (await visitor.say("what is cbt")).json["replies"] == [{"text": "About: what is cbt", "choices": []}]
    await visitor.say(choice=opening[0]["choices"][0]["choice"])
    assert agent.texts == [OPENINGS["en"], "what is cbt", "/ask_helplines"]
    assert {(message.input_channel, message.metadata) for message in agent.asked} == {("web", None)}
    assert len({message.sender_id for message in agent.asked}) == 1


async def test_the_real_assistant_answers_and_notices_a_crisis(guide: Guide) -> None:
    Sanic.test_mode = True
    Sanic._app_registry.clear()
    visitor = Visitor(create_app(agent=guide.agent))
    opening = (await visitor.start()).json["replies"]
    assert "automated" in opening[0]["text"]
    assert opening[0]["choices"]
    crisis = await visitor.say("what are the stages because id be better off dead")
    assert "988" in crisis.json["replies"][0]["text"]
    assert crisis.json["replies"][-1]["choices"]


async def test_a_spanish_page_is_greeted_in_spanish(visitor: Visitor, agent: Agent) -> None:
    await visitor.start(language="es")
    assert agent.texts == ["/speak_spanish"]
    await visitor.start(language="/restart")
    assert agent.texts[-1] == OPENINGS["en"]


async def test_two_visitors_have_two_conversations(app: Sanic, agent: Agent) -> None:
    one, other = Visitor(app), Visitor(app)
    await one.start()
    await other.start()
    assert one.session != other.session
    assert len({message.sender_id for message in agent.asked}) == 2


# ---- Who may talk -----------------------------------------------------------


@pytest.mark.parametrize("origin", [OWN, LISTED])
async def test_our_own_page_and_a_listed_site_are_answered(app: Sanic, origin: str) -> None:
    response = await Visitor(app, origin).start()
    assert response.status == 200
    assert response.headers["access-control-allow-origin"] == origin
    assert "access-control-allow-credentials" not in response.headers


@pytest.mark.parametrize(
    "origin",
    [
        *(
            None,
            "null",
            "",
            "https://elsewhere.test",
            "https://www.clinic.test.elsewhere.test",
            "http://www.clinic.test",
        ),
        *("https://guide.test.elsewhere.test", "file://", "chrome-extension://guide.test", "https://www.clinic.test/"),
    ],
)
async def test_nobody_else_is(app: Sanic, agent: Agent, origin: str | None) -> None:
    response = await Visitor(app, origin).start()
    assert_kind(response, 403, "not_here")
    assert "access-control-allow-origin" not in response.headers
    assert agent.asked == []


@pytest.mark.parametrize(("origin", "status"), [(LISTED, 204), ("https://elsewhere.test", 403)])
async def test_a_browser_that_asks_first_hears_who_may(app: Sanic, origin: str, status: int) -> None:
    _, response = await SanicASGITestClient(app).options("/talk/say", headers={"origin": origin})
    assert response.status == status
    assert ("access-control-allow-origin" in response.headers) is (status == 204)


async def test_answers_are_kept_nowhere(visitor: Visitor) -> None:
    headers = (await visitor.start()).headers
    assert headers["cache-control"] == "no-store"
    assert headers["content-security-policy"].startswith("default-src 'none'")
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-content-type-options"] == "nosniff"
    assert "set-cookie" not in headers


# ---- What a page can say ----------------------------------------------------


@pytest.mark.parametrize(
    "text", ["/restart", "/ask_cbt", " /ask_cbt", "/ /restart", "//want_exit", '/ask{"country":"XX"}', "/SetSlots(a=b)"]
)
async def test_typed_commands_and_payloads_are_words(visitor: Visitor, agent: Agent, text: str) -> None:
    await visitor.start()
    assert (await visitor.say(text)).status == 200
    assert not agent.texts[-1].startswith("/")


@pytest.mark.parametrize(
    "extra",
    [{"sender": "a"}, {"sender_id": "a"}, {"input_channel": "rest"}, {"metadata": {}}, {"intent": "a"}, {"slots": {}}],
)
async def test_a_page_can_name_nothing_else(visitor: Visitor, agent: Agent, extra: dict[str, Any]) -> None:
    await visitor.start()
    assert_kind(await visitor.say("hi", **extra), 400, "unclear")
    assert agent.texts == [OPENINGS["en"]]


@pytest.mark.parametrize("path", SHAPES)
@pytest.mark.parametrize("body", ["no json", "[]", "null", "1", '"a"', '{"session": 1}', '{"a": 1}', b"\xff\xfe"])
async def test_a_body_of_another_shape_is_refused(visitor: Visitor, path: str, body: Any) -> None:
    assert_kind(await visitor.post(path, body), 400, "unclear")


@pytest.mark.parametrize(
    "body",
    [
        {"id": "message-1"},
        {"id": "message-1", "text": "a", "choice": "b"},
        {"id": "short", "text": "a"},
        {"id": "x" * 65, "text": "a"},
        {"id": "message 1", "text": "a"},
        {"text": "a"},
        {"id": "message-1", "text": True},
        {"id": "message-1", "choice": ["a"]},
    ],
)
async def test_a_message_is_words_or_a_choice_under_an_id(visitor: Visitor, body: dict[str, Any]) -> None:
    await visitor.start()
    assert_kind(await visitor.post("say", {"session": visitor.session, **body}), 400, "unclear")


async def test_only_what_was_offered_in_this_conversation_can_be_chosen(app: Sanic, agent: Agent) -> None:
    one, other = Visitor(app), Visitor(app)
    choice = (await one.start()).json["replies"][0]["choices"][0]["choice"]
    await other.start()
    for guess in (choice, "/ask_helplines", "ask_helplines", "0", "Helplines", ""):
        assert_kind(await other.say(choice=guess), 409, "choice_gone")
    assert (await one.say(choice=choice)).status == 200


# ---- Limits -----------------------------------------------------------------


async def test_a_very_long_message_is_refused_kindly(visitor: Visitor, agent: Agent) -> None:
    await visitor.start()
    assert (await visitor.say("a" * TEXT_LIMIT)).status == 200
    assert_kind(await visitor.say("a" * (TEXT_LIMIT + 1)), 413, "too_long")
    assert_kind(await visitor.post("say", b'{"text": "' + b"a" * 200_000 + b'"}'), 413, "too_long")
    assert_kind(await visitor.post("say", b'{"text": "' + b"a" * 400_000 + b'"}'), 413, "too_long")


async def test_a_refused_message_in_crisis_gets_its_crisis_reply(visitor: Visitor) -> None:
    await visitor.start()
    refused = await visitor.say("and then we went to the shop. " * 800 + "i want to kill myself")
    assert refused.status == 413
    assert "988" in refused.json["text"]
    assert "more than I can read" not in refused.json["text"]


async def test_too_many_messages_at_once_have_to_wait(app: Sanic, visitor: Visitor) -> None:
    await visitor.start()
    channel_of(app).sessions.resume(visitor.session).messages = Allowance(3, 0)
    assert [(await visitor.say("hi")).status for _ in range(4)] == [200] * 3 + [429]
    assert_kind(await visitor.say("hi"), 429, "too_fast")


async def test_the_whole_has_a_bound_too(app: Sanic) -> None:
    channel_of(app).messages = Allowance(2, 0)
    channel_of(app).starts = Allowance(3, 0)
    visitors = [Visitor(app) for _ in range(3)]
    for each in visitors:
        await each.start()
    assert [(await each.say("hi")).status for each in visitors] == [200, 200, 503]
    assert_kind(await Visitor(app).start(), 429, "busy")


def test_an_allowance_fills_again() -> None:
    now = [0.0]
    allowance = Allowance(2, 0.5, lambda: now[0])
    assert [allowance.take() for _ in range(3)] == [True, True, False]
    now[0] = 2.0
    assert [allowance.take() for _ in range(2)] == [True, False]


# ---- Sent twice -------------------------------------------------------------


async def test_a_message_sent_twice_is_answered_once(visitor: Visitor, agent: Agent) -> None:
    await visitor.start()
    first = await visitor.say("hello", id="the-same-id")
    again = await visitor.say("hello", id="the-same-id")
    assert first.json["replies"] == again.json["replies"]
    assert agent.texts == [OPENINGS["en"], "hello"]


async def test_also_while_the_first_is_still_on_its_way(visitor: Visitor, agent: Agent) -> None:
    await visitor.start()
    agent.open.clear()
    both = asyncio.gather(visitor.say("hello", id="the-same-id"), visitor.say("hello", id="the-same-id"))
    while len(agent.asked) < 2:
        await asyncio.sleep(0)
    agent.open.set()
    first, again = await both
    assert first.json["replies"] == again.json["replies"] != []
    assert agent.texts == [OPENINGS["en"], "hello"]


async def test_a_slow_answer_is_there_when_it_is_asked_for_again(app: Sanic, visitor: Visitor, agent: Agent) -> None:
    await visitor.start()
    channel_of(app).answer_within = 0.05
    agent.open.clear()
    assert_kind(await visitor.say("hello", id="the-same-id"), 503, "slow")
    agent.open.set()
    assert (await visitor.say("hello", id="the-same-id")).json["replies"][0]["text"] == "About: hello"
    assert agent.texts == [OPENINGS["en"], "hello"]


async def test_one_conversation_is_answered_in_turn(visitor: Visitor, agent: Agent) -> None:
    await visitor.start()
    agent.open.clear()
    both = asyncio.gather(visitor.say("one"), visitor.say("two"))
    for _ in range(50):
        await asyncio.sleep(0)
    assert agent.texts == [OPENINGS["en"], "one"]
    agent.open.set()
    await both
    assert agent.texts == [OPENINGS["en"], "one", "two"]


# ---- Sessions ---------------------------------------------------------------


@pytest.mark.parametrize("token", ["", "a", "a.b.c.d", "a.1.1." + "0" * 64, "....", "é.1.1.ü", "a.1.1.\u0000"])
async def test_a_session_cannot_be_made_up(visitor: Visitor, agent: Agent, token: str) -> None:
    assert_kind(await visitor.say("hi", session=token), 401, "expired")
    assert agent.asked == []


async def test_a_changed_token_is_none(visitor: Visitor) -> None:
    await visitor.start()
    name, started, used, signature = visitor.session.split(".")
    later = f"{int(used, 16) + 999:x}"
    for token in (f"{name}x.{started}.{used}.{signature}", f"{name}.{started}.{later}.{signature}"):
        assert_kind(await visitor.say("hi", session=token), 401, "expired")


def sessions_at(key: bytes = b"k" * 32) -> tuple[Sessions, list[float]]:
    now = [1_000_000.0]
    return Sessions(key, lambda: now[0]), now


def test_use_keeps_a_session_open_and_looking_does_not() -> None:
    sessions, now = sessions_at()
    session = sessions.start()
    token = sessions.token(session)
    now[0] += IDLE - 1
    assert sessions.resume(token) is session
    now[0] += IDLE - 1
    assert sessions.resume(token, renew=False) is session
    now[0] += 2
    with pytest.raises(Expired):
        sessions.resume(token)


def test_no_session_lasts_for_ever() -> None:
    sessions, now = sessions_at()
    session = sessions.start()
    for _ in range(LONGEST // (IDLE - 1)):
        now[0] += IDLE - 1
        sessions.resume(sessions.token(session))
    now[0] += IDLE - 1
    with pytest.raises(Expired):
        sessions.resume(sessions.token(session))


def test_with_a_key_of_the_environment_a_session_outlives_a_restart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAYMARK_SESSION_KEY", "a key that several processes share")
    before, after = Sessions(), Sessions()
    session = before.start()
    assert after.resume(before.token(session)).sender == session.sender
    monkeypatch.delenv("WAYMARK_SESSION_KEY")
    with pytest.raises(Expired):
        Sessions().resume(before.token(session))


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("waymark.channels.sessions.MOST", 3)
    sessions, now = sessions_at()
    started = [sessions.start() for _ in range(5)]
    assert len(sessions._open) == 3
    # One that was pushed out goes on: only its open choices are lost.
    assert sessions.resume(sessions.token(started[0])).sender == started[0].sender
    for number in range(100):
        started[0].offer(str(number), str(number))
        started[0].put({"text": str(number)})
    assert (len(started[0].choices), len(started[0].later)) == (32, 50)
    now[0] += IDLE + 1
    sessions.start()
    assert len(sessions._open) == 1


# ---- Later replies ----------------------------------------------------------


async def test_replies_that_come_later_are_fetched_once(app: Sanic, visitor: Visitor, agent: Agent) -> None:
    await visitor.start()
    sender = agent.asked[0].sender_id
    buttons = [{"title": "Yes", "payload": "/affirm"}]
    assert channel_of(app).sessions.deliver(sender, {"text": "A person: hello", "buttons": buttons})
    first = await visitor.post("later", {"session": visitor.session, "after": 0})
    assert first.json["replies"][0]["text"] == "A person: hello"
    # One that got lost on its way can be fetched again; one that was read is gone.
    assert (await visitor.post("later", {"session": visitor.session, "after": 0})).json["after"] == 1
    read = await visitor.post("later", {"session": visitor.session, "after": 1})
    assert read.json == {"after": 1, "replies": []}
    await visitor.say(choice=first.json["replies"][0]["choices"][0]["choice"])
    assert agent.texts[-1] == "/affirm"
    assert not channel_of(app).sessions.deliver("web-unknown", {"text": "hello"})


# ---- Ending and deleting ----------------------------------------------------


@pytest.mark.parametrize(("path", "answer"), [("delete", {"deleted": True}), ("end", {})])
async def test_a_deleted_chat_is_gone(visitor: Visitor, agent: Agent, path: str, answer: dict[str, Any]) -> None:
    await visitor.start()
    response = await visitor.post(path, {"session": visitor.session})
    assert (response.status, response.json) == (200, answer)
    assert agent.deleted == [agent.asked[0].sender_id]
    assert_kind(await visitor.say("hi"), 401, "expired")
    assert_kind(await visitor.post("later", {"session": visitor.session, "after": 0}), 401, "expired")


async def test_a_beacon_ends_a_session(app: Sanic, agent: Agent) -> None:
    visitor = Visitor(app)
    await visitor.start()
    visitor.origin = "null"  # what a page without a referrer sends with a beacon
    body = json.dumps({"session": visitor.session})
    response = await visitor.post("end", body, **{"content-type": "text/plain;charset=UTF-8"})
    assert response.status == 200
    assert agent.deleted == [agent.asked[0].sender_id]


async def test_it_is_deleted_after_the_turn_under_way_was_saved(visitor: Visitor, agent: Agent) -> None:
    await visitor.start()
    agent.open.clear()
    answer = asyncio.create_task(visitor.say("hello"))
    while len(agent.asked) < 2:
        await asyncio.sleep(0)
    waiting = asyncio.create_task(visitor.say("never asked"))
    for _ in range(20):
        await asyncio.sleep(0)
    ending = asyncio.create_task(visitor.post("end", {"session": visitor.session}))
    for _ in range(20):
        await asyncio.sleep(0)
    assert agent.deleted == []
    agent.open.set()
    await asyncio.gather(answer, ending)
    assert_kind(await waiting, 401, "expired")
    assert agent.deleted == [agent.asked[0].sender_id]
    assert agent.texts == [OPENINGS["en"], "hello"]


async def test_deleting_deletes_the_stored_conversation(guide: Guide) -> None:
    Sanic.test_mode = True
    Sanic._app_registry.clear()
    app = create_app(agent=guide.agent)
    visitor = Visitor(app)
    await visitor.start()
    sender = channel_of(app).sessions.resume(visitor.session).sender
    assert sender in await guide.agent.tracker_store.keys()
    await visitor.post("delete", {"session": visitor.session})
    assert sender not in await guide.agent.tracker_store.keys()


async def test_a_chat_that_could_not_be_deleted_is_not_said_to_be(visitor: Visitor, agent: Agent) -> None:
    await visitor.start()
    agent.tracker_store = None
    assert_kind(await visitor.post("delete", {"session": visitor.session}), 503, "not_deleted")
    assert_kind(await visitor.say("hi"), 401, "expired")


# ---- When something fails ---------------------------------------------------


async def test_an_empty_or_failed_reply_is_never_silence(
    visitor: Visitor, agent: Agent, caplog: pytest.LogCaptureFixture
) -> None:
    await visitor.start()
    agent.answers |= {"nothing": [], "blank": [{"text": "  "}], "picture": [{"custom": {"a": 1}}]}
    with caplog.at_level(logging.DEBUG):
        for text in ("nothing", "blank", "picture", "break"):
            replies = (await visitor.say(text)).json["replies"]
            assert "988" in replies[0]["text"], text
        agent.answers["i want to kill myself"] = []
        crisis = (await visitor.say("i want to kill myself")).json["replies"][0]["text"]
    assert "988" in crisis and "Something on our side broke" not in crisis
    assert "secret" not in caplog.text and "kill" not in caplog.text


async def test_a_breaking_channel_names_the_numbers_too(
    app: Sanic, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(channel_of(app).sessions, "start", broken)
    response = await visitor.post("start", {})
    assert_kind(response, 500, "slow")


@pytest.fixture
def get(app: Sanic) -> Callable[..., Awaitable[Any]]:
    async def get(address: str, **headers: str) -> Any:
        _, response = await SanicASGITestClient(app).get(address, headers=headers)
        return response

    return get


# ---- The page as it is served -----------------------------------------------


async def test_the_page_has_the_numbers_in_it_and_a_strict_policy(get: Callable[..., Awaitable[Any]]) -> None:
    page = await get("/")
    assert 'href="tel:911"' in page.text and 'href="sms:988"' in page.text
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy
    assert "frame-ancestors 'self'" in policy
    assert "<title>Notes</title>" in page.text
    assert "{{" not in page.text and "{helpline}" not in page.text


async def test_the_page_comes_in_the_language_of_the_browser(get: Callable[..., Awaitable[Any]]) -> None:
    spanish = await get("/safety", **{"accept-language": "es-MX,es;q=0.9"})
    assert '<html lang="es">' in spanish.text and "Salir" in spanish.text
    assert '<html lang="en">' in (await get("/", **{"accept-language": "fr"})).text


async def test_what_the_clinic_is_called_cannot_break_the_page(app: Sanic) -> None:
    from waymark.pages import Pages

    clinic = replace(Clinic.load(settings.CLINIC), name='</script><b>"A"', page_title="<i>", country="GB")
    page = Pages(clinic).page("en")
    assert "<b>" not in page and "<title>&lt;i&gt;</title>" in page
    assert 'href="tel:999"' in page and 'href="tel:988"' not in page
