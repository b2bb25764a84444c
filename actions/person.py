"""A person in this chat: offering it, asking what staff may be told, and handing over."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, FollowupAction
from rasa_sdk.executor import CollectingDispatcher

from actions.context import CRISIS_SLOT, Context
from waymark.handover.desk import Reason
from waymark.handover.handover import Offer, handover
from waymark.safety.protocol import QUIET

OFFER, OFFER_UNSURE = "utter_handover_offer", "utter_handover_offer_unsure"
NO_DESK = "utter_want_person"
MOST_TOPICS = 5


class ActionOfferPerson(Action):
    """Asks for consent to bring a person in; where none can be, says how to reach one."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_offer_person"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        """Offer a person in this chat, or the phone, the form and the time the clinic opens."""
        offer = offered(tracker)
        if offer == "ready":
            dispatcher.utter_message(response=OFFER)
        else:
            say_no_person(offer, dispatcher)
        return [FollowupAction("action_listen")]


class ActionHandOver(Action):
    """Hands the conversation over after the visitor agreed."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_hand_over"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        """Open the conversation for staff, with the topics only if the visitor agreed to that."""
        here, offer = handover(), offered(tracker)
        if here is None or offer != "ready":
            say_no_person(offer, dispatcher)
            return [FollowupAction("action_listen")]
        with_topics = tracker.get_intent_of_latest_message() == "send_to_person_with_topics"
        topics = topics_of(tracker) if with_topics else ()
        is_open = await here.open(reason_of(tracker), topics, language_of(tracker), tracker.sender_id)
        dispatcher.utter_message(response="utter_handover_started" if is_open else "utter_handover_failed")
        return [FollowupAction("action_listen")]


def offered(tracker: Tracker) -> Offer:
    """Whether this visitor can be handed over now."""
    here = handover()
    return here.offer(str(tracker.get_latest_input_channel())) if here else "none"


def can_hand_over(tracker: Tracker) -> bool:
    """Whether this visitor can be handed over right now."""
    return offered(tracker) == "ready"


def say_no_person(offer: Offer, dispatcher: CollectingDispatcher) -> None:
    """Say how to reach a person when none can come into the chat."""
    here = handover()
    opens = here.opens() if here and offer == "closed" else None
    if opens:
        dispatcher.utter_message(response="utter_handover_closed", opens=opens)
    else:
        dispatcher.utter_message(response=NO_DESK)


def reason_of(tracker: Tracker) -> Reason:
    """Why a person is wanted."""
    crisis = tracker.get_slot(CRISIS_SLOT) or {}
    if crisis and crisis.get("stage") != QUIET:
        return "crisis"
    return "unclear" if Context.of(tracker).last_said == OFFER_UNSURE else "asked"


def topics_of(tracker: Tracker) -> tuple[str, ...]:
    """What was talked about, the last things first, in the words of the intents' names."""
    names = dict.fromkeys(name.removeprefix("utter_") for name in reversed(Context.of(tracker).content))
    return tuple(name.removeprefix("ask_").replace("_", " ") for name in names)[:MOST_TOPICS]


def language_of(tracker: Tracker) -> str:
    """The visitor's language: Spanish if any message of theirs was."""
    users = (event for event in tracker.events if event.get("event") == "user")
    return "es" if any(event.get("parse_data", {}).get("language") == "es" for event in users) else "en"
