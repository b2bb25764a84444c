"""Visitors of the website who are handed over: consent, both directions, a crisis in between, and every failure."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fake_chatwoot import FakeChatwoot
from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher
from visiting import Agent, Site

from actions.person import ActionHandOver
from actions.unsure import ActionAnswerUnsure
from waymark.channels.sessions import IDLE
from waymark.channels.web import WebChannel
from waymark.handover.handover import Handover, handover, open_cases
from waymark.runtime import Guide


@pytest.fixture
async def held(site: Site, chatwoot: FakeChatwoot) -> Site:
    """A visitor whom a person has; the guide behind it only echoes."""
    await site.start()
    assert await site.here.open("asked", (), "en", sender(site))
    return site


def sender(site: Site) -> str:
    return "web-" + site.session.split(".")[0]


def web(site: Site) -> WebChannel:
    return next(each for each in site.client.sanic_app.ctx.input_channels if isinstance(each, WebChannel))


# ---- From asking to the end --------------------------------------------------


async def test_a_handover_from_asking_to_the_end(
    make_site: Callable[[Any], Site], guide: Guide, chatwoot: FakeChatwoot
) -> None:
    site = make_site(guide.agent)
    await site.start()
    await site.say("what is a trauma bond")
    (offer,) = await site.say("can i talk to a real person")
    assert "May I tell them" in offer and chatwoot.conversations == {}
    (started,) = await site.say(tap="Yes, with the topics")
    assert "988" in started and site.person
    conversation = chatwoot.only
    assert conversation.status == "open"
    assert "Topics: trauma bond." in conversation.notes[0]
    assert not any("what is a trauma bond" in str(message) for message in conversation.messages)

    assert await site.say("hello, is somebody there? what is cbt") == []
    assert conversation.texts("incoming") == ["hello, is somebody there? what is cbt"]
    await site.hook(chatwoot.staff(conversation, "Yes {helpline} <b>Ann</b>"))
    assert await site.later() == ["A person at Plus by APN writes: Yes {helpline} <b>Ann</b>"]
    await site.hook(chatwoot.staff(conversation, "for us only", private=True))
    assert await site.later() == []

    await site.hook(chatwoot.resolved(conversation))
    (over,) = await site.later()
    assert "automated guide" in over and not site.person
    assert len(await site.say("what is cbt")) == 1
    assert conversation.texts("incoming") == ["hello, is somebody there? what is cbt"]
    await site.hook(chatwoot.staff(conversation, "one more thing"))
    assert "with the automated guide again" in conversation.notes[-1]


async def test_topics_are_named_only_with_consent(
    make_site: Callable[[Any], Site], guide: Guide, chatwoot: FakeChatwoot
) -> None:
    site = make_site(guide.agent)
    await site.start()
    await site.say("what is a trauma bond")
    await site.say("can i talk to a real person")
    await site.say(tap="Yes, without the topics")
    assert "Topics: not shared." in chatwoot.only.notes[0]


async def test_no_is_no(make_site: Callable[[Any], Site], guide: Guide, chatwoot: FakeChatwoot) -> None:
    site = make_site(guide.agent)
    await site.start()
    await site.say("can i talk to a real person")
    assert len(await site.say(tap="Not now")) == 1
    assert chatwoot.calls == [] and not site.person


async def test_a_person_is_offered_after_two_misses(here: Handover, chatwoot: FakeChatwoot) -> None:
    def tracker(*said: str, intent: str = "nlu_fallback", channel: str = "web") -> Tracker:
        bot = [{"event": "bot", "metadata": {"utter_action": name}} for name in said]
        message = {"text": "", "intent": {"name": intent}, "intent_ranking": []}
        user = {"event": "user", "input_channel": channel, "parse_data": message}
        return Tracker("web-two-misses", {}, message, [*bot, user], False, None, {}, None)

    async def said_after(action: Action, *said: str, **more: str) -> list[Any]:
        dispatcher = CollectingDispatcher()
        await action.run(dispatcher, tracker(*said, **more), {})
        return [message["response"] for message in dispatcher.messages]

    unsure, over = ActionAnswerUnsure(), ActionHandOver()
    assert await said_after(unsure) == ["utter_unsure_first"]
    assert await said_after(unsure, "utter_unsure_first") == ["utter_handover_offer_unsure"]
    assert await said_after(unsure, "utter_unsure_first", channel="rest") == ["utter_unsure_again"]
    assert await said_after(unsure, "utter_handover_offer_unsure") == ["utter_unsure_again"]
    agreed = {"intent": "send_to_person"}
    assert await said_after(over, "utter_handover_offer_unsure", **agreed) == ["utter_handover_started"]
    assert "did not understand them twice" in chatwoot.only.notes[0]


async def test_a_person_is_offered_in_a_crisis(
    make_site: Callable[[Any], Site], guide: Guide, chatwoot: FakeChatwoot
) -> None:
    site = make_site(guide.agent)
    await site.start()
    (lines,) = await site.say("i want to kill myself")
    assert "988" in lines
    await site.say(tap="Talk to a person here")
    await site.say(tap="Yes, without the topics")
    assert "during a crisis" in chatwoot.only.notes[0]


async def test_on_rest_and_without_a_desk_the_present_answer_stays(guide: Guide, here: Handover) -> None:
    turn = await guide.say("can i talk to a real person", "handover-rest", channel="rest")
    assert turn.content == ["utter_want_person"]
    here.desk = type("NoDesk", (), {"serves": lambda *_: False})()  # type: ignore[assignment]
    turn = await guide.say("can i talk to a real person", "handover-web", channel="web")
    assert turn.content == ["utter_want_person"]


async def test_out_of_hours_nobody_is_promised(
    make_site: Callable[[Any], Site], guide: Guide, chatwoot: FakeChatwoot, hours: Callable[[bool], None]
) -> None:
    site = make_site(guide.agent)
    hours(False)
    await site.start()
    (closed,) = await site.say("can i talk to a real person")
    assert "opens" in closed and "988" in closed and "Ask for a call" in site.choices
    hours(True)
    assert "May I tell them" in (await site.say("can i talk to a real person"))[0]


async def test_in_a_form_a_person_comes_after_it(
    make_site: Callable[[Any], Site], guide: Guide, chatwoot: FakeChatwoot
) -> None:
    site = make_site(guide.agent)
    await site.start()
    await site.say("can someone call me back")
    replies = await site.say("can i talk to a real person right now")
    assert any('say "stop"' in reply for reply in replies)
    assert chatwoot.calls == []


# ---- A crisis in between ------------------------------------------------------


async def test_a_crisis_is_answered_first_and_staff_are_alerted(
    make_site: Callable[[Any], Site], guide: Guide, chatwoot: FakeChatwoot
) -> None:
    site = make_site(guide.agent)
    await site.start()
    await site.here.open("asked", (), "en", sender(site))
    chatwoot.delay = 0.15  # the desk is slow; the lines do not wait for it
    began = time.monotonic()
    (lines,) = await site.say("he is going to kill me tonight")
    assert "911" in lines and "Talk to a person here" not in site.choices
    assert site.person
    await site.here.finish()
    assert time.monotonic() - began < 5
    alert = chatwoot.only.notes[-1]
    assert alert.startswith("CRISIS ALERT: danger, immediate.") and "kill" not in alert and "tonight" not in alert
    assert chatwoot.only.texts("incoming") == ["he is going to kill me tonight"]
    chatwoot.delay = 0
    assert len(await site.say(tap="Yes")) == 1
    await site.here.finish()
    assert "They answered the guide's question" in chatwoot.only.notes[-1]
    assert chatwoot.only.texts("incoming")[-1] == "Yes"


async def test_a_crisis_is_answered_with_the_desk_down(held: Site, chatwoot: FakeChatwoot) -> None:
    chatwoot.down = True
    assert await held.say("i want to kill myself") == ["About: i want to kill myself"]
    await held.here.finish()
    (lost,) = await held.later()
    assert "can't reach the clinic's staff" in lost and not held.person


async def test_a_crisis_is_answered_when_guide_and_model_fail(
    make_site: Callable[[Any], Site], chatwoot: FakeChatwoot
) -> None:
    site = make_site(None)
    site.client.sanic_app.ctx.agent = object()
    await site.start()
    await site.here.open("asked", (), "en", sender(site))
    (lines,) = await site.say("i want to kill myself")
    assert "988" in lines
    assert "CRISIS ALERT: suicide" in chatwoot.only.notes[-1]


async def test_helplines_can_be_tapped_at_any_time(site: Site, agent: Agent, chatwoot: FakeChatwoot) -> None:
    agent.buttons = [{"title": "Helplines", "payload": "/ask_helplines"}, {"title": "CBT", "payload": "/ask_cbt"}]
    await site.start()
    await site.here.open("asked", (), "en", sender(site))
    assert await site.say(tap="Helplines") == ["About: /ask_helplines"]
    assert await site.say(tap="CBT") == []
    assert chatwoot.only.texts("incoming") == ["CBT"]


# ---- When it fails ------------------------------------------------------------


@pytest.mark.parametrize("trouble", ["down", "slow", "gone"])
async def test_a_desk_that_cannot_be_reached_is_said_plainly(
    make_site: Callable[[Any], Site], guide: Guide, chatwoot: FakeChatwoot, trouble: str
) -> None:
    site = make_site(guide.agent)
    await site.start()
    await site.say("can i talk to a real person")
    if trouble == "gone":
        await chatwoot.stop()
    chatwoot.down, chatwoot.delay = trouble == "down", 0.5 if trouble == "slow" else 0
    (failed,) = await site.say(tap="Yes, without the topics")
    assert "nobody there has been told" in failed and "988" in failed and "424.644.6486" in failed
    assert "Ask for a call" in site.choices and not site.person


async def test_words_that_cannot_be_passed_on_are_said_to_be_lost(
    held: Site, agent: Agent, chatwoot: FakeChatwoot, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "waymark")
    chatwoot.down = True
    (lost,) = await held.say("my secret")
    assert "may not have got your last message" in lost and "988" in lost and "Ask for a call" in held.choices
    assert await held.say("what is cbt") == ["About: what is cbt"]
    assert "HTTP 500" in caplog.text and "my secret" not in caplog.text
    chatwoot.down = False
    await held.hook(chatwoot.staff(chatwoot.only, "Hello?"))
    assert "did not see your message" in chatwoot.only.notes[-1] and await held.later() == []


async def test_trouble_that_passes_is_not_noticed(held: Site, chatwoot: FakeChatwoot) -> None:
    chatwoot.fail = [500, 502]
    assert await held.say("hello") == []
    assert chatwoot.only.texts("incoming") == ["hello"] and held.person


async def test_staff_hear_that_the_visitor_is_gone(
    held: Site, chatwoot: FakeChatwoot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web(held).sessions, "_clock", lambda: time.time() + IDLE + 60)
    await held.hook(chatwoot.staff(chatwoot.only, "Are you there?"))
    assert "page is closed: they did not see your message" in chatwoot.only.notes[-1]


async def test_staff_hear_that_the_visitor_left(held: Site, chatwoot: FakeChatwoot) -> None:
    assert (await held.talk("end", session=held.session)).status == 200
    await held.here.finish()
    assert "left and deleted the chat" in chatwoot.only.notes[-1]
    await held.hook(chatwoot.staff(chatwoot.only, "Are you there?"))
    assert "did not see your message" in chatwoot.only.notes[-1]


async def test_a_staff_message_delivered_twice_is_shown_once(held: Site, chatwoot: FakeChatwoot) -> None:
    event = chatwoot.staff(chatwoot.only, "Hello")
    await held.hook(event)
    await held.hook(event)
    assert len(await held.later()) == 1


async def test_a_message_sent_twice_is_passed_on_once(held: Site, chatwoot: FakeChatwoot) -> None:
    body = {"session": held.session, "id": "the-same-id", "text": "hello"}
    answers = await asyncio.gather(*(held.talk("say", **body) for _ in range(3)))
    assert [answer.json["replies"] for answer in answers] == [[]] * 3
    assert chatwoot.only.texts("incoming") == ["hello"]


async def test_our_own_passing_on_is_not_answered(held: Site, agent: Agent, chatwoot: FakeChatwoot) -> None:
    asked = len(agent.asked)
    for status in ("open", "pending"):
        chatwoot.only.status = status
        await held.hook(chatwoot.message(chatwoot.only, "hello"))
    assert len(agent.asked) == asked and len(chatwoot.only.messages) == 1


async def test_at_closing_time_the_guide_takes_over(
    held: Site, chatwoot: FakeChatwoot, hours: Callable[[bool], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    hours(False)
    assert await held.say("still there?") == []  # it began a moment ago
    monkeypatch.setattr("waymark.handover.handover.STILL_THERE", -1)
    closed, answer = await held.say("what is cbt")
    await held.here.finish()
    assert "closed now" in closed and answer == "About: what is cbt" and not held.person
    assert "Office hours are over" in chatwoot.only.notes[-1]


async def test_a_restart_forgets_no_handover(held: Site, chatwoot: FakeChatwoot) -> None:
    handover.cache_clear()
    again = handover()
    assert again is not None and again is not held.here
    case = again.case(sender(held))
    assert case is not None and case.desk_id == str(chatwoot.only.id)


async def test_nothing_written_is_kept_and_old_cases_are_forgotten(
    held: Site, chatwoot: FakeChatwoot, tmp_path: Path
) -> None:
    await held.say("a very private sentence")
    await held.hook(chatwoot.staff(chatwoot.only, "a very private answer"))
    for path in tmp_path.glob("cases.sqlite*"):
        assert b"very private" not in path.read_bytes()
    assert open_cases().purge(1) == 0
    assert open_cases().purge(-1) == 1


async def test_a_database_that_is_down_leaves_the_guide(
    held: Site, chatwoot: FakeChatwoot, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sqlalchemy as sa

    def broken(*_: Any) -> Any:
        raise sa.exc.OperationalError("", {}, Exception())

    monkeypatch.setattr(held.here._cases, "open_one", broken)
    assert await held.say("hello") == ["About: hello"]
