"""Answers a question that comes in the middle of a form, without leaving it."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher

from actions.chat import ActionDeleteChat
from actions.context import answer, follow_ups
from actions.follow_up import ActionAnswerFollowUp
from actions.lines import ActionShowLines
from actions.person import can_hand_over

OWN_ACTION: dict[str, type[Action]] = {"ask_helplines_country": ActionShowLines, "want_delete_chat": ActionDeleteChat}
OTHER_NAME = {"want_start_over": "utter_opening"}


async def answer_beside(
    intent: str, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
) -> list[EventType]:
    """Say what a message of this intent gets outside a form; the events it leads to."""
    if intent in OWN_ACTION:
        return list(await OWN_ACTION[intent]().run(dispatcher, tracker, domain))
    if intent in follow_ups()["questions"]:
        return await ActionAnswerFollowUp().run(dispatcher, tracker, domain)
    if intent == "want_person":
        # A form has to be left first: what is typed in it must not go to two places.
        dispatcher.utter_message(response="utter_handover_in_form" if can_hand_over(tracker) else "utter_want_person")
        return []
    if intent in OTHER_NAME:
        dispatcher.utter_message(response=OTHER_NAME[intent])
        return []
    return answer(intent, dispatcher, tracker)
