"""The worker: delivers notices, deletes what has had its time, and says when something is stuck."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass

import sqlalchemy as sa

from waymark.contact.notice import Channel
from waymark.contact.outbox import Outbox, deliver_due
from waymark.contact.retention import purge, purge_audit

logger = logging.getLogger(__name__)

POLL = 2.0
"""Seconds between looks into the outbox."""

CHORES = 3600.0
"""Seconds between deletions and reminders of what is stuck."""


@dataclass
class Worker:
    """One worker; several may run. It holds no key: notices have no content."""

    engine: sa.engine.Engine
    outbox: Outbox
    channels: list[Channel]
    keep_days: float
    """How long a request is kept."""
    keep_audit_days: float
    poll: float = POLL

    async def once(self) -> int:
        """Deliver what is due, delete what is old; returns how many notices were tried."""
        self._chores()
        return await deliver_due(self.outbox, self.channels)

    async def run(self, stop: asyncio.Event) -> None:
        """Work until told to stop. A database or a mail server that is away is waited for."""
        next_chores = 0.0
        while not stop.is_set():
            try:
                if time.monotonic() >= next_chores:
                    self._chores()
                    next_chores = time.monotonic() + CHORES
                await deliver_due(self.outbox, self.channels)
            except sa.exc.SQLAlchemyError as error:
                logger.error("The store of contact requests cannot be used (%s); trying again.", type(error).__name__)
            try:
                await asyncio.wait_for(stop.wait(), self.poll)
            except asyncio.TimeoutError:
                continue

    def _chores(self) -> None:
        purge(self.engine, self.keep_days)
        purge_audit(self.engine, self.keep_audit_days)
        counts = self.outbox.counts()
        if not counts.is_well:
            logger.error(
                "Notices of contact requests are stuck: %d late, %d given up. Look into the inbox, and mend the mail "
                "server or webhook; 'waymark deliver --revive' tries those given up again.",
                counts.late,
                counts.dead,
            )
