"""Crisis lines for the country a visitor names."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from waymark import settings
from waymark.safety.lines import Lines


@lru_cache(maxsize=1)
def lines() -> Lines:
    """The directory, read once a process."""
    return Lines.load(settings.CRISIS)


class ActionShowLines(Action):
    """Shows the lines of a country and remembers it for the rest of the conversation."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_show_lines"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        """Take the country from the message; ask when it names none that the directory knows."""
        code = lines().find_country(tracker.latest_message.get("text") or "")
        if code is None:
            dispatcher.utter_message(response="utter_which_country")
            return []
        country = lines().countries[code]
        dispatcher.utter_message(
            response="utter_lines_country",
            country_name=country.name,
            directory=country.directory,
            **lines().placeholders(code),
        )
        return [SlotSet("country", code)]
