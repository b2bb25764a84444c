"""Sessions of visitors on the website: signed tokens, and what is remembered while a talk lasts.

A token proves itself: it carries the session's id, when it began and when it was last used, under a signature
(HMAC-SHA256). The key is WAYMARK_SESSION_KEY, or a random one that ends with the process. What else is known of a
session (the choices offered, the last answers, replies that came later) is held in this process, bounded and
forgotten with the session; a session that was pushed out goes on, only its open choices are lost.

Several workers need the same key, and either a balancer that keeps a visitor on one worker or these few fields in
a store they share: without it a retry may be answered twice, a choice be unknown, a reply stay with one worker, and
a session that was ended on one worker be open on another until it expires. Limits by network address belong to the
proxy: behind it every visitor has its address.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import os
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

KEY = "WAYMARK_SESSION_KEY"

IDLE = 30 * 60
"""Seconds after its last use that a session ends."""

LONGEST = 12 * 60 * 60
"""Seconds after its beginning that a session ends, however busy."""

MOST = 10_000
"""Sessions remembered at a time."""

CHOICES, ANSWERS, LATER = 32, 16, 50
"""Offered choices, answers kept for a retry, and waiting replies of one session."""

Clock = Callable[[], float]


class Expired(Exception):
    """A token that is no token of ours, is too old, or whose session was ended."""


class Allowance:
    """So many at once, then so many a second."""

    def __init__(self, burst: float, per_second: float, clock: Clock = time.monotonic) -> None:
        """Start with the whole burst."""
        self._burst, self._rate, self._clock = burst, per_second, clock
        self._left, self._at = burst, clock()

    def take(self) -> bool:
        """Take one, if there is one left."""
        now = self._clock()
        self._left = min(self._burst, self._left + (now - self._at) * self._rate)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


@dataclass
class Session:
    """What is remembered of one talk."""

    id: str
    started: int
    used: float
    messages: Allowance
    polls: Allowance
    language: str = "en"
    choices: OrderedDict[str, tuple[str, str]] = field(default_factory=OrderedDict)
    """Title and payload of what was offered, by the token that the page knows it by."""
    answers: OrderedDict[str, asyncio.Task[list[dict[str, Any]]]] = field(default_factory=OrderedDict)
    """The answer to each message, also while it is still on its way, by the page's own id for the message."""
    later: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    ended: bool = False
    _last: int = 0

    @property
    def sender(self) -> str:
        """The conversation's name in the store."""
        return f"web-{self.id}"

    def offer(self, title: str, payload: str) -> str:
        """Remember a choice; returns the token to send it by."""
        token = secrets.token_urlsafe(9)
        self.choices[token] = (title, payload)
        _trim(self.choices, CHOICES)
        return token

    def remember(self, message_id: str, answer: asyncio.Task[list[dict[str, Any]]]) -> None:
        """Keep the answer to a message for when it is sent again."""
        self.answers[message_id] = answer
        _trim(self.answers, ANSWERS)

    def put(self, reply: dict[str, Any]) -> None:
        """Leave a reply for the page to fetch."""
        self._last += 1
        self.later = [*self.later, (self._last, reply)][-LATER:]

    def fetch(self, after: int) -> tuple[int, list[dict[str, Any]]]:
        """The replies after a number, which the page has, and the number of the last one."""
        self.later = [(number, reply) for number, reply in self.later if number > after]
        return max([after, *(number for number, _ in self.later)]), [reply for _, reply in self.later]


class Sessions:
    """Issues, checks and ends sessions."""

    def __init__(self, key: bytes | None = None, clock: Clock = time.time) -> None:
        """Take the key from the environment, unless one is given."""
        self._key = key or os.environ.get(KEY, "").encode() or secrets.token_bytes(32)
        self._clock = clock
        self._open: OrderedDict[str, Session] = OrderedDict()
        self._ended: OrderedDict[str, None] = OrderedDict()

    def start(self, language: str = "en") -> Session:
        """A new session."""
        session = self._remembered(secrets.token_urlsafe(16), int(self._clock()))
        session.language = language
        return session

    def resume(self, token: str, renew: bool = True) -> Session:
        """The session of a token.

        Args:
            token: What the page sent.
            renew: Whether this counts as use.

        Raises:
            Expired: It is none of ours, too old, or its session was ended.
        """
        try:
            name, started, used, signature = token.split(".")
            begun, last = int(started, 16), int(used, 16)
        except ValueError as error:
            raise Expired from error
        if not hmac.compare_digest(signature.encode(), self._signature(f"{name}.{started}.{used}").encode()):
            raise Expired
        session = self._open.get(name)
        now = self._clock()
        # Polling is no use: only the page's newest message is.
        last_use = max(last, session.used) if session else last
        if name in self._ended or now > last_use + IDLE or now > begun + LONGEST:
            raise Expired
        session = session or self._remembered(name, begun)
        session.used = now if renew else last_use
        self._open.move_to_end(name)
        return session

    def token(self, session: Session) -> str:
        """The session's token as of its last use."""
        text = f"{session.id}.{session.started:x}.{int(session.used):x}"
        return f"{text}.{self._signature(text)}"

    def end(self, session: Session) -> None:
        """Forget a session; its token opens nothing any more."""
        session.ended = True
        self._open.pop(session.id, None)
        self._ended[session.id] = None
        _trim(self._ended, MOST)

    def deliver(self, sender: str, reply: dict[str, Any]) -> bool:
        """Leave a reply (a person's, a reminder) for a conversation's page; False if its session is not open here."""
        session = self._open.get(sender.removeprefix("web-"))
        if session is None or self._clock() > session.used + IDLE:
            return False
        session.put(reply)
        return True

    def _remembered(self, name: str, started: int) -> Session:
        now = self._clock()
        while self._open and next(iter(self._open.values())).used + IDLE < now:
            self._open.popitem(last=False)
        session = Session(name, started, now, messages=Allowance(12, 0.5), polls=Allowance(10, 1))
        self._open[name] = session
        _trim(self._open, MOST)
        return session

    def _signature(self, text: str) -> str:
        return hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()


def _trim(kept: OrderedDict[str, Any], most: int) -> None:
    while len(kept) > most:
        kept.popitem(last=False)
