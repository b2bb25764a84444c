"""Messages that mean something only after the last answer: "how many?", "tell me more", "the other one"."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher

from actions.context import Context, answer, follow_ups, library, tell_more
from waymark.content.choice import is_digit, ordinal, pick

PATTERN = "utter_pattern_"
UNSAFE = "utter_pattern_unsafe"


class ActionTellMore(Action):
    """Goes on through the topic of the last answer."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_tell_more"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        """Say the next thing on the topic."""
        return tell_more(dispatcher, Context.of(tracker))


class ActionAnswerFollowUp(Action):
    """Answers "how many?", "how long?", "is it safe?" for the topic talked about."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_answer_follow_up"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        """Look the question up under the last answer, then under its topic."""
        context = Context.of(tracker)
        question = follow_ups()["questions"].get(tracker.get_intent_of_latest_message() or "", {})
        keys = [context.last, library()[context.last].topic] if context.last else []
        response = next((question[key] for key in keys if key in question), None)
        if response == context.last:
            return tell_more(dispatcher, context)
        dispatcher.utter_message(response=response or ("utter_which_one" if context.last else "utter_no_context"))
        return []


class ActionRepeat(Action):
    """Says the last answer again."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_repeat"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        """Repeat, or ask what is meant when nothing was answered yet."""
        dispatcher.utter_message(response=Context.of(tracker).last or "utter_no_context")
        return []


class ActionGoBack(Action):
    """Says the answer before the last one."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_go_back"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        """Go back one answer, and further when asked again."""
        content = Context.of(tracker).content
        earlier = [name for name in content if name != content[-1]] if content else []
        dispatcher.utter_message(response=earlier[-1] if earlier else "utter_nothing_before")
        return []


class ActionChooseOption(Action):
    """Understands "the second one", "2" and "the other one"."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_choose_option"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        """Choose from what was compared, else from the buttons of the last reply."""
        context = Context.of(tracker)
        compared = follow_ups()["compared"].get(context.last or "", [])
        if tracker.get_intent_of_latest_message() == "ask_other_one":
            other = next((name for name in reversed(compared) if name != context.last), None)
            dispatcher.utter_message(response=other or ("utter_which_one" if context.last else "utter_no_context"))
            return []
        place = ordinal(context.text)
        if compared and not is_digit(context.text) and (response := pick(compared, place)):
            dispatcher.utter_message(response=response)
            return []
        button = pick(context.buttons, place)
        if button is None:
            dispatcher.utter_message(response="utter_which_one", buttons=list(context.buttons))
            return []
        return answer(button["payload"].lstrip("/"), dispatcher, tracker)


class ActionAnswerReply(Action):
    """Takes "yes", "no" and "not sure" as replies to what was said last."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_answer_reply"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        """Go on where that is clear, ask which one where it is not."""
        context = Context.of(tracker)
        reply = tracker.get_intent_of_latest_message()
        if context.last_said == UNSAFE and reply != "deny":
            return answer("report_danger", dispatcher, tracker)
        if context.last_said.startswith(PATTERN):
            return tell_more(dispatcher, context)
        if context.last_said == "utter_unsure_first" and reply != "affirm":
            dispatcher.utter_message(response="utter_unsure_again")
        elif reply == "affirm" and len(context.buttons) == 1:
            return answer(context.buttons[0]["payload"].lstrip("/"), dispatcher, tracker)
        elif reply == "affirm" and context.buttons:
            dispatcher.utter_message(response="utter_which_one", buttons=list(context.buttons))
        else:
            dispatcher.utter_message(response="utter_what_next")
        return []
