"""Deletes what has had its time. Needs no key."""

from __future__ import annotations

import logging
import time

import sqlalchemy as sa

from waymark.contact import audit
from waymark.contact.tables import ATTEMPTS, AUDIT, NOTICES, REQUESTS

logger = logging.getLogger(__name__)

DAY = 86_400


def purge(engine: sa.engine.Engine, days: float) -> int:
    """Delete requests older than so many days, with their attempts and notices; returns how many."""
    old = REQUESTS.c.created < time.time() - days * DAY
    references = sa.select(REQUESTS.c.reference).where(old)
    unclaimed = sa.select(sa.func.count()).select_from(REQUESTS).where(old, REQUESTS.c.state == "open")
    with engine.begin() as connection:
        forgotten = connection.execute(unclaimed).scalar()
        connection.execute(ATTEMPTS.delete().where(ATTEMPTS.c.reference.in_(references)))
        connection.execute(NOTICES.delete().where(NOTICES.c.reference.in_(references)))
        count = int(connection.execute(REQUESTS.delete().where(old)).rowcount)
        if count:
            audit.record(connection, audit.SYSTEM, "purged", detail=f"{count} requests")
    if count:
        forget_log(engine)
    if forgotten:
        logger.error("%d contact requests reached the end of their time unclaimed and were deleted.", forgotten)
    return count


def purge_audit(engine: sa.engine.Engine, days: float) -> int:
    """Delete entries of the audit trail older than so many days; returns how many."""
    with engine.begin() as connection:
        return int(connection.execute(AUDIT.delete().where(AUDIT.c.at < time.time() - days * DAY)).rowcount)


def forget_log(engine: sa.engine.Engine) -> None:
    """Write SQLite's log into the file and empty it, so that what was deleted is nowhere any more."""
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
