"""What the callback form must never do: swallow a crisis, leave a contact detail behind, or go on by itself."""

from __future__ import annotations

import logging
from datetime import datetime, timezone
from pathlib import Path

import pytest
from requests_fake import FakeRequests

import actions.callback
from waymark.callback.office import Office
from waymark.runtime import Guide
from waymark.store import PRIVATE, ConversationStore, PrivateSlots

OPENING = "can someone call me"
ANSWERS = {
    "name": "Zebulon",
    "means": "call",
    "address": "310 555 0199",
    "when": "quarter past eleven on wednesdays",
    "voicemail": "no",
    "say_who": "yes",
    "note": "my landlord picks up sometimes",
    "code_word": "kingfisher",
    "topic": "cost",
    "consent": "yes",
    "confirm": "send",
}
DETAILS = ("Zebulon", "3105550199", "310 555 0199", "310-555-0199", "quarter past eleven", "landlord", "kingfisher")
CRISES = {
    "i want to kill myself": "suicide",
    "what is dbt and i cant do this anymore i want to die": "suicide",
    "hes outside my door right now he said hed kill me": "danger",
    "i took a whole bottle of pills": "medical",
    "i keep cutting myself": "self_harm",
    "quiero morirme": "suicide",
    "he raped me last night": "sexual_assault",
}


async def talk_until(guide: Guide, conversation: str, field: str) -> None:
    """Answer the questions before a field."""
    turn = await guide.say(OPENING, conversation)
    for name, answer in ANSWERS.items():
        if name == field:
            return
        turn = await guide.say(answer, conversation)
        assert "utter_callback_again" not in turn.content, (name, turn.content)


@pytest.mark.parametrize("crisis", CRISES)
@pytest.mark.parametrize("field", ANSWERS)
async def test_a_crisis_comes_first_and_no_slot_takes_it(
    guide: Guide, store: ConversationStore, requests: FakeRequests, conversation: str, field: str, crisis: str
) -> None:
    await talk_until(guide, conversation, field)
    turn = await guide.say(crisis, conversation)
    assert turn.crisis is not None, turn
    assert turn.crisis["category"] == CRISES[crisis]
    assert [name.startswith("utter_crisis_") for name in turn.content] == [True]
    tracker = await store.retrieve(conversation)
    assert tracker is not None
    assert tracker.active_loop_name is None
    assert tracker.get_slot("requested_slot") is None
    assert tracker.get_slot(f"callback_{field}") is None
    assert not any(crisis in str(slot.value) for slot in tracker.slots.values())
    resumed = await guide.say("/want_callback", conversation)
    assert resumed.content[0] == "utter_callback_resume"
    asked = "utter_callback_summary" if field == "confirm" else "utter_callback_ask_"
    assert resumed.content[1].startswith(asked)
    assert not requests.kept


async def test_no_detail_is_written_or_logged(
    guide: Guide,
    store: ConversationStore,
    store_folder: Path,
    requests: FakeRequests,
    conversation: str,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    await guide.say(OPENING, conversation)
    for answer in (*list(ANSWERS.values())[:-1], "change the name", "Zebulon the second", "send"):
        await guide.say(answer, conversation)
        assert found_in(store_folder) == set()
    assert len(requests.kept) == 1
    assert requests.kept[0].call_me == "Zebulon the second"
    printed = capfd.readouterr()
    logged = caplog.text + printed.out + printed.err
    assert not [detail for detail in DETAILS if detail in logged]
    tracker = await store.retrieve(conversation)
    assert tracker is not None
    held = {name: slot.value for name, slot in tracker.slots.items() if name.startswith(PRIVATE) and slot.value}
    assert list(held) == ["callback_sent"]


async def test_a_failing_store_logs_no_detail(
    guide: Guide, requests: FakeRequests, conversation: str, caplog: pytest.LogCaptureFixture
) -> None:
    requests.failures = 1
    await talk_until(guide, conversation, "confirm")
    turn = await guide.say("send", conversation)
    assert turn.content == ["utter_callback_not_stored"]
    assert "NotStored" in caplog.text
    assert not [detail for detail in DETAILS if detail in caplog.text]


def found_in(folder: Path) -> set[str]:
    """The details that stand in any file of a folder."""
    written = b"".join(path.read_bytes() for path in folder.iterdir() if path.is_file())
    return {detail for detail in DETAILS if detail.encode() in written}


async def test_after_a_restart_it_says_that_it_has_to_ask_again(
    guide: Guide, store: ConversationStore, conversation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await talk_until(guide, conversation, "when")
    monkeypatch.setattr(store, "_private", PrivateSlots())
    turn = await guide.say("weekdays after 2", conversation)
    assert turn.content == ["utter_callback_lost", "utter_callback_ask_name"]
    turn = await guide.say("Zebulon", conversation)
    assert turn.content == ["utter_callback_ask_means"]


async def test_leaving_wipes_what_was_told(guide: Guide, store: ConversationStore, conversation: str) -> None:
    await talk_until(guide, conversation, "code_word")
    await guide.say("stop", conversation)
    tracker = await store.retrieve(conversation)
    assert tracker is not None
    assert not [name for name, slot in tracker.slots.items() if name.startswith(PRIVATE) and slot.value is not None]


async def test_an_urgent_request_is_one_with_an_open_crisis(
    guide: Guide, requests: FakeRequests, conversation: str
) -> None:
    await guide.say("i cant stop thinking about suicide", conversation)
    await talk_until(guide, conversation, "confirm")
    turn = await guide.say("send", conversation)
    assert "utter_callback_sent" in turn.content
    assert requests.kept[0].urgent


@pytest.mark.parametrize(
    ("at", "opening", "waiting"),
    [
        ("2026-11-23T20:00", ["utter_callback_start"], "utter_callback_wait_open"),
        ("2026-11-24T09:00", ["utter_callback_closed_now", "utter_callback_start"], "utter_callback_wait_closed"),
    ],
)
async def test_office_hours_are_told_as_they_are(
    guide: Guide,
    conversation: str,
    monkeypatch: pytest.MonkeyPatch,
    at: str,
    opening: list[str],
    waiting: str,
) -> None:
    hours = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), "09:00-17:00")
    monkeypatch.setattr(actions.callback, "office", lambda: Office.read(hours, "America/Los_Angeles"))
    monkeypatch.setattr(actions.callback, "now", lambda: datetime.fromisoformat(at).replace(tzinfo=timezone.utc))
    turn = await guide.say(OPENING, conversation)
    assert turn.content == opening
    for answer in ANSWERS.values():
        turn = await guide.say(answer, conversation)
    assert turn.content == ["utter_callback_sent", waiting]
    assert "988" in turn.replies[-1]["text"]
    assert "911" in turn.replies[-1]["text"]
