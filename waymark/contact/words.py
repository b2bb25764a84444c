"""How requests are put into words for staff, in the terminal and in the inbox alike."""

from __future__ import annotations

from datetime import datetime, tzinfo

from waymark.contact.desk import show_address
from waymark.contact.request import ContactRequest
from waymark.contact.safe_time import SafeTime

MEANS = {
    "call": "Call only",
    "text": "Text only, never call",
    "email": "E-mail only",
}
LANGUAGES = {"en": "English", "es": "Spanish"}


def at(seconds: float, zone: tzinfo) -> str:
    """A moment, such as "Sun 22 Nov, 14:05"."""
    return f"{on(seconds, zone)}, {datetime.fromtimestamp(seconds, zone):%H:%M}"


def on(seconds: float, zone: tzinfo) -> str:
    """A day, such as "Sun 6 Dec"."""
    day = datetime.fromtimestamp(seconds, zone)
    return f"{day:%a} {day.day} {day:%b}"


def safe_words(safe: SafeTime) -> str:
    """When it is safe to reach them, in their own time."""
    if safe.status == "any":
        return "Any time"
    if safe.status == "read" or safe.begins is None or safe.ends is None:
        return "Read their words first"
    zone = f"{safe.begins:%Z}"
    until = "midnight" if safe.ends.hour == safe.ends.minute == 0 else f"{safe.ends:%H:%M}"
    if safe.status == "now":
        return f"Safe now, until {until} {zone}"
    return f"Safe from {safe.begins:%a %H:%M} to {until} {zone}"


def facts(asked: ContactRequest) -> list[tuple[str, str]]:
    """What the visitor gave, in the order in which somebody about to call needs it."""
    rows = [
        ("How", MEANS[asked.means]),
        ("To", show_address(asked)),
        ("When it is safe", f"{asked.when or 'any time'} ({asked.time_zone.split('/')[-1].replace('_', ' ')} time)"),
        ("Call them", asked.call_me or "no name given"),
        ("Code word", asked.code_word or "none"),
        ("Say who you are", _yes(asked.say_who)),
    ]
    if asked.means == "call":
        rows.append(("Leave a voicemail", _yes(asked.voicemail)))
    return [
        *rows,
        ("To know", asked.note or "nothing more"),
        ("Language", LANGUAGES.get(asked.language, asked.language)),
        ("About", asked.topic),
        ("Agreed to", f"consent {asked.consent_version}"),
    ]


def _yes(answer: bool | None) -> str:
    return {True: "Yes", False: "No", None: "Not said, so no"}[answer]
