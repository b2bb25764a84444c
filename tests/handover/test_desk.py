"""The desk in Chatwoot: what it asks of the server, over HTTP, and what it makes of a server in trouble."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from fake_chatwoot import FakeChatwoot

from waymark.handover.chatwoot_desk import ChatwootDesk, desk_from
from waymark.handover.desk import NotReached

FULL = {
    "WAYMARK_CHATWOOT_URL": "https://chat.example.org/",
    "WAYMARK_CHATWOOT_ACCOUNT": "1",
    "WAYMARK_CHATWOOT_TOKEN": "token",
    "WAYMARK_CHATWOOT_SECRET": "secret",
}


async def test_a_website_visitor_becomes_an_open_conversation_with_a_note(
    desk: ChatwootDesk, chatwoot: FakeChatwoot
) -> None:
    desk_id = await desk.open("unclear", ("trauma bond", "therapy options"), "es", "web-abc")
    assert desk_id == str(chatwoot.only.id)
    assert (chatwoot.only.inbox, chatwoot.only.status) == ("api", "open")
    (note,) = chatwoot.only.notes
    assert "did not understand them twice" in note
    assert "Topics: trauma bond, therapy options." in note and "Spanish" in note
    assert chatwoot.only.texts("outgoing") == []
    assert list(chatwoot.contacts.values()) == [{"name": "Website visitor"}]


async def test_without_consent_no_topic_is_named(desk: ChatwootDesk, chatwoot: FakeChatwoot) -> None:
    await desk.open("asked", (), "en", "web-abc")
    assert "Topics: not shared." in chatwoot.only.notes[0]


async def test_a_visitor_in_chatwoot_stays_in_their_conversation(desk: ChatwootDesk, chatwoot: FakeChatwoot) -> None:
    conversation = chatwoot.begin()
    assert await desk.open("crisis", (), "en", f"chatwoot-{conversation.id}") == str(conversation.id)
    assert chatwoot.only.status == "open"
    assert "seen the crisis lines" in chatwoot.only.notes[0]
    await desk.release(str(conversation.id))
    assert chatwoot.only.status == "pending"


async def test_words_notes_and_choices(desk: ChatwootDesk, chatwoot: FakeChatwoot) -> None:
    desk_id = await desk.open("asked", (), "en", "web-abc")
    await desk.say(desk_id, "hello")
    await desk.note(desk_id, "for staff")
    await desk.reply(desk_id, "Which?", ["One", "Two"])
    assert chatwoot.only.texts("incoming") == ["hello"]
    assert chatwoot.only.notes[1:] == ["for staff"]
    asked: dict[str, Any] = chatwoot.only.messages[-1]
    assert (asked["content"], asked["content_type"]) == ("Which?", "input_select")
    assert asked["content_attributes"] == {"items": [{"title": t, "value": t} for t in ("One", "Two")]}


@pytest.mark.parametrize("failures", [[500], [502, 503], [429]])
async def test_trouble_that_passes_is_tried_through(
    desk: ChatwootDesk, chatwoot: FakeChatwoot, failures: list[int]
) -> None:
    desk_id = await desk.open("asked", (), "en", "web-abc")
    chatwoot.calls.clear()
    chatwoot.fail = list(failures)
    await desk.say(desk_id, "hello")
    assert chatwoot.only.texts("incoming") == ["hello"]
    assert len(chatwoot.calls) == len(failures) + 1


async def test_trouble_that_stays_is_a_failure(desk: ChatwootDesk, chatwoot: FakeChatwoot) -> None:
    chatwoot.down = True
    with pytest.raises(NotReached, match="HTTP 500"):
        await desk.note("1", "for staff")
    assert len(chatwoot.calls) == 3


async def test_what_chatwoot_refuses_is_not_tried_again(desk: ChatwootDesk, chatwoot: FakeChatwoot) -> None:
    conversation = chatwoot.begin()
    with pytest.raises(NotReached, match="HTTP 401"):
        await replace(desk, token="wrong").note(str(conversation.id), "for staff")
    with pytest.raises(NotReached, match="HTTP 422"):
        await desk.say(str(conversation.id), "not an API inbox")
    assert len(chatwoot.calls) == 2


async def test_a_server_that_hangs_is_waited_for_only_so_long(desk: ChatwootDesk, chatwoot: FakeChatwoot) -> None:
    chatwoot.delay = 0.2
    with pytest.raises(NotReached, match="TimeoutError"):
        await replace(desk, timeout=0.05).note("1", "for staff")
    assert len(chatwoot.calls) == 3
    with pytest.raises(NotReached, match="TimeoutError"):
        await replace(desk, within=0.05).note("1", "for staff")


async def test_a_server_that_is_not_there(desk: ChatwootDesk, chatwoot: FakeChatwoot) -> None:
    await chatwoot.stop()
    with pytest.raises(NotReached, match="ClientConnectorError"):
        await desk.open("asked", (), "en", "web-abc")


async def test_an_answer_cannot_lead_to_another_address(
    desk: ChatwootDesk, chatwoot: FakeChatwoot, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def elsewhere(*_: Any, **__: Any) -> dict[str, str]:
        return {"source_id": "../../../api/v1/profile"}

    monkeypatch.setattr(ChatwootDesk, "_post_once", elsewhere)
    with pytest.raises(NotReached, match="source_id"):
        await desk.open("asked", (), "en", "web-abc")


def test_the_environment_sets_it_up() -> None:
    assert desk_from({}) is None
    found = desk_from(FULL)
    assert found is not None and (found.url, found.account) == ("https://chat.example.org", 1)
    assert found.serves("chatwoot") and not found.serves("web") and not found.serves("rest")
    assert "token" not in repr(found).replace("token=", "")


@pytest.mark.parametrize("missing", list(FULL)[1:])
def test_half_a_set_up_says_what_is_missing(missing: str) -> None:
    with pytest.raises(ValueError, match=missing):
        desk_from({name: value for name, value in FULL.items() if name != missing})


@pytest.mark.parametrize("url", ["http://chat.example.org", "ftp://x", "chat.example.org"])
def test_the_token_is_sent_over_https_only(url: str) -> None:
    with pytest.raises(ValueError, match="https"):
        desk_from({**FULL, "WAYMARK_CHATWOOT_URL": url})
