"""Any crisis phrase, in any state a dialogue can be in, gets the crisis answer first, and no form keeps its words."""

from __future__ import annotations

import copy
import random
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Any

import pytest
import yaml
from rasa.core.channels.channel import UserMessage
from rasa.shared.core.events import ActionExecuted, ActiveLoop, BotUttered, Event, SessionStarted, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.endpoints import EndpointConfig

from waymark import settings
from waymark.channels.gate import admit
from waymark.channels.rest import reply_to
from waymark.nlu.crisis import CRISIS, PHRASES
from waymark.policies.safety import PREFIX
from waymark.runtime import Guide
from waymark.safety.learned import NONE, examples
from waymark.safety.protocol import ASKED, CALM, QUIET, STEPS, URGENT, State
from waymark.safety.screener import CATEGORIES
from waymark.store import ConversationStore

SAMPLE, DRAWN, SEED = 30, 35, 20261122
CRISES = [example.text for example in examples(PHRASES) if example.category != NONE and len(example.text) < 600]
TEXTS = random.Random(SEED).sample(CRISES, DRAWN)
NOTICED: list[str] = []
DOMAIN = yaml.safe_load((settings.ROOT / "domain.yml").read_text(encoding="utf-8"))

LISTEN = ActionExecuted("action_listen")
START: list[Event] = [ActionExecuted("action_session_start"), SessionStarted(), LISTEN]
OPEN = State(ASKED, "suicide", "high", "self", "en")


def said(action: str, intent: str = "ask_cbt") -> list[Event]:
    """A turn in which a response was given."""
    message = UserUttered("t", {"name": intent}, parse_data={"text": "t", "intent": {"name": intent}})
    return [message, ActionExecuted(action), BotUttered("text", metadata={"utter_action": action}), LISTEN]


def in_form(form: str, slot: str) -> list[Event]:
    opened = said(f"utter_{slot.replace('callback_', 'callback_ask_')}", "want_callback")
    return [*START, opened[0], ActionExecuted(form), ActiveLoop(form), SlotSet("requested_slot", slot), *opened[2:]]


def in_protocol(state: State, action: str) -> list[Event]:
    return [*START, SlotSet("crisis", state.as_dict()), *said(action, f"report_{state.category}")]


STATES: dict[str, list[Event]] = {
    "first message": [],
    "after a question": [*START, *said("utter_ask_cbt")],
    "after a fallback": [*START, *said("utter_unsure_first", "nlu_fallback")],
    "after two fallbacks": [
        *START,
        *said("utter_unsure_first", "nlu_fallback"),
        *said("utter_unsure_again", "nlu_fallback"),
    ],
    **{
        f"in {form}, asked for {slot}": in_form(form, slot)
        for form, each in DOMAIN["forms"].items()
        for slot in each["required_slots"]
    },
    **{
        f"asked about {category}": in_protocol(replace(OPEN, category=category), f"{PREFIX}{category}")
        for category in CATEGORIES
    },
    **{
        f"the protocol is {stage}": in_protocol(replace(OPEN, stage=stage, tier=tier, asks=asks), f"{PREFIX}suicide_no")
        for stage, tier, asks in (
            (ASKED, "concern", 2),
            (ASKED, "high", 9),
            (URGENT, "immediate", 1),
            (STEPS, "high", 1),
            (QUIET, "high", 2),
        )
    },
    "faint signs before": in_protocol(replace(OPEN, stage=CALM, tier="concern", asks=0, faint=1), "utter_ask_cbt"),
}
FORM = STATES["in callback_form, asked for callback_address"]


@pytest.fixture(scope="module", autouse=True)
def read_once(guide: Guide) -> Iterator[None]:
    """A phrase is read the same way in every state, so each is read by the model once: most of a turn's time."""
    processor = guide.agent.processor
    assert processor is not None
    parse, read = processor.parse_message, {}

    async def remembered(message: UserMessage, *rest: Any, **named: Any) -> dict[str, Any]:
        if message.text not in read:
            read[message.text] = await parse(message, *rest, **named)
        return copy.deepcopy(read[message.text])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(processor, "parse_message", remembered)
        yield


@pytest.fixture
async def phrases(guide: Guide) -> list[str]:
    """The same phrases each time: the first of those drawn that are noticed at all, which has tests of its own."""
    assert guide.agent.processor is not None
    if not NOTICED:
        for text in TEXTS:
            if (await guide.agent.processor.parse_message(UserMessage(admit(text)))).get(CRISIS):
                NOTICED.append(text)
    assert len(NOTICED) >= SAMPLE
    return NOTICED[:SAMPLE]


async def put(guide: Guide, conversation: str, events: list[Event]) -> None:
    """Have a conversation stand where these events led."""
    tracker = DialogueStateTracker.from_events(conversation, list(events), guide.agent.domain.slots)
    await guide.agent.tracker_store.save(tracker)


async def expect_crisis_first(guide: Guide, conversation: str, text: str) -> DialogueStateTracker:
    """Say a phrase: the crisis answer has to be the first thing said, and its words be kept nowhere."""
    turn = await guide.say(text, conversation)
    assert turn.crisis, f"not noticed: {text[:80]!r}"
    assert turn.content and turn.content[0].startswith(PREFIX), (turn.content, text[:80])
    assert turn.replies and turn.replies[0]["text"]
    tracker = guide._saved
    assert tracker is not None
    slots = {name: value for name, value in tracker.current_slot_values().items() if value is not None}
    assert not any(text in str(value) for value in slots.values()), slots
    assert tracker.active_loop_name is None and "requested_slot" not in slots
    return tracker


@pytest.mark.parametrize("state", STATES)
async def test_any_phrase_in_any_state(guide: Guide, conversation: str, phrases: list[str], state: str) -> None:
    for number, text in enumerate(phrases):
        name = f"{conversation}-{number}"
        if STATES[state]:
            await put(guide, name, STATES[state])
        await expect_crisis_first(guide, name, text)


async def test_after_a_restart(guide: Guide, store: ConversationStore, conversation: str, phrases: list[str]) -> None:
    typed = SlotSet("callback_address", "+14246446486")
    for number in range(len(phrases)):
        await put(guide, f"{conversation}-{number}", [*FORM, typed])
    before = store._private
    store._private = type(before)()  # the details of the old process are gone
    try:
        for number, text in enumerate(phrases):
            tracker = await store.retrieve(f"{conversation}-{number}")
            assert tracker is not None and tracker.get_slot("answers_lost")
            await expect_crisis_first(guide, f"{conversation}-{number}", text)
    finally:
        store._private = before


async def test_after_delete_my_chat(guide: Guide, conversation: str, phrases: list[str]) -> None:
    for number, text in enumerate(phrases):
        await guide.say("/want_delete_chat", f"{conversation}-{number}")
        await expect_crisis_first(guide, f"{conversation}-{number}", text)


@pytest.fixture
async def no_actions(guide: Guide, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """An action server that does not answer."""
    dead = EndpointConfig(url="http://127.0.0.1:9/webhook", enable_selective_domain=True)
    assert guide.agent.processor is not None
    monkeypatch.setattr(guide.agent, "action_endpoint", dead)
    monkeypatch.setattr(guide.agent.processor, "action_endpoint", dead)
    yield


@pytest.mark.parametrize("events", [[], FORM], ids=["first message", "in a form"])
async def test_without_an_action_server(
    guide: Guide, conversation: str, phrases: list[str], no_actions: None, events: list[Event]
) -> None:
    for number, text in enumerate(phrases):
        if events:
            await put(guide, f"{conversation}-{number}", events)
        await expect_crisis_first(guide, f"{conversation}-{number}", text)


@pytest.mark.parametrize("what", ["reading", "writing", "both"])
async def test_without_a_store(
    guide: Guide,
    store: ConversationStore,
    conversation: str,
    phrases: list[str],
    what: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def broken(*_: Any) -> None:
        raise RuntimeError("the database does not answer")

    if what != "writing":
        monkeypatch.setattr(store, "retrieve", broken)
    if what != "reading":
        monkeypatch.setattr(store, "save", broken)
    for number, text in enumerate(phrases):
        await expect_crisis_first(guide, f"{conversation}-{number}", text)


async def test_when_nothing_works_but_the_channel(phrases: list[str]) -> None:
    """Rules alone speak then: what they know gets its crisis reply, and everything else the numbers."""

    async def broken(_: Any) -> None:
        raise RuntimeError("no model")

    for text in phrases:
        replies = await reply_to(broken, "visitor", text, "web")
        assert "911" in replies[0]["text"] or "988" in replies[0]["text"]
