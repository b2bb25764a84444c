"""Delivers what stands in the outbox: at least once, under one idempotency key, by as many workers as you like."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import sqlalchemy as sa

from waymark.contact.notice import Channel, NotDelivered, Notice
from waymark.contact.tables import NOTICES

logger = logging.getLogger(__name__)

LEASE = 120
"""Seconds a worker has for a notice before another may take it: more than all channels' time limits together."""

LATE = 900
"""Seconds after which an undelivered notice counts as late, and is worth waking somebody for."""

BATCH = 16
"""Notices that are in delivery at once."""


@dataclass(frozen=True)
class Backoff:
    """When to try again, and when to give up. As it stands: 20 tries, over about 13 hours."""

    first: float = 15
    """Seconds after the first failure."""
    longest: float = 3600
    tries: int = 20

    def delay(self, tries: int) -> float:
        """Seconds to wait after so many failed tries: doubling, and drawn by lot so that workers spread out."""
        full = min(self.longest, self.first * 2.0 ** min(tries - 1, 30))
        return full * random.uniform(0.5, 1.0)


@dataclass(frozen=True)
class Counts:
    """How the outbox stands; `/ready` and alarms read it."""

    waiting: int
    late: int
    dead: int

    @property
    def is_well(self) -> bool:
        """Nothing is stuck."""
        return not self.late and not self.dead


class Outbox:
    """The notices that wait, with their leases."""

    def __init__(
        self,
        engine: sa.engine.Engine,
        backoff: Backoff | None = None,
        lease_seconds: float = LEASE,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Take the engine of the request store."""
        self._engine = engine
        self._backoff = backoff or Backoff()
        self._lease_seconds = lease_seconds
        self._clock = clock

    def counts(self) -> Counts:
        """How many notices wait, are late, were given up."""
        late = sa.func.sum(sa.case((NOTICES.c.created < self._clock() - LATE, 1), else_=0))
        query = sa.select(NOTICES.c.state, sa.func.count(), late).group_by(NOTICES.c.state)
        with self._engine.connect() as connection:
            rows = {state: (int(count), int(old)) for state, count, old in connection.execute(query)}
        waiting, dead = rows.get("waiting", (0, 0)), rows.get("dead", (0, 0))
        return Counts(waiting[0], waiting[1], dead[0])

    def revive(self) -> int:
        """Give dead letters a new series of tries; returns how many."""
        values = {"state": "waiting", "tries": 0, "next_at": self._clock()}
        with self._engine.begin() as connection:
            return int(connection.execute(NOTICES.update().where(NOTICES.c.state == "dead").values(values)).rowcount)

    def lease(self, limit: int = BATCH) -> list[Leased]:
        """Take due notices for this worker alone, urgent ones first."""
        now = self._clock()
        due = sa.and_(NOTICES.c.state == "waiting", NOTICES.c.next_at <= now, NOTICES.c.leased_until < now)
        order = (NOTICES.c.urgent.desc(), NOTICES.c.created)
        with self._engine.begin() as connection:
            # Another worker's rows are passed over, not waited for, where the database can do that.
            query = sa.select(NOTICES).where(due).order_by(*order).limit(limit).with_for_update(skip_locked=True)
            rows = connection.execute(query).all()
            token = str(uuid4())
            taken = []
            for row in rows:
                mine = sa.and_(NOTICES.c.id == row.id, due)
                change = NOTICES.update().where(mine).values(lease=token, leased_until=now + self._lease_seconds)
                if connection.execute(change).rowcount:
                    taken.append(row)
        return [
            Leased(
                Notice(row.id, row.reference, row.kind, bool(row.urgent)),
                token,
                int(row.tries),
                frozenset(filter(None, row.delivered.split(","))),
            )
            for row in taken
        ]

    def delivered(self, leased: Leased, channels: Iterable[str]) -> None:
        """Note which channels have it, so that only the others are tried again."""
        self._change(leased, {"delivered": ",".join(sorted(channels))})

    def sent(self, leased: Leased) -> None:
        """Every channel has it."""
        self._change(leased, {"state": "sent", "sent_at": self._clock(), "lease": None, "error": None})

    def failed(self, leased: Leased, error: str) -> None:
        """Put it back for later, or give up and say so."""
        tries = leased.tries + 1
        is_dead = tries >= self._backoff.tries
        self._change(
            leased,
            {
                "state": "dead" if is_dead else "waiting",
                "tries": tries,
                "next_at": self._clock() + self._backoff.delay(tries),
                "leased_until": 0.0,
                "lease": None,
                "error": error[:80],
            },
        )
        if is_dead:
            logger.error(
                "Gave up telling staff of request %s after %d tries (%s). It is in the inbox; once the cause is "
                "mended, 'waymark deliver --revive' tries again.",
                leased.notice.reference,
                tries,
                error,
            )

    def _change(self, leased: Leased, values: dict[str, Any]) -> None:
        # The lease is part of the condition: a worker that overslept it changes nothing.
        mine = sa.and_(NOTICES.c.id == leased.notice.id, NOTICES.c.lease == leased.token)
        with self._engine.begin() as connection:
            connection.execute(NOTICES.update().where(mine).values(values))


@dataclass(frozen=True)
class Leased:
    """A notice that this worker has to itself for LEASE seconds."""

    notice: Notice
    token: str
    tries: int
    delivered: frozenset[str]


async def deliver_due(outbox: Outbox, channels: list[Channel]) -> int:
    """Try every notice that is due once; returns how many were tried."""
    count = 0
    while leased := outbox.lease():
        results = await asyncio.gather(*(_deliver(outbox, channels, each) for each in leased), return_exceptions=True)
        count += len(leased)
        for error in results:
            if isinstance(error, BaseException):
                raise error
    return count


async def _deliver(outbox: Outbox, channels: list[Channel], leased: Leased) -> None:
    done = set(leased.delivered)
    failures = []
    for channel in channels:
        if channel.name in done:
            continue
        try:
            await channel.send(leased.notice)
        except NotDelivered as failure:
            failures.append(f"{channel.name}: {failure}")
            continue
        except Exception as error:  # a fault of ours must not keep the other channel, or the next try, from working
            failures.append(f"{channel.name}: {type(error).__name__}")
            continue
        done.add(channel.name)
        outbox.delivered(leased, done)
    if failures:
        outbox.failed(leased, "; ".join(failures))
        logger.warning("Request %s: not delivered (%s).", leased.notice.reference, "; ".join(failures))
    else:
        outbox.sent(leased)
