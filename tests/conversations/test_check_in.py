"""Faint signs over the turns of a talk make one gentle question, and one alone changes nothing."""

from __future__ import annotations

import pytest

from waymark.policies.safety import PREFIX, SLOT
from waymark.runtime import Guide


async def test_faint_signs_add_up_once(guide: Guide, conversation: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # What the model makes of a message changes with each training: here every message without a finding is faint.
    monkeypatch.setattr("waymark.nlu.crisis.FAINT_FROM", float("-inf"))
    first = await guide.say("thank you", conversation)
    assert first.content and not first.content[0].startswith(PREFIX)
    assert "988" not in first.replies[-1]["text"]
    second = await guide.say("thank you", conversation)
    assert second.content[0].startswith(PREFIX) and second.crisis is None
    assert guide._saved is not None
    state = guide._saved.get_slot(SLOT)
    assert (state["tier"], state["checked_in"]) == ("concern", True)
    assert (await guide.say("no", conversation)).content[0].startswith(PREFIX)
    for _ in range(3):
        assert not (await guide.say("thank you", conversation)).content[0].startswith(PREFIX)


async def test_without_signs_nothing_is_kept(guide: Guide, conversation: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("waymark.nlu.crisis.FAINT_FROM", float("inf"))
    await guide.say("thank you", conversation)
    assert guide._saved is not None and guide._saved.get_slot(SLOT) is None
