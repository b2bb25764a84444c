"""The conversation store keeps the state of a talk and none of its words."""

from __future__ import annotations

import time
from pathlib import Path

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

from waymark.store import CONVERSATIONS, ConversationStore

DOMAIN = Domain.from_dict(
    {
        "intents": ["ask_cbt"],
        "slots": {
            name: {"type": "any", "influence_conversation": False, "mappings": [{"type": "custom"}]}
            for name in ("country", "delete_chat")
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
