"""Runs the talks of this folder's YAML files against the real assistant.

A turn says what the visitor writes and what has to come back: `says` (ids of the responses, any one of a
list), `text` (each piece stands in the replies), `never` (none of these does), `buttons` (these titles are
offered), `crisis` (category and tier, or null), `intent`.

A talk may say how often the store of requests fails (`failures`) and what it holds afterwards (`stored`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from requests_fake import FakeRequests

from waymark.runtime import Guide

TALKS = [
    pytest.param(talk, id=f"{path.stem}: {talk['talk']}")
    for path in sorted(Path(__file__).parent.glob("*.yml"))
    for talk in yaml.safe_load(path.read_text(encoding="utf-8"))
]


@pytest.mark.parametrize("talk", TALKS)
async def test_talk(guide: Guide, conversation: str, requests: FakeRequests, talk: dict[str, Any]) -> None:
    requests.failures = talk.get("failures", 0)
    for number, expected in enumerate(talk["turns"], 1):
        turn = await guide.say(expected["visitor"], conversation)
        where = f"turn {number}, {expected['visitor'][:60]!r}, said {turn.content}"
        text = "\n".join(reply["text"] for reply in turn.replies)
        assert turn.replies, where
        if "says" in expected:
            wanted = expected["says"] if isinstance(expected["says"], list) else [expected["says"]]
            assert set(wanted) & set(turn.content), where
        for piece in expected.get("text", []):
            assert piece in text, where
        for piece in expected.get("never", []):
            assert piece.casefold() not in text.casefold(), where
        titles = {button["title"] for reply in turn.replies for button in reply["buttons"]}
        assert set(expected.get("buttons", [])) <= titles, where
        if "crisis" in expected:
            found = turn.crisis and [turn.crisis["category"], turn.crisis["tier"]]
            assert found == expected["crisis"], where
        if "intent" in expected:
            assert turn.intent == expected["intent"], where
    if "stored" in talk:
        kept = [vars(request) for request in requests.kept]
        assert len(kept) == len(talk["stored"])
        for request, wanted in zip(kept, talk["stored"], strict=True):
            assert {key: request[key] for key in wanted} == wanted
