"""What was said and offered before, read from a conversation's events."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import yaml
from rasa_sdk import Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from waymark import settings
from waymark.content.library import Library
from waymark.safety.protocol import Protocol, State, reported

NO_CONTENT = ("context", "social", "crisis", "callback", "handover")
"""Topics whose responses are talk about the talk: "tell me more" and "back" pass over them."""

CRISIS_SLOT = "crisis"

OWN_ACTION = {
    "want_callback": "callback_form",
    "want_cancel_request": "cancel_form",
    "want_person": "action_offer_person",
    "send_to_person": "action_hand_over",
    "send_to_person_with_topics": "action_hand_over",
}
"""Intents that open a form, or that an action answers."""


@lru_cache(maxsize=1)
def library() -> Library:
    """The responses, read once a process."""
    return Library.load(settings.RESPONSES)


@lru_cache(maxsize=1)
def follow_ups() -> dict[str, Any]:
    """The table of follow-ups, read once a process."""
    read: dict[str, Any] = yaml.safe_load((settings.DATA / "follow_ups.yml").read_text(encoding="utf-8"))
    return read


@dataclass(frozen=True)
class Context:
    """The visitor's last words and what the assistant said before them."""

    text: str
    said: tuple[str, ...]
    """Response ids in the order they were said."""
    buttons: tuple[dict[str, str], ...]
    """What the last reply offered."""

    @classmethod
    def of(cls, tracker: Tracker) -> Context:
        """Read a conversation as an action gets it."""
        bot = [event for event in tracker.events if event.get("event") == "bot"]
        said = tuple(event.get("metadata", {}).get("utter_action") or "" for event in bot)
        buttons = tuple((bot[-1].get("data") or {}).get("buttons") or ()) if bot else ()
        return cls(tracker.latest_message.get("text") or "", said, buttons)

    @property
    def content(self) -> list[str]:
        """The ids among `said` that answered a question."""
        return [name for name in self.said if name in library() and library()[name].topic not in NO_CONTENT]

    @property
    def last(self) -> str | None:
        """The last answer given, or None at the start."""
        return self.content[-1] if self.content else None

    @property
    def last_said(self) -> str:
        """The last response of any kind, "" at the start."""
        return self.said[-1] if self.said else ""


def answer(intent: str, dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
    """Say what a message of this intent would have got; used for choices made in words."""
    stored = tracker.get_slot(CRISIS_SLOT)
    state = State(**stored) if stored else None
    finding = reported(intent, state)
    if finding:
        step = Protocol.load(settings.CRISIS).open(finding, state)
        dispatcher.utter_message(response=step.response)
        return [SlotSet(CRISIS_SLOT, step.state.as_dict())]
    if intent in OWN_ACTION:
        return [FollowupAction(OWN_ACTION[intent])]
    if intent == "tell_me_more":
        return tell_more(dispatcher, Context.of(tracker))
    response = f"utter_{intent}"
    dispatcher.utter_message(response=response if response in library() else "utter_what_next")
    return []


def tell_more(dispatcher: CollectingDispatcher, context: Context) -> list[EventType]:
    """Go on to the next response of the topic that was not said yet."""
    dispatcher.utter_message(response=following(context.content) if context.content else "utter_no_context")
    return []


def following(said: list[str]) -> str:
    """The response that "tell me more" leads to after what was said, in order and without repeats."""
    table, last = follow_ups(), said[-1]
    if last in table["walk"][:-1]:
        return str(table["walk"][table["walk"].index(last) + 1])
    topic = [response.id for response in library().topic(library()[last].topic)]
    place = topic.index(last)
    named = table["next"].get(last)
    if named and named not in said:
        return str(named)
    ahead = topic[place + 1 :] + topic[:place]
    return next((name for name in ahead if name not in said and name not in table["unasked"]), "utter_topic_told")
