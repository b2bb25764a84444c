"""Who has a conversation, the guide or a person, and what passes between the visitor and the desk."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from datetime import datetime, timezone
from functools import lru_cache
from typing import Any, Literal

import sqlalchemy as sa

from waymark import settings
from waymark.callback.office import Office
from waymark.content.clinic import Clinic
from waymark.handover.cases import Case, Cases
from waymark.handover.chatwoot_desk import desk_from
from waymark.handover.desk import HandoverDesk, NotReached, Reason

logger = logging.getLogger(__name__)

Offer = Literal["none", "closed", "ready"]
Deliver = Callable[..., bool]
"""Leaves a scripted reply for a conversation's visitor: conversation, response id, values. False if they are gone."""

STILL_THERE = 15 * 60
"""Seconds after staff last wrote in which the end of office hours cuts nobody off."""
MOST_ASKED = 1_000

SAYS, OVER, HOURS_OVER, LOST = (
    *("utter_handover_says", "utter_handover_over"),
    *("utter_handover_hours_over", "utter_handover_lost"),
)

NOT_SHOWN_GONE = "The visitor's page is closed: they did not see your message. No later message will reach them there."
NOT_SHOWN_OVER = "The visitor is with the automated guide again: they did not see your message."
LEFT = "The visitor left and deleted the chat. Messages from here do not reach them any more."
TAKEN_BACK = "Office hours are over: the automated guide answers again. It has told the visitor."


class Handover:
    """Hands conversations to a desk and back. The channels ask it who has a conversation before they answer."""

    def __init__(self, desk: HandoverDesk, cases: Cases, clinic: Clinic) -> None:
        """Work with a desk, in the clinic's hours."""
        self.desk = desk
        self.deliver: Deliver = lambda *_, **__: False
        self._cases = cases
        self._office = Office.read(clinic.office_hours, clinic.time_zone)
        self._asked: OrderedDict[str, None] = OrderedDict()
        self._wrote: OrderedDict[str, float] = OrderedDict()
        self._under_way: set[asyncio.Task[None]] = set()

    # Whether and when

    def offer(self, channel: str) -> Offer:
        """Whether a person can be offered to a visitor of a channel; hours that are not known are no bar."""
        if not self.desk.serves(channel):
            return "none"
        return "closed" if self.is_closed() else "ready"

    def is_closed(self) -> bool:
        """Whether it is out of office hours, as far as they are known."""
        return self._office.known and not self._office.closes(now())

    def opens(self) -> str | None:
        """When the office opens next, in words."""
        return self._office.opens(now())

    def case(self, conversation: str) -> Case | None:
        """The case of a visitor whom a person has now; None if the guide has them, or if nobody can tell."""
        try:
            return self._cases.open_one(conversation)
        except sa.exc.SQLAlchemyError as error:
            # A crisis has to be answered also without a database.
            logger.error("It cannot be told who has a conversation: %s", type(error).__name__)
            return None

    def case_at(self, desk_id: str) -> Case | None:
        """The case of a conversation at the desk, open or over; None if its visitor is not ours to reach."""
        return self._cases.at_desk(desk_id)

    def is_over_hours(self, conversation: str, touched: float = 0.0) -> bool:
        """Whether the guide has to take a conversation back because the office closed and staff went quiet."""
        return self.is_closed() and time.time() - max(touched, self._wrote.get(conversation, 0.0)) > STILL_THERE

    # From the visitor

    async def open(self, reason: Reason, topics: tuple[str, ...], language: str, conversation: str) -> bool:
        """Hand a conversation over; False if the desk could not be reached."""
        try:
            desk_id = await self.desk.open(reason, topics, language, conversation)
        except NotReached as failure:
            logger.error("A conversation could not be handed over: %s", failure)
            return False
        if not self.desk.owns(conversation):
            self._cases.add(desk_id, conversation)
        return True

    async def say(self, case: Case, text: str) -> bool:
        """Pass the visitor's words on; if that fails the guide has the conversation again, and the answer is False."""
        try:
            await self.desk.say(case.desk_id, text)
        except NotReached as failure:
            logger.error("A message could not be passed on to staff: %s", failure)
            self._cases.close(case.desk_id)
            return False
        return True

    async def note(self, desk_id: str, text: str) -> None:
        """Leave staff a note; that it failed is only logged, for there is nobody else to tell."""
        try:
            await self.desk.note(desk_id, text)
        except NotReached as failure:
            logger.error("A note to staff could not be left: %s", failure)

    def alert(self, case: Case, alert: str, text: str) -> None:
        """Alert staff and pass the words on while the visitor reads the lines already."""

        async def both() -> None:
            await self.note(case.desk_id, alert)
            if not await self.say(case, text):
                self.deliver(case.conversation, LOST)

        self.later(both())

    async def take_back(self, case: Case) -> None:
        """The guide has the conversation again, because of the hour."""
        self._cases.close(case.desk_id)
        self.later(self.note(case.desk_id, TAKEN_BACK))

    def left(self, conversation: str) -> None:
        """The visitor ended the chat."""
        case = self.case(conversation)
        if case:
            self._cases.close(case.desk_id)
            self.later(self.note(case.desk_id, LEFT))

    # From staff

    async def staff_said(self, case: Case, text: str) -> None:
        """Show a visitor of the website what staff wrote, or tell staff that they did not see it."""
        if not case.is_open:
            await self.note(case.desk_id, NOT_SHOWN_OVER)
        elif self.deliver(case.conversation, SAYS, said=text):
            self._cases.touch(case.desk_id)
            self.answered(case.conversation)
        else:
            self._cases.close(case.desk_id)
            await self.note(case.desk_id, NOT_SHOWN_GONE)

    def resolved(self, case: Case) -> None:
        """Staff gave the conversation back."""
        if case.is_open:
            self._cases.close(case.desk_id)
            self.deliver(case.conversation, OVER)

    def staff_wrote(self, conversation: str) -> None:
        """Staff wrote to a visitor themselves: they are there, and the last word is not the guide's."""
        self._wrote[conversation] = time.time()
        self._wrote.move_to_end(conversation)
        while len(self._wrote) > MOST_ASKED:
            self._wrote.popitem(last=False)
        self.answered(conversation)

    # The crisis question, while a person has the conversation

    def asked(self, conversation: str) -> None:
        """The last thing shown was a crisis reply: a short answer may be meant for it."""
        self._asked[conversation] = None
        while len(self._asked) > MOST_ASKED:
            self._asked.popitem(last=False)

    def answered(self, conversation: str) -> None:
        """Something else was said since."""
        self._asked.pop(conversation, None)

    def is_asked(self, conversation: str) -> bool:
        """Whether an answer to the crisis question may come."""
        return conversation in self._asked

    # Work in the background

    def later(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something while the visitor, or Chatwoot, has its answer already."""
        task = asyncio.create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._done)

    @property
    def busy(self) -> int:
        """How much is under way."""
        return len(self._under_way)

    async def finish(self, within: float = 10.0) -> None:
        """Wait for what is under way, before the process ends."""
        while self._under_way:
            done, _ = await asyncio.wait(set(self._under_way), timeout=within)
            if not done:
                logger.error("%d answers or notes were still under way at the end.", len(self._under_way))
                return

    def _done(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        if not task.cancelled() and (error := task.exception()):
            # The text of an error may quote what was written.
            logger.error("Work in the background failed: %s", type(error).__name__)


@lru_cache(maxsize=1)
def handover() -> Handover | None:
    """The handover that the environment sets up, one a process; None if there is no desk.

    Raises:
        ValueError: The desk is set up by half; says what is missing.
    """
    desk = desk_from()
    return Handover(desk, open_cases(), Clinic.load(settings.CLINIC)) if desk else None


def open_cases() -> Cases:
    """The cases, in the database of the conversations."""
    from waymark.store import open_database

    return Cases(open_database(settings.database_url()))


def now() -> datetime:
    """The time, for tests to set."""
    return datetime.now(timezone.utc)
