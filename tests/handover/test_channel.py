"""Visitors who write in Chatwoot: what is let in, what is answered, and who answers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import pytest
from fake_chatwoot import FakeChatwoot
from visiting import Agent, Site

from waymark.channels import chatwoot as module
from waymark.handover.handover import handover
from waymark.runtime import Guide

# ---- What is let in ---------------------------------------------------------


async def test_a_visitor_is_answered_with_choices_to_tap(site: Site, agent: Agent, chatwoot: FakeChatwoot) -> None:
    agent.buttons = [{"title": "Helplines", "payload": "/ask_helplines"}]
    conversation = chatwoot.begin()
    assert await site.hook(chatwoot.message(conversation, "what is cbt")) == 200
    assert agent.asked == ["what is cbt"]
    assert conversation.texts("outgoing") == ["About: what is cbt"]
    assert conversation.messages[0]["content_attributes"]["items"] == [{"title": "Helplines", "value": "Helplines"}]
    assert conversation.status == "pending"


@pytest.mark.parametrize(
    ("headers", "age"),
    [
        ({"x-chatwoot-signature": "sha256=" + "0" * 64}, 0),
        ({"x-chatwoot-signature": ""}, 0),
        ({"x-chatwoot-timestamp": "1"}, 0),
        ({"x-chatwoot-timestamp": ""}, 0),
        ({"x-chatwoot-timestamp": "now"}, 0),
        ({}, 400),
        ({}, -400),
    ],
)
async def test_what_is_not_signed_or_not_fresh_is_refused(
    site: Site, agent: Agent, chatwoot: FakeChatwoot, headers: dict[str, str], age: float
) -> None:
    body, signed = chatwoot.delivery(chatwoot.message(chatwoot.begin(), "hi"), age)
    assert await site.post(body, {**signed, **headers}) == 401
    assert agent.asked == []


async def test_another_body_or_another_secret_is_refused(site: Site, agent: Agent, chatwoot: FakeChatwoot) -> None:
    event = chatwoot.message(chatwoot.begin(), "hi")
    body, signed = chatwoot.delivery(event)
    assert await site.post(body.replace(b'"hi"', b'"ho"'), signed) == 401
    assert await site.post(*chatwoot.delivery(event, secret="another")) == 401
    assert agent.asked == []


async def test_a_delivery_counts_once(site: Site, agent: Agent, chatwoot: FakeChatwoot) -> None:
    event = chatwoot.message(chatwoot.begin(), "hi")
    body, signed = chatwoot.delivery(event)
    assert [await site.post(body, signed) for _ in range(3)] == [200] * 3
    # The same message under another delivery: the id is not part of what is signed.
    assert await site.post(body, {**signed, "x-chatwoot-delivery": "another"}) == 200
    assert await site.hook(event) == 200
    assert agent.asked == ["hi"]


@pytest.mark.parametrize("signature", ["sha256=\u00e9", "\udcff", ""])
def test_a_signature_of_any_letters_is_only_wrong(signature: str) -> None:
    headers = {"x-chatwoot-timestamp": "100", "x-chatwoot-signature": signature}
    assert not module.is_signed("secret", headers, b"{}", 100)
    assert not module.is_signed("", headers, b"{}", 100)


def test_memory_of_deliveries_is_bounded() -> None:
    recent = module.Recent(most=3)
    assert [recent.is_new(name) for name in "aabcd"] == [True, False, True, True, True]
    assert len(recent._names) == 3
    assert recent.is_new("a") and not recent.is_new("d")


@pytest.mark.parametrize(
    "changes",
    [
        {"message_type": "outgoing", "sender": {"type": "agent_bot"}},
        {"message_type": "activity"},
        {"private": True},
        {"event": "message_deleted"},
        {"event": "conversation_created"},
        {"account": {"id": 8}},
        {"conversation": None},
        {"conversation": {"id": "1/../2", "status": "pending"}},
        {"conversation": {"id": 1, "status": "resolved"}},
        {"conversation": {"id": 1, "status": "snoozed"}},
    ],
)
async def test_other_events_are_taken_and_left_alone(
    site: Site, agent: Agent, chatwoot: FakeChatwoot, changes: dict[str, Any]
) -> None:
    assert await site.hook(chatwoot.message(chatwoot.begin(), "hi", **changes)) == 200
    assert agent.asked == [] and chatwoot.calls == []


@pytest.mark.parametrize(("body", "status"), [(b"no json", 400), (b"[]", 400), (b"\xff", 400), (b"{}", 200)])
async def test_a_body_of_another_shape(site: Site, chatwoot: FakeChatwoot, body: bytes, status: int) -> None:
    assert await site.hook(body) == status


async def test_without_a_desk_there_is_nothing_here(site: Site, chatwoot: FakeChatwoot) -> None:
    channel = channel_of(site)
    channel.handover = None
    assert await site.hook(chatwoot.message(chatwoot.begin(), "hi")) == 404


# ---- Answering --------------------------------------------------------------


async def test_chatwoot_hears_at_once_however_slow_the_answer(
    site: Site, agent: Agent, chatwoot: FakeChatwoot, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel, conversation = channel_of(site), chatwoot.begin()
    # A client in this process that ends with each request: the wait at the server's end is not what is measured.
    monkeypatch.setattr(type(site.here), "finish", _no_wait)
    agent.open.clear()
    for text in ("one", "two"):
        assert await asyncio.wait_for(site.hook(chatwoot.message(conversation, text), wait=False), 5) == 200
    assert conversation.messages == [] and site.here.busy == 2
    agent.open.set()
    while site.here.busy:
        await asyncio.sleep(0.01)
    assert conversation.texts("outgoing") == ["About: one", "About: two"]
    assert channel._turns == {}


async def _no_wait(*_: Any) -> None:
    return None


async def test_when_too_much_is_under_way_chatwoot_gives_it_to_people(
    site: Site, agent: Agent, chatwoot: FakeChatwoot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_UNDER_WAY", 0)
    event = chatwoot.message(chatwoot.begin(), "hi")
    assert await site.hook(event) == 503
    monkeypatch.undo()
    assert agent.asked == []


async def test_only_what_was_offered_here_is_a_choice(site: Site, agent: Agent, chatwoot: FakeChatwoot) -> None:
    one, other = chatwoot.begin(), chatwoot.begin()
    agent.buttons = [{"title": "Helplines", "payload": "/ask_helplines"}]
    await site.hook(chatwoot.message(one, "hi"))

    def tap(conversation: Any, value: str) -> dict[str, Any]:
        attributes = {"submitted_values": [{"title": value, "value": value}]}
        changes = {"event": "message_updated", "message_type": "outgoing", "content_attributes": attributes}
        return chatwoot.message(conversation, "About: hi", **changes)

    await site.hook(tap(one, "Helplines"))
    for value in ("/want_delete_chat", "/ask_helplines", "Something else", ""):
        await site.hook(tap(one, value))
    await site.hook(tap(other, "Helplines"))
    await site.hook(chatwoot.message(one, "helplines"))
    await site.hook(chatwoot.message(other, "Helplines"))
    await site.hook(chatwoot.message(one, "/want_delete_chat"))
    assert agent.asked == ["hi", "/ask_helplines", "/ask_helplines", "Helplines", "want_delete_chat"]


async def test_a_reply_that_cannot_be_posted_is_logged_without_words(
    site: Site, chatwoot: FakeChatwoot, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "waymark")
    conversation = chatwoot.begin()
    chatwoot.down = True
    assert await site.hook(chatwoot.message(conversation, "my secret")) == 200
    assert "could not be posted to Chatwoot: HTTP 500" in caplog.text
    assert "my secret" not in caplog.text


# ---- A person has it --------------------------------------------------------


async def test_the_bot_is_silent_while_a_person_has_it(site: Site, agent: Agent, chatwoot: FakeChatwoot) -> None:
    conversation = chatwoot.begin("open")
    await site.hook(chatwoot.message(conversation, "what is cbt"))
    await site.hook(chatwoot.staff(conversation, "It is a kind of therapy."))
    assert agent.asked == [] and conversation.messages == []


async def test_a_crisis_is_answered_and_staff_are_alerted(
    make_site: Callable[[Any], Site], guide: Guide, chatwoot: FakeChatwoot
) -> None:
    site, conversation = make_site(guide.agent), chatwoot.begin("open")
    await site.hook(chatwoot.message(conversation, "thanks, see you tomorrow then"))
    assert conversation.messages == []
    await site.hook(chatwoot.message(conversation, "honestly i want to kill myself"))
    first, alert = conversation.messages
    assert "988" in first["content"] and not first["private"]
    assert "Talk to a person here" not in str(first)
    assert alert["private"] and "CRISIS ALERT: suicide, high" in alert["content"]
    assert "kill" not in alert["content"]
    # The answer to the guide's own question is the guide's to follow.
    await site.hook(chatwoot.message(conversation, "yes"))
    assert "911" in conversation.texts("outgoing")[-1]
    assert "suicide, immediate. They answered the guide's question: not a clear no." in conversation.notes[-1]
    # Once staff spoke, "yes" is for them.
    said = len(conversation.messages)
    await site.hook(chatwoot.staff(conversation, "Can I call you?"))
    await site.hook(chatwoot.message(conversation, "yes"))
    assert len(conversation.messages) == said


async def test_a_model_that_fails_leaves_the_rules(site: Site, chatwoot: FakeChatwoot) -> None:
    conversation = chatwoot.begin("open")
    await site.hook(chatwoot.message(conversation, "i want to kill myself"))
    assert len(conversation.texts("outgoing")) == 1
    assert "CRISIS ALERT: suicide" in conversation.notes[0]


async def test_out_of_hours_the_guide_takes_it_back(
    site: Site, agent: Agent, chatwoot: FakeChatwoot, hours: Callable[[bool], None]
) -> None:
    conversation = chatwoot.begin("open")
    hours(False)
    await site.hook(chatwoot.message(conversation, "are you there"))
    assert conversation.status == "pending"
    closed, answer = conversation.texts("outgoing")
    assert "closed now" in closed and "988" in closed and answer == "About: are you there"
    assert "Office hours are over" in conversation.notes[0]


async def test_closing_time_cuts_nobody_off(
    site: Site, agent: Agent, chatwoot: FakeChatwoot, hours: Callable[[bool], None]
) -> None:
    conversation = chatwoot.begin("open")
    hours(False)
    await site.hook(chatwoot.staff(conversation, "One more minute."))
    await site.hook(chatwoot.message(conversation, "ok"))
    assert agent.asked == [] and conversation.status == "open"


async def test_a_visitor_in_chatwoot_is_handed_over_there(
    make_site: Callable[[Any], Site], guide: Guide, chatwoot: FakeChatwoot
) -> None:
    site, conversation = make_site(guide.agent), chatwoot.begin()
    await site.hook(chatwoot.message(conversation, "what is a trauma bond"))
    await site.hook(chatwoot.message(conversation, "can i talk to a real person"))
    assert conversation.status == "pending"
    assert "May I tell them" in conversation.texts("outgoing")[-1]
    await site.hook(chatwoot.message(conversation, "Yes, with the topics"))
    assert conversation.status == "open"
    assert "they asked for a person" in conversation.notes[0] and "trauma bond" in conversation.notes[0]
    said = len(conversation.messages)
    await site.hook(chatwoot.message(conversation, "what is cbt"))
    assert len(conversation.messages) == said
    await site.hook(chatwoot.resolved(conversation))
    conversation.status = "pending"
    await site.hook(chatwoot.message(conversation, "what is cbt"))
    assert len(conversation.messages) > said


def channel_of(site: Site) -> module.ChatwootChannel:
    app = site.client.sanic_app
    return next(each for each in app.ctx.input_channels if isinstance(each, module.ChatwootChannel))


def test_plain_set_ups_have_no_desk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WAYMARK_CHATWOOT_URL", raising=False)
    handover.cache_clear()
    assert handover() is None
