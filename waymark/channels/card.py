"""What a visitor gets when the assistant itself cannot answer: the numbers, from files alone."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from waymark import settings
from waymark.content.clinic import Clinic
from waymark.content.library import Library
from waymark.referrals.counter import ReferralCounter
from waymark.safety.lines import Lines
from waymark.safety.protocol import Protocol
from waymark.safety.screener import Finding, Screener

BROKEN = "utter_something_broke"


_counters: list[ReferralCounter] = []


def count_into(counter: ReferralCounter) -> None:
    """Have the crisis replies of the card counted from here on, as those of the assistant are by its store."""
    _counters[:] = [counter]


class _Card:
    def __init__(self) -> None:
        clinic = Clinic.load(settings.CLINIC)
        self._words = {**clinic.placeholders(), **Lines.load(settings.CRISIS).placeholders(clinic.country)}
        self._library = Library.load(settings.RESPONSES)
        self._protocol = Protocol.load(settings.CRISIS)
        self._screener = Screener.load(settings.CRISIS)

    def screen(self, text: str) -> Finding | None:
        return self._screener.screen(text)

    def scripted(self, response: str, values: dict[str, str]) -> dict[str, Any]:
        wording = self._library[response].wordings[0]
        buttons = [{"title": button.title, "payload": button.payload} for button in wording.buttons]
        return {"text": wording.text.format_map({**self._words, **values}), "buttons": buttons}

    def crisis(self, text: str) -> str | None:
        finding = self.screen(text)
        if finding is None:
            return None
        if _counters:
            _counters[-1].count(finding.category, finding.tier, finding.about, finding.language)
        return self._filled(self._protocol.open(finding, None).response)

    def replies(self, text: str) -> list[dict[str, Any]]:
        # Without the assistant nobody could answer a tap, so the card has words and no buttons.
        return [{"text": self.crisis(text) or self._filled(BROKEN)}]

    def _filled(self, response: str) -> str:
        return self._library[response].texts[0].format_map(self._words)


@lru_cache(maxsize=1)
def _card() -> _Card:
    return _Card()


def static_card(text: str) -> list[dict[str, Any]]:
    """The replies to a message when the model, the store or an action failed.

    A crisis message still gets its crisis reply: the screener needs neither model nor database.
    """
    return _card().replies(text)


def crisis_words(text: str) -> str | None:
    """The crisis reply to a message that will not be handed to the assistant, or None if it needs none."""
    return _card().crisis(text)


def notices_crisis(text: str) -> Finding | None:
    """What the rules alone notice in a message, for when the assistant cannot read it."""
    return _card().screen(text)


def scripted(response: str, **values: str) -> dict[str, Any]:
    """A scripted reply outside any turn of the assistant, with its buttons; the clinic's country's numbers."""
    return _card().scripted(response, values)
