"""Cancelling a request by its reference."""

from __future__ import annotations

import asyncio
import logging
import re
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions import callback
from actions.beside import answer_beside
from waymark.callback import reading
from waymark.callback.form import ASIDE, MOST_MISSES, SURE, Heard

logger = logging.getLogger(__name__)

REFERENCE = re.compile(r"\b([2346789CDFHJKMNPQRTVWXY]{2})[\s-]*([2346789CDFHJKMNPQRTVWXY]{4})\b", re.IGNORECASE)
"""The letters of a reference have no vowels among them, so no words of a sentence are taken for one."""

ASKED, MISSES = "callback_cancel", "callback_cancel_misses"


class ValidateCancelForm(Action):
    """Asks which request, and cancels it."""

    def name(self) -> str:
        """The action's name in the domain, by which Rasa's form finds it."""
        return "validate_cancel_form"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        """Find the reference in the message, or offer the request of this talk, or ask."""
        heard, sent = callback.heard_in(tracker), tracker.get_slot(callback.SENT) or {}
        text = reading.tidy(heard.text)
        begins = not tracker.get_slot("requested_slot")
        reference = reference_in(text)
        if reference is None and not begins and sent and reading.yes_or_no(text) == "yes":
            reference = sent["reference"]
        if reference:
            return await _cancel(reference, sent, dispatcher)
        if begins:
            return _ask(dispatcher, sent)
        if reading.wants_to_stop(text) or reading.wants_to_skip(text):
            dispatcher.utter_message(response="utter_cancel_kept")
            return _closed()
        if _is_aside(heard):
            events = await answer_beside(heard.intent, dispatcher, tracker, domain)
            return [*events, *_closed()]
        misses = int(tracker.get_slot(MISSES) or 0) + 1
        if misses > MOST_MISSES:
            dispatcher.utter_message(response="utter_cancel_unknown")
            return _closed()
        return _ask(dispatcher, sent, misses)


def reference_in(text: str) -> str | None:
    """The reference that a message names, as "K7-4PQ2"."""
    found = REFERENCE.search(text)
    return f"{found[1]}-{found[2]}".upper() if found else None


def _is_aside(heard: Heard) -> bool:
    return bool(ASIDE.fullmatch(heard.intent)) and (heard.is_tap or heard.confidence >= SURE)


def _ask(dispatcher: CollectingDispatcher, sent: dict[str, str], misses: int = 0) -> list[EventType]:
    if sent:
        dispatcher.utter_message(response="utter_cancel_confirm", reference=sent["reference"])
    else:
        dispatcher.utter_message(response="utter_cancel_which")
    return [SlotSet(ASKED, None), SlotSet(MISSES, misses), SlotSet("requested_slot", ASKED)]


async def _cancel(reference: str, sent: dict[str, str], dispatcher: CollectingDispatcher) -> list[EventType]:
    is_own = sent.get("reference") == reference
    try:
        done = await asyncio.to_thread(lambda: callback.requests().cancel(reference, sent["key"] if is_own else None))
    except Exception as error:
        logger.error("A request could not be cancelled: %s", type(error).__name__)
        dispatcher.utter_message(response="utter_cancel_failed")
        return _closed()
    dispatcher.utter_message(response="utter_cancel_done" if done else "utter_cancel_unknown", reference=reference)
    return [*([SlotSet(callback.SENT, None)] if is_own and done else []), *_closed()]


def _closed() -> list[EventType]:
    names = (ASKED, MISSES, "requested_slot")
    return [*(SlotSet(name, None) for name in names), FollowupAction("action_listen")]
