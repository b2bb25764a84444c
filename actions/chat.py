"""The conversation itself: starting over and deleting it."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher


class ActionDeleteChat(Action):
    """Has the store delete this conversation at the end of the turn."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_delete_chat"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        """Say that it is deleted, and ask the store for it."""
        dispatcher.utter_message(response="utter_want_delete_chat")
        return [SlotSet("delete_chat", True)]
