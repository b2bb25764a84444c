"""Whatever a conversation is doing, a crisis message gets the crisis answer and no form swallows it."""

from __future__ import annotations

import pytest
from rasa.engine.graph import ExecutionContext, GraphSchema
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, ActiveLoop, BotUttered, Event, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from waymark import settings
from waymark.policies.safety import SafetyPolicy
from waymark.safety.protocol import Protocol

RESPONSES = sorted(set(Protocol.load(settings.CRISIS).responses()))
DOMAIN = Domain.from_dict(
    {
        "intents": ["ask_cbt", "report_suicide", "affirm", "deny"],
        "slots": {
            name: {"type": "any", "influence_conversation": False, "mappings": [{"type": "custom"}]}
            for name in ("crisis", "phone", "when")
        },
        "forms": {"callback_form": {"required_slots": ["phone", "when"]}},
        "responses": {name: [{"text": "text"}] for name in [*RESPONSES, "utter_ask_cbt"]},
    }
)
FINDING = {"category": "suicide", "tier": "high", "about": "self", "reasons": ["test"], "language": "en"}
STATE = {"stage": "asked", "category": "suicide", "tier": "high", "about": "self", "language": "en", "asks": 1}


@pytest.fixture
def policy(tmp_path: object) -> SafetyPolicy:
    storage = LocalModelStorage(tmp_path)  # type: ignore[arg-type]
    context = ExecutionContext(GraphSchema({}))
    return SafetyPolicy(SafetyPolicy.get_default_config(), storage, Resource("policy"), context)


def message(intent: str, crisis: dict[str, object] | None = None) -> UserUttered:
    parsed = {"text": "t", "intent": {"name": intent}, **({"crisis": crisis} if crisis else {})}
    return UserUttered("t", {"name": intent}, parse_data=parsed)


LISTEN = ActionExecuted("action_listen")
BEFORE: dict[str, list[Event]] = {
    "first message": [LISTEN],
    "after an answer": [LISTEN, message("ask_cbt"), ActionExecuted("utter_ask_cbt"), LISTEN],
    "in a form": [
        LISTEN,
        message("ask_cbt"),
        ActionExecuted("callback_form"),
        ActiveLoop("callback_form"),
        SlotSet("requested_slot", "phone"),
        LISTEN,
    ],
    "an open question": [SlotSet("crisis", STATE), LISTEN],
    "gone quiet": [SlotSet("crisis", {**STATE, "stage": "quiet"}), LISTEN],
}


def predicted(policy: SafetyPolicy, events: list[Event]) -> tuple[str | None, list[Event]]:
    tracker = DialogueStateTracker.from_events("visitor", events, DOMAIN.slots)
    prediction = policy.predict_action_probabilities(tracker, DOMAIN)
    if not prediction.max_confidence:
        return None, []
    assert prediction.is_no_user_prediction
    return DOMAIN.action_names_or_texts[prediction.max_confidence_index], prediction.optional_events


@pytest.mark.parametrize("before", BEFORE)
def test_a_finding_is_answered_in_every_state(policy: SafetyPolicy, before: str) -> None:
    action, _ = predicted(policy, [*BEFORE[before], message("report_suicide", FINDING)])
    assert action is not None
    assert action.startswith("utter_crisis_suicide")


def test_the_form_is_left_and_the_slot_that_took_the_text_emptied(policy: SafetyPolicy) -> None:
    swallowed = [*BEFORE["in a form"], message("report_suicide", FINDING), SlotSet("phone", "i want to die")]
    _, events = predicted(policy, swallowed)
    assert ActiveLoop(None) in events
    assert SlotSet("requested_slot", None) in events
    assert SlotSet("phone", None) in events
    assert SlotSet("callback_paused", "phone") in events


def test_it_listens_after_speaking(policy: SafetyPolicy) -> None:
    events = [LISTEN, message("report_suicide", FINDING), ActionExecuted("utter_crisis_suicide_high")]
    assert predicted(policy, events)[0] == "action_listen"


def test_it_abstains_without_a_finding(policy: SafetyPolicy) -> None:
    assert predicted(policy, [LISTEN, message("ask_cbt")])[0] is None


def test_yes_counts_only_right_after_the_question(policy: SafetyPolicy) -> None:
    asked = BotUttered("text", metadata={"utter_action": "utter_crisis_suicide_high"})
    answered = BotUttered("text", metadata={"utter_action": "utter_ask_cbt"})
    opened = [SlotSet("crisis", STATE), ActionExecuted("utter_crisis_suicide_high"), asked, LISTEN]
    assert predicted(policy, [*opened, message("affirm")])[0] == "utter_crisis_suicide_yes"
    moved_on = [*opened, message("ask_cbt"), ActionExecuted("utter_ask_cbt"), answered, LISTEN]
    assert predicted(policy, [*moved_on, message("affirm")])[0] is None


SIGN = {**FINDING, "tier": "concern", "reasons": ["learned"]}


def faint(text: str = "t") -> UserUttered:
    parsed = {"text": text, "intent": {"name": "ask_cbt"}, "crisis_faint": SIGN}
    return UserUttered(text, {"name": "ask_cbt"}, parse_data=parsed)


def test_faint_signs_are_kept_while_the_policy_leaves_the_answer_to_others(policy: SafetyPolicy) -> None:
    events: list[Event] = [LISTEN, faint()]
    tracker = DialogueStateTracker.from_events("visitor", events, DOMAIN.slots)
    prediction = policy.predict_action_probabilities(tracker, DOMAIN)
    assert not prediction.max_confidence
    assert [event.value["faint"] for event in prediction.events if isinstance(event, SlotSet)] == [1]
    # Rasa asks again when an action refused: the same message is not counted twice.
    tracker.update_with_events(prediction.events, DOMAIN)
    assert policy.predict_action_probabilities(tracker, DOMAIN).events == []


def test_two_faint_signs_are_asked_about_gently_but_not_inside_a_form(policy: SafetyPolicy) -> None:
    once = SlotSet("crisis", {**STATE, "stage": "calm", "tier": "concern", "asks": 0, "faint": 1})
    assert predicted(policy, [once, LISTEN, faint()])[0] == "utter_crisis_suicide_concern"
    assert predicted(policy, [once, *BEFORE["in a form"], faint()])[0] is None


def test_a_denial_is_taken_back_after_another_subject(policy: SafetyPolicy) -> None:
    answered = BotUttered("text", metadata={"utter_action": "utter_ask_cbt"})
    events = [SlotSet("crisis", {**STATE, "stage": "quiet"}), ActionExecuted("utter_ask_cbt"), answered, LISTEN]
    lied = UserUttered("i lied", {"name": "ask_cbt"}, parse_data={"text": "i lied", "intent": {"name": "ask_cbt"}})
    assert predicted(policy, [*events, lied])[0] == "utter_crisis_suicide_high"
