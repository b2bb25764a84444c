"""Each crisis reply of a talk is counted once, as it is said, and nothing else is."""

from __future__ import annotations

from collections import Counter

from waymark.referrals.store import Referral
from waymark.runtime import Guide
from waymark.store import ConversationStore


def counted(store: ConversationStore) -> Counter[tuple[str, str, str, str]]:
    assert store._referrals.flush()
    numbers: Counter[tuple[str, str, str, str]] = Counter()
    kind: Referral
    for kind, number in store._referrals._store.numbers().items():
        numbers[(kind.category, kind.tier, kind.about, kind.language)] += number
    return numbers


async def test_a_talk(guide: Guide, store: ConversationStore, conversation: str) -> None:
    before = counted(store)
    said = ("hello", "i want to kill myself", "yes", "what is cbt", "quiero morirme", "delete my chat")
    turns = [await guide.say(text, conversation) for text in said]
    replies = [name for turn in turns for name in turn.content if name.startswith("utter_crisis_")]
    new = counted(store) - before
    assert sum(new.values()) == len(replies) == 3
    assert new == {
        ("suicide", "high", "self", "en"): 1,
        ("suicide", "immediate", "self", "en"): 1,
        ("suicide", "immediate", "self", "es"): 1,
    }


async def test_the_row_names_no_conversation(guide: Guide, store: ConversationStore, conversation: str) -> None:
    await guide.say("i want to kill myself", conversation)
    await guide.say("/want_delete_chat", conversation)
    assert counted(store)
    assert conversation not in str(store._referrals._store.numbers())
