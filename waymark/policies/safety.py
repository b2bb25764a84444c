"""Puts the crisis protocol before everything else a conversation may be doing."""

from __future__ import annotations

from typing import Any

from rasa.core.policies.policy import Policy, PolicyPrediction, SupportedData
from rasa.engine.graph import ExecutionContext
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.core.constants import ACTION_LISTEN_NAME, REQUESTED_SLOT
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActiveLoop, BotUttered, Event, SlotSet, UserUttered
from rasa.shared.core.generator import TrackerWithCachedStates
from rasa.shared.core.trackers import DialogueStateTracker

from waymark import settings
from waymark.nlu.crisis import CRISIS, FAINT
from waymark.safety.protocol import BARRIER, CALM, Protocol, State, Step, reported
from waymark.safety.screener import Finding

PREFIX = "utter_crisis_"
SLOT = "crisis"
"""The slot that keeps the protocol's state; featurised nowhere."""

SURE = 0.9
"""Confidence from which a question after a crisis reply is taken for what it seems."""

PAUSED_SLOT = "callback_paused"
"""The slot that a form was asking for when a crisis came before it: the form is offered again afterwards."""


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.POLICY_WITHOUT_END_TO_END_SUPPORT, is_trainable=False)
class SafetyPolicy(Policy):
    """Answers a finding, and the answers to the protocol's question, with confidence 1.

    Its predictions are "no user" predictions, which in Rasa overrule those of forms and rules. It
    names responses, not custom actions: nothing outside this process is needed to say them.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Read the protocol's table."""
        super().__init__(*args, **kwargs)
        self._protocol = Protocol.load(settings.CRISIS)

    @staticmethod
    def supported_data() -> SupportedData:
        """Works on rules as well as on stories: it learns from neither."""
        return SupportedData.ML_AND_RULE_DATA

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Priority above every policy of Rasa's (RulePolicy has 4)."""
        return {"priority": 100, "max_history": None}

    def train(self, training_trackers: list[TrackerWithCachedStates], domain: Domain, **kwargs: Any) -> Resource:
        """Nothing to learn."""
        return self._resource

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> SafetyPolicy:
        """Nothing was stored, so loading is making."""
        return cls(config, model_storage, resource, execution_context)

    def predict_action_probabilities(
        self,
        tracker: DialogueStateTracker,
        domain: Domain,
        rule_only_data: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> PolicyPrediction:
        """Speak when there is a finding or an answer to the question; listen after speaking; else abstain."""
        if tracker.latest_action_name == ACTION_LISTEN_NAME:
            step = self._step(tracker)
            if step:
                return self._certain(step.response, domain, self._leave_form(tracker, step))
            noticed = self._noticed(tracker)
            in_spanish = _spanish_twin(tracker, domain)
            if in_spanish:
                return self._certain(in_spanish, domain, noticed)
            if noticed:
                # Events of a policy that abstains are kept all the same; optional ones only when it speaks.
                return self._prediction(self._default_predictions(domain), events=noticed)
        elif _is_ours(tracker):
            return self._certain(ACTION_LISTEN_NAME, domain, [])
        return self._prediction(self._default_predictions(domain))

    def _step(self, tracker: DialogueStateTracker) -> Step | None:
        state = _state(tracker)
        message = tracker.latest_message
        if message is None:
            return None
        intent = message.intent.get("name") or ""
        finding = _finding(message, CRISIS) or reported(intent, state)
        text = message.text or ""
        if finding and state and state.is_open and _asked_last(tracker):
            return self._protocol.reply(finding, intent, state, text, _surely_asked(message))
        if finding:
            return self._protocol.open(finding, state)
        if state:
            step = self._protocol.answer(intent, state, text) if _asked_last(tracker) else None
            step = step or self._protocol.takes_back(state, text)
            if step:
                return step
        sign = _finding(message, FAINT)
        after = self._protocol.notice(sign, state)
        # A form is not interrupted for this.
        return self._protocol.check_in(after, sign) if after and not tracker.active_loop_name else None

    def _noticed(self, tracker: DialogueStateTracker) -> list[Event]:
        """The events that keep what a message without a finding adds to the faint signs; once a message."""
        state, message = _state(tracker), tracker.latest_message
        if message is None or _is_noticed(tracker):
            return []
        after = self._protocol.notice(_finding(message, FAINT), state)
        return [SlotSet(SLOT, after.as_dict())] if after and after != state else []

    def _certain(self, action: str, domain: Domain, events: list[Event]) -> PolicyPrediction:
        probabilities = self._default_predictions(domain)
        probabilities[domain.index_for_action(action)] = 1.0
        return self._prediction(probabilities, optional_events=events, is_no_user_prediction=True)

    @staticmethod
    def _leave_form(tracker: DialogueStateTracker, step: Step) -> list[Event]:
        """Events that keep the state and empty the slot the message may have been taken for."""
        events: list[Event] = [SlotSet(SLOT, step.state.as_dict())]
        asked_for = tracker.get_slot(REQUESTED_SLOT)
        if tracker.active_loop_name:
            events += [ActiveLoop(None), SlotSet(REQUESTED_SLOT, None)]
            events += [SlotSet(asked_for, None), SlotSet(PAUSED_SLOT, asked_for)] if asked_for else []
        return events


def _state(tracker: DialogueStateTracker) -> State | None:
    stored = tracker.get_slot(SLOT)
    return State(**stored) if stored else None


def _finding(message: UserUttered, key: str) -> Finding | None:
    """What the screener wrote on a message: a finding, or a faint sign."""
    found = message.parse_data.get(key)
    return Finding(**{**found, "reasons": tuple(found["reasons"])}) if found else None


def _is_noticed(tracker: DialogueStateTracker) -> bool:
    """Whether this message was noticed before: an action that was refused has Rasa ask again."""
    for event in reversed(tracker.events):
        if isinstance(event, UserUttered):
            return False
        if isinstance(event, SlotSet) and event.key == SLOT:
            return True
    return False


def _is_ours(tracker: DialogueStateTracker) -> bool:
    """Whether the last thing said was said by this policy, so that no other one goes on from it."""
    said = tracker.latest_action_name or ""
    if said.startswith(PREFIX) or said.endswith("_es"):
        return True
    message = tracker.latest_message
    has_finding = message is not None and message.parse_data.get(CRISIS) is not None
    return has_finding and bool(BARRIER.fullmatch(said.removeprefix("utter_")))


def _surely_asked(message: UserUttered) -> str | None:
    """What the classifier took the message for before a finding replaced it, where it was sure."""
    ranking = message.parse_data.get("intent_ranking") or []
    return str(ranking[0]["name"]) if ranking and ranking[0]["confidence"] >= SURE else None


def _spanish_twin(tracker: DialogueStateTracker, domain: Domain) -> str | None:
    """The Spanish response to a tapped button, while the crisis is talked about in Spanish."""
    state, message = tracker.get_slot(SLOT), tracker.latest_message
    if not state or state["stage"] == CALM or state["language"] != "es" or message is None:
        return None
    name = f"utter_{message.intent.get('name')}_es"
    return name if name in domain.responses else None


def _asked_last(tracker: DialogueStateTracker) -> bool:
    """Whether the last thing said was the protocol's: a "yes" to another question is no answer to it."""
    said = tracker.get_last_event_for(BotUttered)
    return said is not None and str(said.metadata.get("utter_action", "")).startswith(PREFIX)
