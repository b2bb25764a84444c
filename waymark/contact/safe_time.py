"""When it is safe to reach somebody, read from the visitor's words, but only where every word is understood.

A wrong guess here can put a visitor in danger. So the words themselves are always shown to staff, and anything with
a negation, an exception, a second time range or a word that is not known is not computed: "read the words".
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

Status = Literal["now", "any", "read", "later"]

DAYS = {
    **dict.fromkeys(["monday", "mondays", "mon", "lunes"], 0),
    **dict.fromkeys(["tuesday", "tuesdays", "tue", "tues", "martes"], 1),
    **dict.fromkeys(["wednesday", "wednesdays", "wed", "weds", "miercoles"], 2),
    **dict.fromkeys(["thursday", "thursdays", "thu", "thur", "thurs", "jueves"], 3),
    **dict.fromkeys(["friday", "fridays", "fri", "viernes"], 4),
    **dict.fromkeys(["saturday", "saturdays", "sat", "sabado", "sabados"], 5),
    **dict.fromkeys(["sunday", "sundays", "sun", "domingo", "domingos"], 6),
}
GROUPS = {
    **dict.fromkeys(["weekdays", "weekday", "entre semana"], range(5)),
    **dict.fromkeys(["weekends", "weekend", "fin de semana", "fines de semana"], range(5, 7)),
    **dict.fromkeys(["every day", "everyday", "daily", "all days", "any day", "todos los dias"], range(7)),
}
PARTS = {
    **dict.fromkeys(["morning", "mornings", "por la manana", "mananas"], (time(8), time(12))),
    **dict.fromkeys(["afternoon", "afternoons", "por la tarde", "tardes"], (time(12), time(17))),
    **dict.fromkeys(["evening", "evenings"], (time(17), time(21))),
}
ANY = {"any time", "anytime", "any", "whenever", "always", "cualquier hora", "cuando sea", "siempre"}
FILLERS = frozenset(
    re.findall(r"\w+", "and or on in the at is are best good safe ok okay fine only please y o los las el la a de solo")
)
"""Words that change nothing."""

_DAY = "|".join(sorted(DAYS, key=len, reverse=True))
_HOUR = r"(\d{1,2})(?:[:.h](\d{2}))?\s*(am|pm|a m|p m)?|(noon|midnight|mediodia)"
_RANGE = re.compile(
    rf"\b(?:(?:from|between|de|entre)\s+)?(?:las\s+)?(?:{_HOUR})\s*(?:-|to|and|till|until|a|y|hasta)"
    rf"\s*(?:las\s+)?(?:{_HOUR})(?!\w)"
)
_AFTER = re.compile(rf"\b(?:after|from|past|despues de|desde)\s+(?:las\s+|la\s+)?(?:{_HOUR})(?!\w)")
_BEFORE = re.compile(rf"\b(?:before|until|till|antes de|hasta)\s+(?:las\s+|la\s+)?(?:{_HOUR})(?!\w)")
_DAY_RANGE = re.compile(rf"\b(?:from|de)?\s*\b({_DAY})\s*(?:-|to|through|thru|a)\s*({_DAY})\b")

Window = tuple[time, time]
"""From, and until; an until of 00:00 is the end of the day."""


@dataclass(frozen=True)
class SafeTime:
    """Whether now is safe, and until when; or when it next is. Times are in the visitor's zone."""

    status: Status
    begins: datetime | None = None
    ends: datetime | None = None

    def order(self) -> tuple[int, float]:
        """Sorts safe now first, then those a person has to read, then by when they begin."""
        first = {"now": 0, "any": 0, "read": 1, "later": 2}[self.status]
        return first, self.begins.timestamp() if self.status == "later" and self.begins else 0.0


def read_when(words: str, zone: str, now: datetime) -> SafeTime:
    """Read a visitor's safe days and hours.

    Args:
        words: As the visitor gave them; "" is any time.
        zone: IANA name of the visitor's time zone.
        now: With a time zone.
    """
    try:
        local = now.astimezone(ZoneInfo(zone))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return SafeTime("read")
    plan = _plan(_plain(words))
    if plan is None:
        return SafeTime("read")
    days, window = plan
    if window is None and len(days) == 7:
        return SafeTime("any")
    return _next(days, window or (time(0), time(0)), local)


def _next(days: set[int], window: Window, local: datetime) -> SafeTime:
    for ahead in range(8):
        day = local.date() + timedelta(days=ahead)
        if day.weekday() not in days:
            continue
        begins = datetime.combine(day, window[0], local.tzinfo)
        ends = datetime.combine(day + timedelta(days=window[1] == time(0)), window[1], local.tzinfo)
        if local < begins:
            return SafeTime("later", begins, ends)
        if local < ends:
            return SafeTime("now", begins, ends)
    return SafeTime("read")


def _plain(words: str) -> str:
    text = unicodedata.normalize("NFKD", words.casefold())
    text = "".join(letter for letter in text if not unicodedata.combining(letter))
    text = re.sub(r"[\u2010-\u2015]", "-", text)
    text = re.sub(r"\b([ap])\.\s?m\.?", r"\1m", text)
    return re.sub(r"[,;!&/]|\.(?!\d)", " ", text).strip()


def _plan(text: str) -> tuple[set[int], Window | None] | None:
    """The days and the hours (None: all day), or None if a word is not understood."""
    if not text or text in ANY:
        return set(range(7)), None
    windows: list[Window | None] = []
    days: set[int] = set()

    def take_days(match: re.Match[str]) -> str:
        first, last = DAYS[match[1]], DAYS[match[2]]
        days.update((first + step) % 7 for step in range((last - first) % 7 + 1))
        return " "

    def take_range(match: re.Match[str]) -> str:
        windows.append(_window(match.groups()[:4], match.groups()[4:]))
        return " "

    def take_after(match: re.Match[str]) -> str:
        start = _hour(match.groups())
        windows.append(None if start is None else (start, time(0)))
        return " "

    def take_before(match: re.Match[str]) -> str:
        end = _hour(match.groups())
        windows.append(None if end is None or end == time(0) else (time(0), end))
        return " "

    text = _DAY_RANGE.sub(take_days, text)
    for phrase, group in GROUPS.items():
        text, count = re.subn(rf"\b{phrase}\b", " ", text)
        days.update(group if count else ())
    for pattern, take in ((_RANGE, take_range), (_AFTER, take_after), (_BEFORE, take_before)):
        text = pattern.sub(take, text)
    for phrase, part in PARTS.items():
        text, count = re.subn(rf"\b{phrase}\b", " ", text)
        windows.extend([part] * count)
    for word in text.split():
        if word in DAYS:
            days.add(DAYS[word])
        elif word not in FILLERS:
            return None
    if len(windows) > 1 or None in windows:
        return None
    return days or set(range(7)), windows[0] if windows else None


def _window(first: tuple[str | None, ...], last: tuple[str | None, ...]) -> Window | None:
    end = _hour(last)
    start = _hour(first)
    if start is None and end is not None and first[0]:
        # "2 to 4 pm": the half of the day is said once, for both, unless that runs backwards ("9 to 5 pm").
        half = "am" if end < time(12) and end != time(0) else "pm"
        start = _hour((first[0], first[1], half, None))
        if start is not None and end != time(0) and start >= end:
            start = _hour((first[0], first[1], "am", None))
    if start is None or end is None or (end != time(0) and start >= end):
        return None
    return start, end


def _hour(groups: tuple[str | None, ...]) -> time | None:
    """A time of day; None where it cannot be told ("2" may be night or day) or does not exist."""
    digits, minutes, half, name = groups
    if name:
        return time(0) if name == "midnight" else time(12)
    hour, minute = int(digits or 0), int(minutes or 0)
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half.startswith("p") else 0)
    elif hour < 13:
        return None
    return time(hour % 24, minute) if hour <= 24 and minute < 60 else None
