"""The conversation store keeps the state of a talk and none of its words."""

from __future__ import annotations

import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import (
    ActionExecuted,
    ActiveLoop,
    BotUttered,
    SessionStarted,
    SlotSet,
    UserUttered,
)
from rasa.shared.core.trackers import DialogueStateTracker

from waymark.store import CONVERSATIONS, ConversationStore, PrivateSlots

DOMAIN = Domain.from_dict(
    {
        "intents": ["ask_cbt"],
        "slots": {
            name: {"type": "any", "influence_conversation": False, "mappings": [{"type": "custom"}]}
            for name in ("country", "delete_chat", "callback_address", "answers_lost")
        },
        "forms": {"some_form": {"required_slots": ["country"]}},
    }
)
SECRET = "my name is Zebulon and I live at 7 Quince Road"


@pytest.fixture
def store(tmp_path: Path) -> ConversationStore:
    return ConversationStore(DOMAIN, url=f"sqlite:///{tmp_path}/test.sqlite", window=20)


def talk(turns: int, first: list[object] | None = None) -> DialogueStateTracker:
    events: list[object] = [ActionExecuted("action_session_start"), SessionStarted(), ActionExecuted("action_listen")]
    events += first or []
    for number in range(turns):
        events += [
            UserUttered(SECRET, {"name": "ask_cbt"}, parse_data={"text": SECRET, "intent": {"name": "ask_cbt"}}),
            ActionExecuted("utter_ask_cbt"),
            BotUttered("an answer", {"buttons": [{"title": "a"}]}, {"utter_action": f"utter_{number}"}),
            ActionExecuted("action_listen"),
        ]
    return DialogueStateTracker.from_events("visitor", events, DOMAIN.slots)  # type: ignore[arg-type]


async def test_no_word_is_stored(store: ConversationStore, tmp_path: Path) -> None:
    await store.save(talk(3))
    await store.save(talk(4))
    for path in tmp_path.iterdir():
        assert b"Zebulon" not in path.read_bytes()
        assert b"an answer" not in path.read_bytes()


async def test_contact_details_stay_in_memory(store: ConversationStore, tmp_path: Path) -> None:
    number = "+13105550142"
    typed = SlotSet("callback_address", number)
    await store.save(talk(3, first=[ActiveLoop("some_form"), typed]))
    await store.save(talk(4, first=[ActiveLoop("some_form"), typed]))
    assert not [path for path in tmp_path.iterdir() if number.encode() in path.read_bytes()]
    found = await store.retrieve("visitor")
    assert found is not None
    assert found.get_slot("callback_address") == number
    assert not found.get_slot("answers_lost")


async def test_after_a_restart_it_is_known_that_contact_details_are_lost(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/test.sqlite"
    await ConversationStore(DOMAIN, url=url).save(talk(1, first=[SlotSet("callback_address", "a@b.com")]))
    found = await ConversationStore(DOMAIN, url=url).retrieve("visitor")
    assert found is not None
    assert found.get_slot("callback_address") is None
    assert found.get_slot("answers_lost") is True


def test_contact_details_are_forgotten_with_time_and_when_there_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("waymark.store.time.monotonic", lambda: now[0])
    monkeypatch.setattr("waymark.store.MOST_PRIVATE", 2)
    slots = PrivateSlots(seconds=60)
    for sender in ("a", "b", "c"):
        slots.hold(sender, {"callback_address": sender})
    assert [bool(slots.of(sender)) for sender in ("a", "b", "c")] == [False, True, True]
    now[0] = 61
    assert slots.of("c") == {}
    slots.hold("d", {"callback_address": "d"})
    assert list(slots._held) == ["d"]


async def test_a_broker_gets_no_text_and_no_slot(tmp_path: Path) -> None:
    published: list[dict[str, Any]] = []
    broker = SimpleNamespace(publish=published.append)
    store = ConversationStore(DOMAIN, event_broker=broker, url=f"sqlite:///{tmp_path}/test.sqlite")  # type: ignore[arg-type]
    tracker = talk(2)
    tracker.update(SlotSet("callback_address", SECRET))
    await store.save(tracker)
    assert [event["event"] for event in published] == ["user", "action", "bot", "action"]
    assert "Zebulon" not in str(published)


async def test_a_long_talk_keeps_a_bounded_number_of_events_and_its_slots(store: ConversationStore) -> None:
    await store.save(talk(50, first=[SlotSet("country", "GB")]))
    found = await store.retrieve("visitor")
    assert found is not None
    assert len(found.events) <= 20
    assert found.get_slot("country") == "GB"
    assert isinstance(found.events[0], ActionExecuted)
    assert [event.metadata["utter_action"] for event in found.events if isinstance(event, BotUttered)][-1] == "utter_49"


async def test_an_open_form_stays_open(store: ConversationStore) -> None:
    await store.save(talk(50, first=[ActiveLoop("some_form")]))
    found = await store.retrieve("visitor")
    assert found is not None
    assert found.active_loop_name == "some_form"


async def test_what_was_offered_last_can_be_chosen_from(store: ConversationStore) -> None:
    await store.save(talk(2))
    found = await store.retrieve("visitor")
    assert found is not None
    said = [event for event in found.events if isinstance(event, BotUttered)]
    assert said[-1].data["buttons"] == [{"title": "a"}]


async def test_deleting(store: ConversationStore) -> None:
    await store.save(talk(2))
    await store.save(talk(3, first=[SlotSet("delete_chat", True)]))
    assert await store.retrieve("visitor") is None
    assert list(await store.keys()) == []


async def test_purge_deletes_what_is_old_and_only_that(store: ConversationStore) -> None:
    await store.save(talk(1))
    assert store.purge(days=14) == 0
    with store._engine.begin() as connection:
        connection.execute(CONVERSATIONS.update().values(updated=time.time() - 15 * 86_400))
    assert store.purge(days=14) == 1
    assert await store.retrieve("visitor") is None


async def test_an_error_does_not_quote_what_was_stored(store: ConversationStore) -> None:
    with store._engine.begin() as connection:
        connection.execute(sa.text("DROP TABLE waymark_conversation"))
    with pytest.raises(sa.exc.OperationalError) as error:
        await store.save(talk(1))
    assert "utter_0" not in str(error.value)
