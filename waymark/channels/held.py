"""What happens to a visitor's message while a person has the conversation: screened first, then passed on."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from waymark import settings
from waymark.channels.card import notices_crisis, scripted
from waymark.handover.cases import Case
from waymark.handover.handover import HOURS_OVER, LOST, Handover
from waymark.nlu.crisis import CRISIS
from waymark.policies.safety import SLOT
from waymark.safety.protocol import QUIET, Protocol, State, reported
from waymark.safety.screener import Finding

logger = logging.getLogger(__name__)

Reply = dict[str, Any]
Answer = Callable[[], Awaitable[list[Reply]]]

WANT_PERSON = "/want_person"
TO_GUIDE = frozenset({"/ask_helplines", "/ask_helplines_country", "/want_exit", "/want_delete_chat"})
"""Choices that the guide answers also while a person has the conversation: numbers to call, and ways out."""


@dataclass(frozen=True)
class Alert:
    """What staff hear of a message in crisis. Holds no word of it."""

    category: str
    tier: str
    what: str

    def __str__(self) -> str:
        """The note."""
        return f"CRISIS ALERT: {self.category.replace('_', ' ')}, {self.tier}. {self.what}"


async def hear(
    handover: Handover, case: Case, agent: Any, message: str, said: str, answer: Answer
) -> tuple[list[Reply], bool]:
    """Deal with a website visitor's message while a person has the conversation.

    Args:
        handover: Who has what.
        case: The visitor's case.
        agent: Rasa's agent, which reads the message; rules alone do if it cannot.
        message: The message as the guide would get it: words, or the payload of a choice.
        said: What the visitor saw themselves say: the same words, or the title of the choice.
        answer: Has the guide answer the message.

    Returns:
        What to show, and whether a person still has the conversation; nothing to show if it was only passed on.
    """
    alert = await screen(handover, agent, case.conversation, message)
    if alert:
        replies = without_offer(await answer())
        handover.asked(case.conversation)
        handover.alert(case, str(alert), said)
        return replies, True
    if message in TO_GUIDE:
        return without_offer(await answer()), True
    handover.answered(case.conversation)
    if handover.is_over_hours(case.conversation, case.touched):
        await handover.take_back(case)
        return [scripted(HOURS_OVER), *await answer()], False
    if await handover.say(case, said):
        return [], True
    return [scripted(LOST)], False


async def screen(handover: Handover, agent: Any, conversation: str, message: str) -> Alert | None:
    """Look for a crisis in a message, or for an answer to the crisis question that was just asked."""
    state = await _state(agent, conversation)
    finding, intent = await _read(agent, message)
    finding = finding or reported(intent, state)
    if finding:
        return Alert(finding.category, finding.tier, "They were shown the crisis lines.")
    step = _protocol().answer(intent, state, message) if state and handover.is_asked(conversation) else None
    if step is None:
        return None
    denied = step.state.stage == QUIET
    return Alert(step.state.category, step.state.tier, f"They answered the guide's question: {_answer(denied, intent)}")


def without_offer(replies: list[Reply]) -> list[Reply]:
    """Replies without the button that offers a person: one is there."""
    return [
        {**reply, "buttons": [each for each in reply["buttons"] if each.get("payload") != WANT_PERSON]}
        if reply.get("buttons")
        else reply
        for reply in replies
    ]


def _answer(denied: bool, intent: str) -> str:
    return "no." if denied else "not sure." if intent == "be_unsure" else "not a clear no."


async def _read(agent: Any, message: str) -> tuple[Finding | None, str]:
    """What the whole screener notices, and the intent; what the rules notice if the model fails."""
    try:
        parsed = await agent.parse_message(message)
        found, intent = parsed.get(CRISIS), (parsed.get("intent") or {}).get("name") or ""
        return Finding(**{**found, "reasons": tuple(found["reasons"])}) if found else None, intent
    except Exception as error:
        logger.error("A message was screened by the rules alone: %s", type(error).__name__)
        return notices_crisis(message), message.removeprefix("/") if message.startswith("/") else ""


async def _state(agent: Any, conversation: str) -> State | None:
    try:
        tracker = await agent.tracker_store.retrieve(conversation)
        stored = tracker.get_slot(SLOT) if tracker else None
        return State(**stored) if stored else None
    except Exception as error:
        logger.error("Where a conversation stands could not be read: %s", type(error).__name__)
        return None


@lru_cache(maxsize=1)
def _protocol() -> Protocol:
    return Protocol.load(settings.CRISIS)
