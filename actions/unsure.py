"""When it is not clear what a visitor wants: likely topics first, then a person."""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher

from actions.context import NO_CONTENT, Context, library
from actions.person import OFFER_UNSURE, can_hand_over

MOST = 3
"""Topics offered at once."""


class ActionAnswerUnsure(Action):
    """Two stages: "did you mean one of these?", and when that was no help, a person and the lines."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_answer_unsure"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        """Offer topics, or a person when topics were offered last time."""
        last_said = Context.of(tracker).last_said
        if last_said == "utter_unsure_first" and can_hand_over(tracker):
            dispatcher.utter_message(response=OFFER_UNSURE)
            return []
        if last_said in ("utter_unsure_first", "utter_unsure_again", OFFER_UNSURE):
            dispatcher.utter_message(response="utter_unsure_again")
            return []
        buttons = likely_topics(tracker.latest_message.get("intent_ranking") or [])
        dispatcher.utter_message(response="utter_unsure_first", buttons=buttons)
        return []


class ActionCorrect(Action):
    """Answers "that's not what I meant" with the next likely readings of the message before."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_correct"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        """Offer other readings of the message before this one, without the one that was wrong."""
        messages = [event for event in tracker.events if event.get("event") == "user"]
        ranking = messages[-2].get("parse_data", {}).get("intent_ranking") or [] if len(messages) > 1 else []
        buttons = likely_topics(ranking[1:])
        if buttons:
            dispatcher.utter_message(response="utter_unsure_first", buttons=buttons)
        else:
            dispatcher.utter_message(response="utter_say_not_what_i_meant")
        return []


def likely_topics(ranking: list[dict[str, Any]]) -> list[dict[str, str]]:
    """Buttons for the most likely intents of a ranking that have an answer to give, and a way out."""
    buttons = [
        {"title": titles()[entry["name"]], "payload": f"/{entry['name']}"}
        for entry in ranking
        if entry["name"] in titles()
    ]
    return [*buttons[: MOST - 1], {"title": "Something else", "payload": "/deny"}] if buttons else []


@lru_cache(maxsize=1)
def titles() -> dict[str, str]:
    """How buttons name each intent that has an answer: the most used title of the responses."""
    named: dict[str, Counter[str]] = {}
    for response in (response for response in library() if not response.id.endswith("_es")):
        for button in response.buttons:
            target = f"utter_{button.intent}"
            if button.intent and target in library() and library()[target].topic not in NO_CONTENT:
                named.setdefault(button.intent, Counter())[button.title] += 1
    return {intent: counts.most_common(1)[0][0] for intent, counts in named.items()}
