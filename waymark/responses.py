"""Fills in a scripted response: the next wording, the clinic's numbers, the country's crisis lines."""

from __future__ import annotations

import copy
import zlib
from typing import Any

from rasa.core.nlg import interpolator
from rasa.core.nlg.generator import ResponseVariationFilter
from rasa.core.nlg.response import TemplatedNaturalLanguageGenerator
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import BotUttered
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.endpoints import EndpointConfig

from waymark import settings
from waymark.content.clinic import Clinic
from waymark.handover.handover import handover
from waymark.policies.safety import PAUSED_SLOT, PREFIX, SLOT
from waymark.safety.lines import Lines
from waymark.safety.protocol import CALM, QUIET

QUIET_LINE = "utter_quiet_line"
"""Also with a category and with _es at its end, where one is written."""
LINES = ("helpline", "dv_line", "sexual_line")
SAME_AGAIN = "utter_same_again"
"""Said in place of an answer that was just given; its buttons stay."""
OFFER = "utter_callback_offer_again"
PERSON = "utter_handover_crisis"
"""Its button is added to crisis replies where a person can be brought in."""
COUNTRY_SLOT = "country"

MOST_BUTTONS = 4
"""Buttons of a reply, with one that was added."""


class ResponseGenerator(TemplatedNaturalLanguageGenerator):
    """Rasa's generator, with four differences.

    The wordings of a response take turns instead of being drawn by lot, so the same text never
    comes twice running and a conversation can be repeated. Placeholders such as `{helpline}` come
    from `clinic.yml` and the crisis lines of the visitor's country. After a crisis, later answers
    in the same conversation end in one quiet line that help is there. An answer that was just given is not
    given again word for word.
    """

    def __init__(self, endpoint_config: EndpointConfig | None = None, domain: Domain | None = None) -> None:
        """Load the clinic and the lines; `endpoint_config` is Rasa's and has nothing we need."""
        super().__init__(domain.responses if domain else {})
        self._clinic = Clinic.load(settings.CLINIC)
        self._lines = Lines.load(settings.CRISIS)
        handover()  # a desk that is set up by half is an error now, not in the middle of a talk

    async def generate(
        self, utter_action: str, tracker: DialogueStateTracker, output_channel: str, **kwargs: Any
    ) -> dict[str, Any] | None:
        """Fill in the next wording of a response, or None if there is no such response."""
        response = self._next_wording(utter_action, tracker, output_channel)
        if response is None:
            return None
        values = {**self.placeholders(tracker.get_slot(COUNTRY_SLOT)), **kwargs}
        filled = self._filled(response, values)
        if _is_same_again(utter_action, filled, tracker, values):
            again = self._next_wording(SAME_AGAIN, tracker, output_channel)
            if again:
                filled["text"] = self._filled(again, values)["text"]
        if self._needs_quiet_line(utter_action, filled, tracker, values):
            filled["text"] += "\n" + self._quiet_line(utter_action, tracker, values)
        if _is_paused_request(utter_action, filled, tracker):
            offer = self._next_wording(OFFER, tracker, output_channel)
            if offer:
                filled["text"] += "\n" + str(offer["text"])
                filled["buttons"] = [*offer["buttons"], *filled.get("buttons", ())][:MOST_BUTTONS]
        if utter_action.startswith(PREFIX) and _can_hand_over(tracker):
            person = self._next_wording(_twin(PERSON, utter_action), tracker, output_channel)
            if person:
                filled["buttons"] = [*filled.get("buttons", ()), *person["buttons"]][:MOST_BUTTONS]
        return filled

    def placeholders(self, country: str | None = None) -> dict[str, str]:
        """All placeholders a response may use, for a country (ISO 3166 alpha-2; None: the clinic's)."""
        return {
            **self._clinic.placeholders(),
            **self._lines.placeholders(country or self._clinic.country),
        }

    def _next_wording(
        self, utter_action: str, tracker: DialogueStateTracker, output_channel: str
    ) -> dict[str, Any] | None:
        if utter_action not in self.responses:
            return None
        wordings = ResponseVariationFilter(self.responses).responses_for_utter_action(
            utter_action, output_channel, tracker.current_slot_values()
        )
        if not wordings:
            return None
        said = sum(
            isinstance(event, BotUttered) and event.metadata.get("utter_action") == utter_action
            for event in tracker.events
        )
        wording: dict[str, Any] = copy.deepcopy(wordings[said % len(wordings)])
        return wording

    @staticmethod
    def _filled(response: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:
        for key in ("text", "buttons"):
            if key in response:
                response[key] = interpolator.interpolate(response[key], values)
        return response

    def _quiet_line(self, utter_action: str, tracker: DialogueStateTracker, values: dict[str, str]) -> str:
        """That help is there: the line that fits the crisis, in wordings that vary with the answer above them."""
        of_kind = f"{QUIET_LINE}_{tracker.get_slot(SLOT)['category']}"
        name = _twin(of_kind if of_kind in self.responses else QUIET_LINE, utter_action)
        wordings = self.responses[name]
        wording = copy.deepcopy(wordings[zlib.crc32(utter_action.encode()) % len(wordings)])
        return str(self._filled(wording, values)["text"])

    @staticmethod
    def _needs_quiet_line(
        utter_action: str, filled: dict[str, Any], tracker: DialogueStateTracker, values: dict[str, str]
    ) -> bool:
        state = tracker.get_slot(SLOT)
        return bool(
            state
            and state["stage"] != CALM
            and not utter_action.startswith(PREFIX)
            and filled.get("text")
            and not _names_a_line(filled["text"], values)
        )


def _names_a_line(text: str, values: dict[str, str]) -> bool:
    return any(values[line] in text for each in LINES for line in (each, f"{each}_es"))


def _is_same_again(
    utter_action: str, filled: dict[str, Any], tracker: DialogueStateTracker, values: dict[str, str]
) -> bool:
    """Whether an answer would be said word for word a second time running, without having been asked for again.

    Numbers to call, crisis replies and the questions of a form are worth saying twice.
    """
    last, message = tracker.get_last_event_for(BotUttered), tracker.latest_message
    return bool(
        last is not None
        and last.metadata.get("utter_action") == utter_action
        and utter_action.startswith("utter_ask_")
        and not tracker.active_loop_name
        and filled.get("text")
        and not _names_a_line(filled["text"], values)
        and message is not None
        and message.intent.get("name") != "ask_repeat"
    )


def _can_hand_over(tracker: DialogueStateTracker) -> bool:
    here = handover()
    return here is not None and here.offer(str(tracker.get_latest_input_channel())) == "ready"


def _twin(response: str, spoken: str) -> str:
    return f"{response}_es" if spoken.endswith("_es") else response


def _is_paused_request(utter_action: str, filled: dict[str, Any], tracker: DialogueStateTracker) -> bool:
    """Whether to offer the form again that a crisis came before: with the first reply after the crisis's own."""
    state = tracker.get_slot(SLOT)
    if not tracker.get_slot(PAUSED_SLOT) or not state or tracker.active_loop_name or not filled.get("text"):
        return False
    if utter_action.startswith(PREFIX):
        return bool(state["stage"] == QUIET)
    last = tracker.get_last_event_for(BotUttered)
    return last is not None and str(last.metadata.get("utter_action")).startswith(PREFIX)
