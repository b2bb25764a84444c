"""Who opened, claimed, closed or exported what, and when. Holds names of staff and references, no contact detail."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from waymark.contact.tables import AUDIT

VISITOR = "visitor"
SYSTEM = "system"


@dataclass(frozen=True)
class Entry:
    """One line of the trail; `at` in seconds since 1970."""

    at: float
    who: str
    act: str
    reference: str
    detail: str


def record(connection: Any, who: str, act: str, reference: str | None = None, detail: str = "") -> None:
    """Write an entry in the caller's transaction: nothing is done without its entry, nor the other way round.

    `detail` is one of our own words, never text that somebody typed.
    """
    connection.execute(AUDIT.insert().values(at=time.time(), who=who, act=act, reference=reference, detail=detail))


def read(connection: Any, limit: int, reference: str | None = None) -> list[Entry]:
    """The last entries, newest first, of one request or of all."""
    query = sa.select(AUDIT).order_by(AUDIT.c.at.desc(), AUDIT.c.id.desc()).limit(limit)
    if reference:
        query = query.where(AUDIT.c.reference == reference)
    return [Entry(row.at, row.who, row.act, row.reference or "", row.detail) for row in connection.execute(query)]
