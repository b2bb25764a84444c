"""One turn of the form: a message comes in, and out comes what to say, what was learned and what is asked next."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, field, replace

from waymark.callback import reading
from waymark.callback.fields import BY_NAME, ZONE, next_field, previous_field, shown_as
from waymark.callback.phrases import Phrases
from waymark.callback.summary import Summary

MOST_MISSES = 2
"""Answers to one question that may be misunderstood before the form explains itself."""

SURE = 0.5
"""Confidence from which a message that could be an answer is taken for a question of its own."""

LIKELY = 0.3
"""Confidence from which a question is answered that cannot be an answer."""

CERTAIN = 0.9
"""Confidence from which a message ends the form: "any time" and "text first" look like a goodbye too."""

SHORTEST_REMARK = 3
"""Words from which something else than yes or no goes into the note, as a no."""

LONGEST_CHANGE = 5
"""Words of a message that asks for another way to be reached and for nothing else."""

ASIDE = re.compile(r"(?:ask|share|see|say|tell|insult)_\w+|thank|want_(?!callback|cancel)\w+")
"""Intents that are answered beside the form."""

MISTAKEN = frozenset({"ask_for_example", "want_line_by_text"})
"""What an address or a way ("sam at example", "text") is taken for; answered beside the form only as a question."""

GOODBYE = frozenset({"want_exit", "say_goodbye", "want_delete_chat", "want_start_over"})
"""Intents that end the form before they are answered."""

GO_BACK = frozenset({"go_back", "say_not_what_i_meant"})
"""Intents that mean the question before."""

WAITING = "waiting"
"""Stands for the question how soon the clinic answers."""

SEND, CALLBACK, CANCEL = "send_callback", "want_callback", "want_cancel_request"
MINOR, MORE = "state_under_18", "tell_me_more"


@dataclass(frozen=True)
class Heard:
    """A message, and what the pipeline made of it."""

    text: str
    intent: str = ""
    confidence: float = 0.0
    country: str | None = None
    """Where the visitor said they are (ISO 3166 alpha-2), now or earlier."""

    @property
    def is_tap(self) -> bool:
        """Whether it is a tapped button that names an intent."""
        return self.text.startswith("/")

    def is_surely(self, intents: Set[str], confidence: float = SURE) -> bool:
        """Whether it has one of these intents beyond doubt."""
        return self.intent in intents and (self.is_tap or self.confidence >= confidence)


@dataclass(frozen=True)
class Say:
    """A response and what to fill in."""

    response: str
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Talk:
    """Where the form stands between two messages."""

    answers: Mapping[str, str] = field(default_factory=dict)
    asked: str = ""
    """The field asked for; "" when the form is over."""
    misses: int = 0
    offered: bool = False
    """Whether the last thing said was an offer to go on."""
    outside: bool = False
    """Whether the visitor heard that they are outside the area."""
    changing: bool = False
    """Whether the visitor is choosing what to change."""
    remark: str = ""
    """What the opening message said about the phone ("he answers my phone"), until the note is asked for."""


OVER = Talk()


@dataclass(frozen=True)
class Turn:
    """What one message leads to."""

    talk: Talk
    say: tuple[Say, ...] = ()
    aside: str = ""
    """An intent to answer before anything is said."""
    send: bool = False


@dataclass(frozen=True)
class Form:
    """The rules of the talk; holds no conversation."""

    phrases: Phrases
    summary: Summary
    read_number: Callable[[str, str], str | None]
    read_email: Callable[[str], str | None]
    country: str
    """For numbers without a country code."""
    zone: str
    """For times without a time zone."""
    serves: tuple[str, ...] = ()
    """Countries that the clinic serves; none: not known."""

    def start(self, heard: Heard) -> Turn:
        """Open the form, with what the first message already says."""
        text = "" if heard.is_tap else reading.tidy(heard.text)
        if reading.is_under_18(text):
            return _under_18()
        plain, address = reading.plain_means(text), self._address(text)
        if address and "@" in address:
            plain = "email"
        answers = {"means": plain} if plain else {}
        first: list[Say] = []
        if address and (plain == "email") == ("@" in address):
            answers["address"] = address
            first.append(self._have(address))
        talk = Talk(answers, asked="name", remark=reading.remark(text), outside=self._is_outside(answers, heard))
        if talk.outside:
            first.append(Say("utter_callback_outside"))
        if plain:
            opening = Say("utter_callback_start_means", {"only": self.phrases.means(plain, "only")})
        else:
            opening = Say("utter_callback_start")
        return Turn(talk, (*first, opening))

    def resume(self, talk: Talk) -> Turn:
        """Go on with a request that a crisis interrupted."""
        return self._ask(replace(talk, misses=0, offered=False, changing=False), Say("utter_callback_resume"))

    def lost(self) -> Turn:
        """Begin again after the answers were lost."""
        return self._ask(Talk(asked="name"), Say("utter_callback_lost"))

    def hear(self, heard: Heard, talk: Talk) -> Turn:
        """Take one message in the middle of the form."""
        text = reading.tidy(heard.text)
        is_free = BY_NAME[talk.asked].free
        if heard.is_surely(GOODBYE, CERTAIN):
            return Turn(OVER, aside=heard.intent)
        if reading.is_under_18(text) or (heard.is_surely({MINOR}) and (heard.is_tap or not is_free)):
            return _under_18()
        if heard.is_tap and heard.intent != CANCEL:
            return self._tapped(heard, talk)
        if reading.wants_to_stop(text) or heard.is_surely({CANCEL}, CERTAIN):
            return Turn(OVER, (Say("utter_callback_left"),))
        is_stuck = talk.misses >= MOST_MISSES and self._read(text, talk) is None
        if (talk.offered or is_stuck) and reading.wants_to_go_on(text):
            return self._ask(replace(talk, offered=False))
        if talk.offered and heard.is_surely({MORE}):
            return self._aside(MORE, talk)
        correction = reading.correction(text)
        if correction is None and heard.is_surely(GO_BACK) and not is_free:
            correction = ("", "")
        if correction is not None:
            return self._correct(*correction, talk, heard)
        if talk.changing:
            return self._choose_change(text, talk, heard)
        if reading.asks_when(text):
            return self._aside(WAITING, talk)
        if self._is_aside(heard, text, talk):
            return self._aside(heard.intent, talk)
        return self._answer(text, heard, talk)

    # Taps, questions in between, corrections

    def _tapped(self, heard: Heard, talk: Talk) -> Turn:
        if heard.intent == SEND and talk.asked == "confirm":
            return _send(talk)
        if heard.intent in (CALLBACK, SEND):
            return self._ask(replace(talk, offered=False))
        return self._aside(heard.intent, talk)

    def _is_aside(self, heard: Heard, text: str, talk: Talk) -> bool:
        if not ASIDE.fullmatch(heard.intent):
            return False
        if self._certainty(text, talk) == CERTAIN:
            is_asking = heard.intent.startswith("ask_") or BY_NAME[talk.asked].free
            return is_asking and heard.confidence >= SURE and reading.is_question(text)
        if reading.wants_to_skip(text) or reading.wants_to_skip_rest(text):
            return False
        if heard.intent in MISTAKEN and talk.asked in ("means", "address") and not reading.is_question(text):
            return False
        return heard.confidence >= (LIKELY if reading.is_question(text) else CERTAIN)

    def _certainty(self, text: str, talk: Talk) -> float:
        """How sure it must be that a message is no answer: surer where it could be one."""
        return CERTAIN if BY_NAME[talk.asked].free or self._read(text, talk) is not None else SURE

    def _aside(self, intent: str, talk: Talk) -> Turn:
        what = self.phrases.what(shown_as(talk.asked, talk.answers))
        return Turn(replace(talk, offered=True), (Say("utter_callback_go_on", {"what": what}),), aside=intent)

    def _correct(self, thing: str, rest: str, talk: Talk, heard: Heard) -> Turn:
        if not thing:
            before = previous_field(talk.answers, talk.asked)
            thing = before.name if before else talk.asked
        return self._change(thing, rest, talk, heard)

    def _change(self, thing: str, rest: str, talk: Talk, heard: Heard) -> Turn:
        """Ask for a field again, or take its new answer from the rest of the message."""
        without = {name: value for name, value in talk.answers.items() if name != thing}
        changed = replace(talk, answers=without, asked=thing, misses=0, offered=False, changing=False)
        if rest and not BY_NAME[thing].free and self._read(rest, changed) is not None:
            return self._answer(rest, replace(heard, text=rest, intent=""), changed)
        return self._ask(changed)

    def _choose_change(self, text: str, talk: Talk, heard: Heard) -> Turn:
        means = reading.means(text)
        if means and means != talk.answers.get("means"):
            return self._next(_with_means(means, replace(talk, changing=False)), heard)
        thing = reading.thing_named(text)
        if thing:
            return self._change(thing, "", talk, heard)
        if reading.wants_to_go_on(text) or reading.wants_to_skip(text) or "summary" in text.casefold():
            return self._ask(talk)
        return self._missed(talk)

    # Answers

    def _answer(self, text: str, heard: Heard, talk: Talk) -> Turn:
        asked = BY_NAME[talk.asked]
        if heard.intent == "send_too_much" or len(text) > asked.most:
            return self._ask(replace(talk, offered=False), Say("utter_callback_too_long"))
        if asked.optional and reading.wants_to_skip_rest(text):
            return self._skip_rest(talk, heard)
        if asked.name in ("name", "means") and (found := self._early(text, talk)):
            return self._next(found[0], heard, *found[1])
        means = reading.changed_means(text)
        if means and asked.name not in ("means", "code_word"):
            talk = _with_means(means, talk)
            # "Text instead" says nothing on times; "text me, not call, he picks up after five" says both.
            if asked.name not in ("when", "note") or len(text.split()) <= LONGEST_CHANGE:
                return self._next(talk, heard)
        value = self._read(text, talk)
        if value is None and reading.wants_to_skip(text):
            value = ""
        if value is None and asked.name in ("voicemail", "say_who") and len(text.split()) >= SHORTEST_REMARK:
            # "Say you are from the library", "yes but only mornings": a no that staff should read in full.
            value, talk = "no", _with_remark(text, talk)
        if value is None and heard.intent == "speak_spanish" and not any(char.isdigit() for char in text):
            return self._ask(replace(talk, offered=False), Say("utter_callback_in_spanish_es"))
        if value is None or heard.intent == "send_nothing_readable":
            return self._missed(talk)
        if value == "" and not asked.optional:
            return self._ask(replace(talk, offered=False), Say("utter_callback_cannot_skip"))
        return self._take(value, text, talk, heard)

    def _early(self, text: str, talk: Talk) -> tuple[Talk, tuple[Say, ...]] | None:
        """What a message gives before it is asked for: a number in place of a name, or "text" in place of one."""
        address = self._address(text)
        if address:
            given = replace(talk, answers={**talk.answers, "address": address})
            means = "email" if "@" in address else reading.means(text) or talk.answers.get("means")
            known = means if ("@" in address) == (means == "email") else None
            answers = {name: value for name, value in given.answers.items() if name != "means"}
            return replace(given, answers={**answers, **({"means": known} if known else {})}), (self._have(address),)
        if talk.asked == "name" and len(text.split()) <= 2 and (means := reading.means(text)):
            return _with_means(means, talk), ()
        return None

    def _read(self, text: str, talk: Talk) -> str | None:
        """The answer that a message gives to the question asked: "" where it skips it, None if it gives none."""
        if BY_NAME[talk.asked].free and reading.wants_to_skip(text):
            return ""
        if talk.asked in ("voicemail", "say_who", "consent"):
            return reading.yes_or_no(text)
        readers: dict[str, Callable[[str], str | None]] = {
            "name": reading.name,
            "means": reading.means,
            "address": self._address,
            "topic": self.phrases.topic,
            "confirm": reading.decision,
        }
        return readers.get(talk.asked, reading.words)(text)

    def _address(self, text: str) -> str | None:
        """A number or an email address, whichever is given: somebody may think better of it."""
        return self.read_email(text) or self.read_number(text, self.country)

    def _take(self, value: str, text: str, talk: Talk, heard: Heard) -> Turn:
        answers = dict(talk.answers)
        first: list[Say] = []
        if talk.asked == "confirm":
            return _send(talk) if value == "send" else _which_change(talk)
        if talk.asked == "consent" and value == "no":
            return Turn(OVER, (Say("utter_callback_left"),))
        if talk.asked == "means":
            return self._next(_with_means(value, talk), heard)
        if talk.asked == "address":
            # A number in place of an email does not say whether a call or a text is meant: that is asked then.
            if ("@" in value) != (answers.get("means") == "email"):
                answers.pop("means", None)
                answers |= {"means": "email"} if "@" in value else {}
            answers["address"] = value
            first.append(self._have(value))
        else:
            answers[talk.asked] = value
        if talk.asked == "when":
            answers[ZONE] = self.phrases.zone(text) or answers.get(ZONE) or self.zone
        if talk.asked == "note":
            answers["note"] = _joined(talk.remark, value)
        return self._next(replace(talk, answers=answers), heard, *first)

    def _skip_rest(self, talk: Talk, heard: Heard) -> Turn:
        answers = dict(talk.answers)
        while (following := next_field(answers)).optional:
            answers[following.name] = talk.remark if following.name == "note" else ""
        return self._next(replace(talk, answers=answers), heard)

    # What is said

    def _next(self, talk: Talk, heard: Heard, *first: Say) -> Turn:
        following = replace(talk, asked=next_field(talk.answers).name, misses=0, offered=False)
        if not talk.outside and self._is_outside(talk.answers, heard):
            outside = Say("utter_callback_outside")
            return Turn(replace(following, outside=True, offered=True), (*first, outside))
        return self._ask(following, *first)

    def _ask(self, talk: Talk, *first: Say) -> Turn:
        shown = shown_as(talk.asked, talk.answers)
        response, values = f"utter_callback_ask_{shown}", {}
        if shown == "number" and talk.answers.get("means") == "call":
            response = "utter_callback_ask_number_to_call"
        elif shown == "when":
            means = talk.answers.get("means", "text")
            zone = self.phrases.say_zone(talk.answers.get(ZONE) or self.zone)
            values = {"reach": self.phrases.means(means, "reach"), "zone": zone}
        elif shown == "note" and talk.remark:
            response, values = "utter_callback_ask_note_more", {"note": talk.remark}
        elif shown == "confirm":
            response, values = "utter_callback_summary", self.summary.values(talk.answers)
        return Turn(replace(talk, changing=False), (*first, Say(response, values)))

    def _have(self, address: str) -> Say:
        return Say("utter_callback_have", {"address": self.summary.shown(address)})

    def _missed(self, talk: Talk) -> Turn:
        missed = replace(talk, misses=talk.misses + 1, offered=False)
        shown = shown_as(talk.asked, talk.answers)
        values = {"what": self.phrases.what(shown), "why": self.phrases.why(shown)}
        if missed.misses >= MOST_MISSES:
            stuck = "utter_callback_stuck" if BY_NAME[talk.asked].optional else "utter_callback_stuck_needed"
            return Turn(missed, (Say(stuck, values),))
        if talk.changing:
            return _which_change(missed)
        return self._ask(missed, Say("utter_callback_again", values))

    def _is_outside(self, answers: Mapping[str, str], heard: Heard) -> bool:
        if not self.serves:
            return False
        address = answers.get("address", "")
        is_abroad = address.startswith("+") and not self.phrases.is_served(address, self.serves)
        return is_abroad or bool(heard.country and heard.country not in self.serves)


def _with_means(means: str, talk: Talk) -> Talk:
    """The talk with another way to be reached; what only fits the old one is dropped."""
    answers = {**talk.answers, "means": means}
    if "address" in answers and ("@" in answers["address"]) != (means == "email"):
        del answers["address"]
    if means != "call":
        answers.pop("voicemail", None)
    return replace(talk, answers=answers)


def _with_remark(text: str, talk: Talk) -> Talk:
    """The talk with something that staff need to know, in the note or to be shown when the note is asked for."""
    if "note" in talk.answers:
        return replace(talk, answers={**talk.answers, "note": _joined(talk.answers["note"], text)})
    return replace(talk, remark=_joined(talk.remark, text))


def _joined(*parts: str) -> str:
    return ". ".join(part.rstrip(". ") for part in parts if part)


def _send(talk: Talk) -> Turn:
    return Turn(replace(talk, misses=0, offered=False), send=True)


def _which_change(talk: Talk) -> Turn:
    return Turn(replace(talk, changing=True, offered=False), (Say("utter_callback_which_change"),))


def _under_18() -> Turn:
    return Turn(OVER, (Say("utter_callback_under_18"),))
