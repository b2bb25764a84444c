"""The answers in words, to be read over before they are sent, and as the request that is sent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from waymark.callback.fields import ZONE, Answers
from waymark.callback.phrases import Phrases
from waymark.contact.request import ContactRequest, Means

_SAID = {"yes": True, "no": False}


@dataclass(frozen=True)
class Summary:
    """Words answers."""

    phrases: Phrases
    show_number: Callable[[str], str]
    zone: str
    """For times without a time zone."""
    days: int
    """How long a request is kept."""

    def shown(self, address: str) -> str:
        """A number in groups of digits; an e-mail address as it is."""
        return address if "@" in address or not address else self.show_number(address)

    def values(self, answers: Answers) -> dict[str, str]:
        """What the summary fills in."""
        phrase = self.phrases.summary
        # What was skipped counts as no, here as for the staff.
        limits = ("voicemail", "say_who") if answers["means"] == "call" else ("say_who",)
        rules = [phrase(key, answers.get(key) or "no") for key in limits]
        topic = answers.get("topic")
        zone = self.phrases.say_zone(answers.get(ZONE) or self.zone)
        return {
            "call_me": answers.get("name") or phrase("no_name"),
            "how": self.phrases.means(answers["means"], "how").format(address=self.shown(answers["address"])),
            "when": f"{answers['when']} ({zone} time)" if answers.get("when") else phrase("any_time"),
            "rules": ", ".join(rules),
            "note": answers.get("note") or phrase("nothing"),
            "code_word": answers.get("code_word") or phrase("nothing"),
            "topic": (self.phrases.say_topic(topic) if topic else phrase("no_topic"))
            + (phrase("spanish") if answers.get("language") == "es" else ""),
            "request_days": str(self.days),
        }

    def request(self, answers: Answers, consent_version: str, urgent: bool) -> ContactRequest:
        """The request to be stored."""
        return ContactRequest(
            call_me=answers.get("name", ""),
            means=cast(Means, answers["means"]),
            address=answers["address"],
            when=answers.get("when", ""),
            time_zone=answers.get(ZONE) or self.zone,
            voicemail=_SAID.get(answers.get("voicemail", "")),
            say_who=_SAID.get(answers.get("say_who", "")),
            note=answers.get("note", ""),
            code_word=answers.get("code_word", ""),
            language="es" if answers.get("language") == "es" else "en",
            topic=answers.get("topic", ""),
            consent_version=consent_version,
            urgent=urgent,
        )
