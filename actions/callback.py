"""A request to be called, texted or mailed: the shell around `waymark.callback` that Rasa calls."""

from __future__ import annotations

import asyncio
import logging
import uuid
from dataclasses import replace
from datetime import datetime, timezone
from functools import lru_cache
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.beside import answer_beside
from actions.context import CRISIS_SLOT, Context, library
from waymark import settings
from waymark.callback import reading
from waymark.callback.fields import FIELDS, ZONE
from waymark.callback.form import MINOR, OVER, SURE, WAITING, Form, Heard, Say, Talk, Turn
from waymark.callback.office import Office
from waymark.callback.phrases import Phrases
from waymark.callback.summary import Summary
from waymark.contact.address import read_email, read_number, show_number
from waymark.contact.request import RequestStore
from waymark.content.choice import is_digit, ordinal, pick
from waymark.content.clinic import Clinic

logger = logging.getLogger(__name__)

SLOT = "callback_{}"
"""The slot of each answer. The store writes no slot whose name begins so."""

ANSWERS = (*(field.name for field in FIELDS), ZONE, "language")
PROGRESS, PAUSED, SENT = SLOT.format("progress"), SLOT.format("paused"), SLOT.format("sent")
LOST = "answers_lost"
ALREADY_SENT = "utter_callback_already_sent"
UNDER_18 = "utter_callback_under_18"
CONSENT = "utter_callback_ask_consent"

URGENT = ("immediate", "high")
"""Tiers of an open crisis that make a request urgent."""

SPANISH_WORDS = 3
"""Words from which a message in Spanish says that Spanish is the visitor's language."""


@lru_cache(maxsize=1)
def clinic() -> Clinic:
    """The clinic, read once a process."""
    return Clinic.load(settings.CLINIC)


@lru_cache(maxsize=1)
def form() -> Form:
    """The form, built once a process."""
    phrases = Phrases.load(settings.DATA)
    return Form(
        phrases=phrases,
        summary=Summary(phrases, show_number, clinic().time_zone, clinic().request_retention_days),
        read_number=read_number,
        read_email=read_email,
        country=clinic().country,
        zone=clinic().time_zone,
        serves=clinic().serves,
    )


@lru_cache(maxsize=1)
def requests() -> RequestStore:
    """The store of requests, opened when the first one is sent."""
    return RequestStore.open()


class ValidateCallbackForm(Action):
    """Takes every message while the form is open: Rasa calls it when the form begins and at each turn."""

    def name(self) -> str:
        """The action's name in the domain, by which Rasa's form finds it."""
        return "validate_callback_form"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        """Read the message, say what comes next and keep what was learned."""
        heard, talk, progress = heard_in(tracker), talk_in(tracker), dict(tracker.get_slot(PROGRESS) or {})
        if tracker.get_slot("requested_slot"):
            turn = form().lost() if tracker.get_slot(LOST) else form().hear(heard, talk)
        elif talk.asked and tracker.get_slot(PAUSED):
            turn = form().resume(talk)
        elif reading.asks_when(reading.tidy(heard.text)):
            return _waits(tracker, dispatcher)
        else:
            turn, progress = _start(tracker, heard), {}
        progress.setdefault("key", uuid.uuid4().hex)
        events: list[EventType] = []
        if turn.aside == WAITING:
            say_waiting(dispatcher)
        elif turn.aside:
            events += await answer_beside(turn.aside, dispatcher, tracker, domain)
        for say in turn.say:
            dispatcher.utter_message(response=say.response, **say.values)
        if turn.send:
            sent = await send(turn.talk, progress["key"], tracker, dispatcher)
            if sent:
                return [*events, SlotSet(SENT, sent), *closed()]
        if not turn.talk.asked:
            return [*events, *closed()]
        answers = {**turn.talk.answers, **({"language": "es"} if _is_spanish(tracker, talk) else {})}
        return [*events, *kept(replace(turn.talk, answers=answers), progress)]


def _start(tracker: Tracker, heard: Heard) -> Turn:
    if _is_minor(tracker):
        return Turn(OVER, (Say(UNDER_18),))
    turn = form().start(heard)
    opens = None if office().closes(now()) else office().opens(now())
    closed_now = (Say("utter_callback_closed_now", {"opens": opens}),) if opens else ()
    return replace(turn, say=(*closed_now, *turn.say)) if turn.talk.asked else turn


def _is_minor(tracker: Tracker) -> bool:
    """Whether the visitor said earlier that they are under 18."""
    users = [event for event in tracker.events if event.get("event") == "user"]
    intents = [event.get("parse_data", {}).get("intent") or {} for event in users]
    stated = any(intent.get("name") == MINOR and float(intent.get("confidence") or 0) >= SURE for intent in intents)
    return stated or UNDER_18 in Context.of(tracker).said


def heard_in(tracker: Tracker) -> Heard:
    """The latest message; a number typed for one of the last buttons is that button."""
    message = tracker.latest_message
    text, intent = str(message.get("text") or ""), message.get("intent") or {}
    country = tracker.get_slot("country")
    button = pick(Context.of(tracker).buttons, ordinal(text)) if is_digit(text) else None
    if button is not None:
        payload = button["payload"]
        return Heard(payload, payload.lstrip("/") if payload.startswith("/") else "", 1.0, country)
    return Heard(text, str(intent.get("name") or ""), float(intent.get("confidence") or 0.0), country)


def talk_in(tracker: Tracker) -> Talk:
    """Where the form stands, from the slots; the slot asked for may hold the raw message and does not count."""
    requested = tracker.get_slot("requested_slot") or tracker.get_slot(PAUSED) or ""
    asked = requested.removeprefix(SLOT.format(""))
    answers = {name: tracker.get_slot(SLOT.format(name)) for name in ANSWERS if name != asked}
    progress = tracker.get_slot(PROGRESS) or {}
    return Talk(
        answers={name: value for name, value in answers.items() if value is not None},
        asked=asked,
        misses=progress.get("misses", 0),
        offered=progress.get("offered", False),
        outside=progress.get("outside", False),
        changing=progress.get("changing", False),
        remark=progress.get("remark", ""),
    )


def kept(talk: Talk, progress: dict[str, Any]) -> list[EventType]:
    """The events that keep the form open where it stands."""
    place = {
        "key": progress["key"],
        "misses": talk.misses,
        "offered": talk.offered,
        "outside": talk.outside,
        "changing": talk.changing,
        "remark": talk.remark,
    }
    slots: dict[str, Any] = {SLOT.format(name): talk.answers.get(name) for name in ANSWERS}
    slots |= {PROGRESS: place, PAUSED: None, LOST: None, "requested_slot": SLOT.format(talk.asked)}
    return [SlotSet(name, value) for name, value in slots.items()]


def closed() -> list[EventType]:
    """The events that end the form and wipe what it learned."""
    names = [*(SLOT.format(name) for name in ANSWERS), PROGRESS, PAUSED, LOST, "requested_slot"]
    return [*(SlotSet(name, None) for name in names), FollowupAction("action_listen")]


async def send(talk: Talk, key: str, tracker: Tracker, dispatcher: CollectingDispatcher) -> dict[str, str] | None:
    """Store the request and say what came of it; the reference and the key if it is stored."""
    crisis = tracker.get_slot(CRISIS_SLOT) or {}
    urgent = crisis.get("tier") in URGENT and crisis.get("stage") != "quiet"
    request = form().summary.request(talk.answers, library()[CONSENT].wordings[0].date, urgent)
    try:
        reference = await asyncio.to_thread(lambda: requests().add(request, key))
    except Exception as error:
        # Whatever went wrong, the visitor must not believe that it is sent; an error may quote details, so only its
        # kind is logged.
        logger.error("A request could not be stored: %s", type(error).__name__)
        dispatcher.utter_message(response="utter_callback_not_stored")
        return None
    dispatcher.utter_message(response="utter_callback_sent", reference=reference)
    say_waiting(dispatcher)
    return {"reference": reference, "key": key}


def _waits(tracker: Tracker, dispatcher: CollectingDispatcher) -> list[EventType]:
    """Answer "when will they call?" in place of opening the form."""
    if sent := tracker.get_slot(SENT):
        dispatcher.utter_message(response=ALREADY_SENT, reference=sent["reference"])
    say_waiting(dispatcher)
    return closed()


def say_waiting(dispatcher: CollectingDispatcher) -> None:
    """Say when somebody may read the request, as far as the clinic says so, and the lines."""
    answering = form().phrases.waiting(clinic().answer_time)
    closes, opens = office().closes(now()), office().opens(now())
    if closes:
        dispatcher.utter_message(response="utter_callback_wait_open", closes=closes, answering=answering)
    elif opens:
        dispatcher.utter_message(response="utter_callback_wait_closed", opens=opens, answering=answering)
    else:
        dispatcher.utter_message(response="utter_callback_wait_unknown", answering=answering)


@lru_cache(maxsize=1)
def office() -> Office:
    """The clinic's hours, read once a process."""
    return Office.read(clinic().office_hours, clinic().time_zone)


def now() -> datetime:
    """The time, for tests to set."""
    return datetime.now(timezone.utc)


def _is_spanish(tracker: Tracker, talk: Talk) -> bool:
    message = tracker.latest_message
    words = reading.tidy(str(message.get("text") or "")).split()
    return talk.answers.get("language") == "es" or (message.get("language") == "es" and len(words) >= SPANISH_WORDS)


class ActionAnswerSent(Action):
    """Answers a second tap on "Send": one request is one request."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_answer_sent"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        """Give the reference again, or say that there is nothing to send."""
        sent = tracker.get_slot(SENT)
        if sent:
            dispatcher.utter_message(response=ALREADY_SENT, reference=sent["reference"])
        else:
            dispatcher.utter_message(response="utter_callback_nothing_open")
        return []
